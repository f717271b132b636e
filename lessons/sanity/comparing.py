"""What the experiments share: two ways walked from the same noises, and how far they end apart."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from lessons import originals
from lessons import text_to_image as t2i
from lessons.forward_process import add_noise
from lessons.iterative_denoising import AfterStep, PredictNoise
from lessons.picture import Picture, Progress
from models.text_to_image import Outline, TextToImage

COUNT: Final = 2
"""Pictures on each side."""

Original = str | NDArray[np.uint8]
"""A name in the gallery, or pixels."""


@dataclass(frozen=True)
class Compared:
    """The same pictures made in two ways, or more.

    Attributes:
        words: what each way is.
        rows: its pictures.
        apart: the largest absolute difference between any row and the first, before anything is
            clamped for the display; black to white being 1.
    """

    words: tuple[str, ...]
    rows: tuple[tuple[Picture, ...], ...]
    apart: float


Result = Generator[Progress, None, Compared]
"""An experiment that walks: yields progress, returns what it found."""


def compare(form: Outline, sides: Sequence[tuple[str, Tensor]]) -> Compared:
    """Measure how far pictures of every side are from those of the first.

    Args:
        form: their value range.
        sides: what each is, and its pictures, (B, C, H, W), not clamped.
    """
    first = sides[0][1]
    apart = max(float((x - first).abs().max()) for _, x in sides) / t2i.value_range(form)
    rows = tuple(
        tuple(t2i.picture(one, form, "", words, "x_0_hat") for one in x) for words, x in sides
    )
    return Compared(tuple(words for words, _ in sides), rows, apart)


def walked(net: TextToImage, sides: Sequence[tuple[str, PredictNoise]], seed: int) -> Result:
    """Walk every side from the same noises to the same place, and compare."""
    timesteps = t2i.timesteps_of(net.outline)
    steps, made = len(timesteps) - 1, []
    for place, (words, predict) in enumerate(sides):
        done, total = place * steps, len(sides) * steps
        x = yield from walk(net.outline, predict, seed, timesteps, None, done, total)
        made.append((words, x))
    return compare(net.outline, made)


def edited(
    net: TextToImage,
    sides: Sequence[tuple[str, PredictNoise, Original]],
    i_start: int,
    seed: int,
) -> Result:
    """Walk back from every side's original, all under the same noise, and compare."""
    form, made = net.outline, []
    timesteps = t2i.timesteps_of(form, i_start)
    steps = len(timesteps) - 1
    for place, (words, predict, original) in enumerate(sides):
        noise = t2i.source(form, seed, 1)
        x_0 = originals.load(original, form.shape, form.low, form.high)
        x_t = add_noise(x_0, t2i.level(form, timesteps[0]), noise())
        path = t2i.making(form, predict, x_t, timesteps, noise)
        _, x = yield from t2i.part(path, place * steps, len(sides) * steps, words)
        made.append((words, x))
    return compare(form, made)


def walk(
    form: Outline,
    predict: PredictNoise,
    seed: int,
    timesteps: Sequence[int],
    after: AfterStep | None,
    done: int,
    total: int,
) -> Generator[Progress, None, Tensor]:
    """One walk from pure noise as a part of `total` steps; returns the pictures."""
    noise = t2i.source(form, seed, COUNT)
    path = t2i.making(form, predict, noise(), timesteps, noise, after or (lambda x_s, _s: x_s))
    _, x = yield from t2i.part(path, done, total, "")
    return x
