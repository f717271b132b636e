"""What the experiments share: images made in two ways from the same noises, and how they differ."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from lessons import text_to_image as t2i
from lessons.diffusion.denoise import PredictNoise
from lessons.diffusion.forward import add_noise
from lessons.diffusion.samplers import AfterStep
from lessons.images import sources
from lessons.images.captioned import CaptionedImage, Progress
from models.text_to_image import ModelSpec, TextToImage

COUNT: Final = 2
"""Pictures on each side."""

SourceImage = str | NDArray[np.uint8]
"""A name in the gallery, or pixels."""


@dataclass(frozen=True)
class Compared:
    """The same images made in two ways, or more.

    Attributes:
        words: what each way is.
        rows: its images.
        apart: the largest absolute difference between any row and the first, before anything is
            clamped for the display; black to white being 1.
    """

    words: tuple[str, ...]
    rows: tuple[tuple[CaptionedImage, ...], ...]
    apart: float


Result = Generator[Progress, None, Compared]
"""An experiment that samples: yields progress, returns what it found."""


def compare(form: ModelSpec, sides: Sequence[tuple[str, Tensor]]) -> Compared:
    """Measure how far images of every side are from those of the first.

    Args:
        form: their value range.
        sides: what each is, and its images, (B, C, H, W), not clamped.
    """
    first = sides[0][1]
    apart = max(float((x - first).abs().max()) for _, x in sides) / t2i.value_range(form)
    rows = tuple(
        tuple(t2i.captioned(one, form, "", words, "x_0_hat") for one in x) for words, x in sides
    )
    return Compared(tuple(words for words, _ in sides), rows, apart)


def sampled_by(net: TextToImage, sides: Sequence[tuple[str, PredictNoise]], seed: int) -> Result:
    """Sample every side from the same noises to the same place, and compare."""
    timesteps = t2i.timesteps_of(net.spec)
    steps, made = len(timesteps) - 1, []
    for place, (words, predict) in enumerate(sides):
        done, total = place * steps, len(sides) * steps
        x = yield from trace(net.spec, predict, seed, timesteps, None, done, total)
        made.append((words, x))
    return compare(net.spec, made)


def edited(
    net: TextToImage,
    sides: Sequence[tuple[str, PredictNoise, SourceImage]],
    i_start: int,
    seed: int,
) -> Result:
    """Denoise every side's source image, all under the same noise, and compare."""
    form, made = net.spec, []
    timesteps = t2i.timesteps_of(form, i_start)
    steps = len(timesteps) - 1
    for place, (words, predict, source_image) in enumerate(sides):
        noise = t2i.source(form, seed, 1)
        x_0 = sources.load(source_image, form.shape, form.low, form.high)
        x_t = add_noise(x_0, t2i.alpha_bar_of(form, timesteps[0]), noise())
        path = t2i.sample_steps(form, predict, x_t, timesteps, noise)
        _, x = yield from t2i.part(path, place * steps, len(sides) * steps, words)
        made.append((words, x))
    return compare(form, made)


def trace(
    form: ModelSpec,
    predict: PredictNoise,
    seed: int,
    timesteps: Sequence[int],
    after: AfterStep | None,
    done: int,
    total: int,
) -> Generator[Progress, None, Tensor]:
    """One sampling trajectory from pure noise as a part of `total` steps; returns the images."""
    noise = t2i.source(form, seed, COUNT)
    path = t2i.sample_steps(
        form, predict, noise(), timesteps, noise, after or (lambda x_s, _s: x_s)
    )
    _, x = yield from t2i.part(path, done, total, "")
    return x
