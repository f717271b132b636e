"""Text-to-image models by name, loaded once in a process.

Part A is written against `TextToImage` alone. What differs between a network for digits and
DeepFloyd IF stays in its own file.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, TypeVar

from models import digits
from models.text_to_image import Loader, Outline, TextToImage


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
    """

    title: str
    about: str
    outline: Outline
    load: Callable[[], Loader]
    edition: Callable[[], str]
    check: Callable[[str], object] = str


@functools.cache
def entries() -> Mapping[str, Entry]:
    """The models that can be had here, by name; the first is the one to begin with."""
    return MappingProxyType(
        {
            "digits": Entry(
                "Digits",
                "The class-conditioned network of Part B, at 28×28: it knows the words for ten "
                "digits and answers within a second.",
                digits.OUTLINE,
                digits.load,
                digits.edition,
                digits.digit_of,
            )
        }
    )


def entry(name: str) -> Entry:
    """Look up a model.

    Raises:
        UnknownModel: there is none of this name.
    """
    try:
        return entries()[name]
    except KeyError:
        known = ", ".join(entries())
        raise UnknownModel(f"There is no model {name[:40]!r}. There are: {known}.") from None


_WAIT: Final = 0.2
_loaded: dict[str, TextToImage] = {}
_locks: dict[str, threading.Lock] = {}
_locks_lock = threading.Lock()


def loading(name: str) -> Loader:
    """Load a model, once in this process, however many ask for it.

    Args:
        name: a key of `entries`.

    Yields:
        What it does next, in a few words; between two of them the caller may close the generator.

    Returns:
        The model.

    Raises:
        UnknownModel: there is none of this name.
        ValueError: its files are missing or damaged; the message says which.
    """
    chosen = entry(name)
    with _locks_lock:
        lock = _locks.setdefault(name, threading.Lock())
    while not lock.acquire(timeout=_WAIT):
        yield "another reader is loading it"
    try:
        if name not in _loaded:
            _loaded[name] = yield from chosen.load()
        return _loaded[name]
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
