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
from models.diffusers_model import Upscaler
from models.needs import Need
from models.text_to_image import Loader, Outline, TextToImage, Threshold


class UnknownModel(ValueError):
    """No model of this name; the message says which there are."""


@dataclass(frozen=True)
class Entry:
    """A model that can be had here.

    Attributes:
        title: what readers call it.
        about: one sentence on what it is and what it can do.
        outline: its pictures and its schedule.
        load: begins to load it.
        edition: changes whenever its weights do, else the same on every machine.
        check: raises a ValueError that says why the model can't take a prompt.
        threshold: how its makers kept its guesses inside the range; None if they did not.
        load_upscaler: begins to load what enlarges its pictures; None if there is no such thing.
        needs: what its parts occupy, known before anything is loaded; nothing if it is small.
    """

    title: str
    about: str
    outline: Outline
    load: Callable[[], Loader]
    edition: Callable[[], str]
    check: Callable[[str], object] = str
    threshold: Threshold | None = None
    load_upscaler: Callable[[], Generator[str, None, Upscaler]] | None = None
    needs: Callable[[], tuple[Need, ...]] = tuple


@functools.cache
def entries() -> Mapping[str, Entry]:
    """The models that can be had here, by name; the first is the one to begin with."""
    known = {}
    if embedded.available():
        known["pictures"] = Entry(
            "Pictures",
            "A miniature of DeepFloyd IF that this project trains on a processor: 64×64 pictures, "
            "asked for in words. It knows some ninety things in seven styles; faces, skulls and "
            "coasts come out well, many other things do not yet.",
            embedded.OUTLINE,
            embedded.load,
            embedded.edition,
            threshold=embedded.THRESHOLD,
        )
    known["digits"] = Entry(
        "Digits",
        "The class-conditioned network of Part B, at 28×28: it knows the words for ten "
        "digits and answers within a second.",
        digits.OUTLINE,
        digits.load,
        digits.edition,
        digits.digit_of,
    )
    if deepfloyd.configured():
        known["deepfloyd"] = Entry(
            deepfloyd.title(),
            deepfloyd.about(),
            deepfloyd.outline(),
            deepfloyd.load,
            deepfloyd.edition,
            deepfloyd.check,
            deepfloyd.threshold(),
            deepfloyd.load_upscaler if deepfloyd.has_upscaler() else None,
            deepfloyd.needs,
        )
    return MappingProxyType(known)


THRESHOLD: Final = "+threshold"
"""What follows a model's name to have its guesses kept inside the range, as its makers did."""


def entry(name: str) -> Entry:
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
        return replace(found, outline=found.outline._replace(threshold=found.threshold))
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
    twin.outline = model.outline._replace(threshold=chosen.threshold)
    return twin


def loading_upscaler(name: str) -> Generator[str, None, Upscaler]:
    """Load what enlarges a model's pictures; otherwise as `loading`.

    Raises:
        ValueError: there is no such thing for this model.
    """
    chosen = entry(name)
    if chosen.load_upscaler is None:
        raise ValueError(f"Nothing here enlarges the pictures of {chosen.title}.")
    place = f"{name.removesuffix(THRESHOLD)}, enlarging"
    model = yield from _once(place, chosen.load_upscaler)
    twin = copy.copy(model)
    limit = model.threshold if name.endswith(THRESHOLD) else None
    twin.outline = model.outline._replace(threshold=limit)
    return twin


M = TypeVar("M", bound=TextToImage)


def _once(place: str, load: Callable[[], Generator[str, None, M]]) -> Generator[str, None, M]:
    """Run a loader unless another one already did, or does right now."""
    with _locks_lock:
        lock = _locks.setdefault(place, threading.Lock())
    while not lock.acquire(timeout=_WAIT):
        yield "another reader is loading it"
    try:
        if place not in _loaded:
            _loaded[place] = yield from load()
        return cast(M, _loaded[place])
    finally:
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
