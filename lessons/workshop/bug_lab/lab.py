"""One mistake, or several, beside the right code."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from lessons.images.captioned import Progress
from lessons.workshop.bug_lab import probes
from lessons.workshop.bug_lab.bench import DIGITS, Bench, Mistake, Pictures, Probe, Steps, T, shown
from lessons.workshop.bug_lab.copies import Copies, Patch, patched
from lessons.workshop.bug_lab.mistakes import BY_TITLE, MISTAKES

GAINS: Final = (50, 20, 10, 5, 2)


@dataclass(frozen=True)
class ProbeReading:
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
class RateCurve:
    """Learning rates by epoch, the first being 1, without the mistake and with it."""

    epochs: tuple[float, ...]
    right: tuple[float, ...]
    wrong: tuple[float, ...]


@dataclass(frozen=True)
class Trial:
    """What comes out without the mistakes and with them, from the same noise.

    Attributes:
        words: what the images are; "" if there are none.
        on: the model that made them, by name.
        right: without the mistakes.
        wrong: with them; as many, of the same sizes.
        difference: how far the two are apart, black where they agree.
        gain: what the difference was multiplied by.
        readings: the numbers of the mistakes, each once.
        curve: what shows instead of images, if anything does.
    """

    words: str
    on: str
    right: Pictures
    wrong: Pictures
    difference: Pictures
    gain: int
    readings: tuple[ProbeReading, ...]
    curve: RateCurve | None = None


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
        images: Pictures = ()
        if scene is not None:
            images = yield from _named(scene.make(bench), words)
        shots.append(images)
    right, wrong = shots
    readings = []
    for probe in dict.fromkeys(m.probe for m in made):
        before = yield from _named(probe.measure(benches[0]), "measuring")
        after = yield from _named(probe.measure(benches[1]), "measuring")
        readings.append(_reading(probe, before, after))
    difference, gain = _difference(right, wrong)
    right, wrong, difference = (
        _with_alts(images, scene.words if scene else "", which)
        for images, which in (
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


FORMER: Final = {
    "Network · t told otherwise than in training": "Network · t scaled otherwise than in training",
    "Network · the mask of the labels upside down": "Network · the mask of the labels inverted",
    "Flow matching · time told backwards": "Flow matching · time reversed",
    "Flow matching · asked one step ahead, up to t = 1": (
        "Flow matching · time one step ahead, up to t = 1"
    ),
    "Inpainting · the original under the noise of the step before": (
        "Inpainting · the source image under the noise of the step before"
    ),
    "Noise · one noise for all pictures of a batch": "Noise · one noise for all images of a batch",
    "Pictures · every picture stretched to its own extremes": (
        "Pictures · every image stretched to its own extremes"
    ),
    "Training · one picture's noise level for the whole batch": (
        "Training · one image's noise level for the whole batch"
    ),
}
"""What titles were called in earlier versions, and are called now."""


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


def _reading(probe: Probe, right: float, wrong: float) -> ProbeReading:
    return ProbeReading(
        probe.words,
        probe.written(right),
        probe.written(wrong),
        probe.expected,
        not probe.fine(wrong),
    )


def _difference(right: Pictures, wrong: Pictures) -> tuple[Pictures, int]:
    """How far images are apart, multiplied so that the largest difference can be seen."""
    apart = [np.abs(a.pixels.astype(int) - b.pixels) for a, b in zip(right, wrong, strict=True)]
    peak = max((int(one.max()) for one in apart), default=0)
    gain = next((g for g in GAINS if 0 < peak * g <= 255), 1)
    return tuple(shown(one * gain) for one in apart), gain


def _with_alts(made: Pictures, words: str, which: str) -> Pictures:
    """The same images with text alternatives that say what they are, and no more."""
    alts = (
        f"{words}, image {place}{f' ({one.caption})' if one.caption else ''}, {which}"
        for place, one in enumerate(made, start=1)
    )
    return tuple(replace(one, alt=alt) for one, alt in zip(made, alts, strict=True))


def _rates(benches: Sequence[Bench]) -> RateCurve:
    epochs = tuple(range(1, 21))
    right, wrong = (tuple(probes.rate_in(bench, epoch) for epoch in epochs) for bench in benches)
    return RateCurve(epochs, right, wrong)
