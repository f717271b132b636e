"""B2.1 · From a denoiser for one noise level to one for all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from lessons.diffusion.noise import stream
from lessons.images.captioned import CaptionedImage, to_pixels
from lessons.part_b.train_ddpm import ALPHA_BARS, STEPS, noisy
from lessons.training.previews import test_digits

SHOWN: Final = (1, 50, 100, 150, 200, 250, 300)


@dataclass(frozen=True)
class ScheduleCurves:
    """The noise schedule as curves over t = 1 … T.

    Attributes:
        t: timesteps.
        signal: √ᾱ, the weight of the digit.
        noise: √(1 − ᾱ), the weight of the noise.
    """

    t: tuple[int, ...]
    signal: tuple[float, ...]
    noise: tuple[float, ...]


def schedule() -> ScheduleCurves:
    """How digit and noise share x_t at every timestep."""
    return ScheduleCurves(
        tuple(range(1, STEPS + 1)),
        tuple(ALPHA_BARS.sqrt().tolist()),
        tuple((1 - ALPHA_BARS).sqrt().tolist()),
    )


def under_noise(digit: int, seed: int, every: int = 10) -> tuple[CaptionedImage, ...]:
    """One test digit at every tenth timestep, under one and the same noise.

    Args:
        digit: which, 0 to 9.
        seed: of the noise.
        every: distance between two images, in timesteps.

    Returns:
        Images of x_t for t = 1 and then every `every`-th up to T.

    Raises:
        ValueError: there is no such digit.
    """
    return tuple(_at(t, digit, seed) for t in (1, *range(every, STEPS + 1, every)))


def levels(digit: int, seed: int) -> tuple[CaptionedImage, ...]:
    """The same digit at seven timesteps, for a look at once."""
    return tuple(_at(t, digit, seed) for t in SHOWN)


def _at(t: int, digit: int, seed: int) -> CaptionedImage:
    x_t = noisy(_digit(digit), torch.tensor([t - 1]), _noise(seed))
    signal = float(ALPHA_BARS[t - 1].sqrt())
    caption, alt = f"t = {t}, √ᾱ = {signal:.2f}", f"a {digit} with the noise of t = {t}"
    return CaptionedImage(to_pixels(x_t[0]), caption, alt, "x_t")


def _digit(digit: int) -> Tensor:
    if not 0 <= digit <= 9:
        raise ValueError(f"There are digits 0 to 9, no {digit}.")
    return test_digits(10)[digit : digit + 1]


def _noise(seed: int) -> Tensor:
    return torch.randn(1, 1, 28, 28, generator=stream(seed, "drowning"))
