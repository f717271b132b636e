"""One mistake, or several, beside the right code."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from lessons.bug_lab import probes
from lessons.bug_lab.bench import DIGITS, Bench, Mistake, Pictures, Probe, Steps, T, shown
from lessons.bug_lab.copies import Copies, Patch, patched
from lessons.bug_lab.mistakes import BY_TITLE, MISTAKES
from lessons.picture import Progress

GAINS: Final = (50, 20, 10, 5, 2)


@dataclass(frozen=True)
class Reading:
    """One number, without the mistakes and with them.

    Attributes:
        words: what was measured.
        right: the right code's number, as it is shown.
        wrong: that of the code with the mistakes.
        expected: what is right, in words.
        betrays: whether the right code could not have given `wrong`.
    """

    words: str
    right: str
    wrong: str
    expected: str
    betrays: bool


@dataclass(frozen=True)
class Curve:
    """Learning rates by epoch, the first being 1, without the mistake and with it."""

    epochs: tuple[float, ...]
    right: tuple[float, ...]
    wrong: tuple[float, ...]


@dataclass(frozen=True)
class Trial:
    """What comes out without the mistakes and with them, from the same noise.

    Attributes:
        words: what the pictures are; "" if there are none.
        on: the model that made them, by name.
        right: without the mistakes.
        wrong: with them; as many, of the same sizes.
        difference: how far the two are apart, black where they agree.
        gain: what the difference was multiplied by.
        readings: the numbers of the mistakes, each once.
        curve: what shows instead of pictures, if anything does.
    """

    words: str
    on: str
    right: Pictures
    wrong: Pictures
    difference: Pictures
    gain: int
    readings: tuple[Reading, ...]
    curve: Curve | None = None


def demo(model: str, mistakes: tuple[str, ...], seed: int) -> Steps[Trial]:
    """Run the right code and the code with mistakes on the same noise.

    Args:
        model: name in the catalog; what shows on digits alone is shown on digits.
        mistakes: titles; the scene is that of the first one.
        seed: of all noise.

    Yields:
        Progress after each step.

    Raises:
        ValueError: there is no such mistake, or two of them change the same text.
    """
    made = chosen(mistakes)
    scene = made[0].scene
    on = model if scene is not None and scene.any_model else DIGITS
    benches = [Bench(Copies(patches), on, seed) for patches in ((), [m.patch for m in made])]
    shots: list[Pictures] = []
    for bench, words in zip(benches, ("the right code", "with the mistake"), strict=True):
        pictures: Pictures = ()
        if scene is not None:
            pictures = yield from _named(scene.make(bench), words)
        shots.append(pictures)
    right, wrong = shots
    readings = []
    for probe in dict.fromkeys(m.probe for m in made):
        before = yield from _named(probe.measure(benches[0]), "measuring")
        after = yield from _named(probe.measure(benches[1]), "measuring")
        readings.append(_reading(probe, before, after))
    difference, gain = _difference(right, wrong)
    right, wrong, difference = (
        _told(pictures, scene.words if scene else "", which)
        for pictures, which in (
            (right, "by the right code"),
            (wrong, "with the mistake"),
            (difference, "how far the two are apart, black where they agree"),
        )
    )
    curve = _rates(benches) if made[0].probe is probes.RATE else None
    words = scene.words if scene else ""
    return Trial(words, on, right, wrong, difference, gain, tuple(readings), curve)


def chosen(titles: Sequence[str]) -> tuple[Mistake, ...]:
    """The mistakes of these titles.

    Raises:
        ValueError: there are none, there is no such mistake, or two change the same text.
    """
    unknown = [title for title in titles if title not in BY_TITLE]
    if unknown or not titles:
        raise ValueError("There is no such mistake.")
    found = tuple(BY_TITLE[title] for title in dict.fromkeys(titles))
    for module in {mistake.patch.module for mistake in found}:
        patched(module, [mistake.patch for mistake in found])
    return found


def beside(title: str) -> tuple[str, ...]:
    """Titles of the mistakes that can be made together with one: same scene, other lines."""
    first = BY_TITLE[title]
    others = [m for m in MISTAKES if m is not first and m.scene and m.scene is first.scene]
    return tuple(m.title for m in others if not _overlap(m.patch, first.patch))


def together(title: str, more: Sequence[str]) -> tuple[str, ...]:
    """One mistake and of others those that fit it and each other, in their order."""
    found, allowed = [title], beside(title)
    for one in more:
        patches = [BY_TITLE[other].patch for other in found]
        if one in allowed and not any(_overlap(BY_TITLE[one].patch, p) for p in patches):
            found.append(one)
    return tuple(found)


def _overlap(one: Patch, other: Patch) -> bool:
    """Whether two patches touch the same characters of a source."""
    if one.module != other.module:
        return False
    source = inspect.getsource(importlib.import_module(one.module))
    a, b = source.index(one.right), source.index(other.right)
    return a < b + len(other.right) and b < a + len(one.right)


def _named(steps: Steps[T], words: str) -> Steps[T]:
    """The same steps with the same words throughout, which give no mistake away."""
    while True:
        try:
            step = next(steps)
        except StopIteration as end:
            result: T = end.value
            return result
        yield Progress(step.done, step.total, words, step.frame)


def _reading(probe: Probe, right: float, wrong: float) -> Reading:
    return Reading(
        probe.words,
        probe.written(right),
        probe.written(wrong),
        probe.expected,
        not probe.fine(wrong),
    )


def _difference(right: Pictures, wrong: Pictures) -> tuple[Pictures, int]:
    """How far pictures are apart, multiplied so that the largest difference can be seen."""
    apart = [np.abs(a.pixels.astype(int) - b.pixels) for a, b in zip(right, wrong, strict=True)]
    peak = max((int(one.max()) for one in apart), default=0)
    gain = next((g for g in GAINS if 0 < peak * g <= 255), 1)
    return tuple(shown(one * gain) for one in apart), gain


def _told(made: Pictures, words: str, which: str) -> Pictures:
    """The same pictures with text alternatives that say what they are, and no more."""
    alts = (
        f"{words}, picture {place}{f' ({one.caption})' if one.caption else ''}, {which}"
        for place, one in enumerate(made, start=1)
    )
    return tuple(replace(one, alt=alt) for one, alt in zip(made, alts, strict=True))


def _rates(benches: Sequence[Bench]) -> Curve:
    epochs = tuple(range(1, 21))
    right, wrong = (tuple(probes.rate_in(bench, epoch) for epoch in epochs) for bench in benches)
    return Curve(epochs, right, wrong)
