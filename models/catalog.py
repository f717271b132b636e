"""Text-to-image models by name, loaded once in a process.

Part A is written against `TextToImage` alone. What differs between a network for digits and
DeepFloyd IF stays in its own file.
"""

from __future__ import annotations

import copy
import functools
import threading
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final, TypeVar, cast

from models import deepfloyd, digits, embedded
from models.batching import aside
from models.diffusers_model import Upscaler
from models.needs import Need
from models.text_to_image import Loader, ModelSpec, TextToImage, Threshold


class UnknownModel(ValueError):
    """No model of this name; the message says which there are."""


@dataclass(frozen=True)
class CatalogEntry:
    """A model that can be had here.

    Attributes:
        title: what readers call it.
        about: one sentence on what it is and what it can do.
        spec: its images and its schedule.
        load: begins to load it.
        weights_hash: changes whenever its weights do, else the same on every machine.
        check: raises a ValueError that says why the model can't take a prompt.
        unread: the words at a prompt's end that its text encoder cuts off.
        threshold: how its makers kept its estimates inside the range; None if they did not.
        load_upscaler: begins to load what enlarges its images; None if there is no such thing.
        needs: what its parts occupy, known before anything is loaded; nothing if it is small.
    """

    title: str
    about: str
    spec: ModelSpec
    load: Callable[[], Loader]
    weights_hash: Callable[[], str]
    check: Callable[[str], object] = str
    unread: Callable[[str], str] = lambda _prompt: ""
    threshold: Threshold | None = None
    load_upscaler: Callable[[], Generator[str, None, Upscaler]] | None = None
    needs: Callable[[], tuple[Need, ...]] = tuple


@functools.cache
def entries() -> Mapping[str, CatalogEntry]:
    """The models that can be had here, by name; the first is the one to begin with."""
    known = {}
    if embedded.available():
        known["pictures"] = CatalogEntry(
            "Pictures",
            "A miniature of DeepFloyd IF that this project trained: 64×64 images of what you ask "
            "for in English. It knows more than four hundred things, in seven styles, and can "
            "give many of them a colour or a ground of your choice.",
            embedded.SPEC,
            embedded.load,
            embedded.weights_hash,
            unread=embedded.unread,
            threshold=embedded.THRESHOLD,
        )
    known["digits"] = CatalogEntry(
        "Digits",
        "The class-conditioned network of Part B, at 28×28: it knows the words for ten "
        "digits and answers within a second.",
        digits.SPEC,
        digits.load,
        digits.weights_hash,
        digits.digit_of,
    )
    if deepfloyd.configured():
        known["deepfloyd"] = CatalogEntry(
            deepfloyd.title(),
            deepfloyd.about(),
            deepfloyd.spec(),
            deepfloyd.load,
            deepfloyd.weights_hash,
            deepfloyd.check,
            deepfloyd.unread,
            deepfloyd.threshold(),
            deepfloyd.load_upscaler if deepfloyd.has_upscaler() else None,
            deepfloyd.needs,
        )
    return MappingProxyType(known)


THRESHOLD: Final = "+threshold"
"""What follows a model's name to have its estimates kept inside the range, as its makers did."""


def entry(name: str) -> CatalogEntry:
    """Look up a model.

    Args:
        name: a key of `entries`; with `+threshold` behind it, where the entry has a threshold.

    Raises:
        UnknownModel: there is none of this name.
    """
    found = entries().get(name.removesuffix(THRESHOLD))
    if found is None or (name.endswith(THRESHOLD) and found.threshold is None):
        known = ", ".join(entries())
        raise UnknownModel(f"There is no model {name[:40]!r}. There are: {known}.")
    if name.endswith(THRESHOLD):
        return replace(found, spec=found.spec._replace(threshold=found.threshold))
    return found


_WAIT: Final = 0.2
_loaded: dict[str, TextToImage] = {}
_locks: dict[str, threading.Lock] = {}
_locks_lock = threading.Lock()


def loading(name: str) -> Loader:
    """Load a model, once in this process, however many ask for it.

    Args:
        name: as in `entry`; with and without a threshold it is the same network.

    Yields:
        What it does next, in a few words; between two of them the caller may close the generator.

    Returns:
        The model.

    Raises:
        UnknownModel: there is none of this name.
        ValueError: its files are missing or damaged; the message says which.
    """
    chosen = entry(name)
    model = yield from _once(name.removesuffix(THRESHOLD), chosen.load)
    if not name.endswith(THRESHOLD):
        return model
    twin = copy.copy(model)
    twin.spec = model.spec._replace(threshold=chosen.threshold)
    return twin


def loading_upscaler(name: str) -> Generator[str, None, Upscaler]:
    """Load what enlarges a model's images; otherwise as `loading`.

    Raises:
        ValueError: there is no such thing for this model.
    """
    chosen = entry(name)
    if chosen.load_upscaler is None:
        raise ValueError(f"Nothing here enlarges the images of {chosen.title}.")
    place = f"{name.removesuffix(THRESHOLD)}, enlarging"
    model = yield from _once(place, chosen.load_upscaler)
    twin = copy.copy(model)
    limit = model.threshold if name.endswith(THRESHOLD) else None
    twin.spec = model.spec._replace(threshold=limit)
    return twin


M = TypeVar("M", bound=TextToImage)


def _once(place: str, load: Callable[[], Generator[str, None, M]]) -> Generator[str, None, M]:
    """Run a loader unless another one already did, or does right now."""
    with _locks_lock:
        lock = _locks.setdefault(place, threading.Lock())
    while not lock.acquire(blocking=False):
        aside(functools.partial(_wait_for, lock))
        yield "another reader is loading it"
    try:
        if place not in _loaded:
            _loaded[place] = yield from load()
        return cast(M, _loaded[place])
    finally:
        lock.release()


def _wait_for(lock: threading.Lock) -> None:
    if lock.acquire(timeout=_WAIT):
        lock.release()


def load(name: str) -> TextToImage:
    """`loading` in one go, for those who need no progress."""
    return finish(loading(name))


def loaded() -> tuple[str, ...]:
    """The models that are in memory now."""
    return tuple(_loaded)


T = TypeVar("T")


def finish(generator: Generator[object, None, T]) -> T:
    """Run a generator to its end and return its result."""
    while True:
        try:
            next(generator)
        except StopIteration as end:
            result: T = end.value
            return result
