"""A1.1 · The forward process: many small steps into noise, and one jump that equals them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lessons import text_to_image as t2i
from lessons.diffusion.forward import add_noise, forward_step, signal_to_noise
from lessons.diffusion.noise import stream
from lessons.images import sources
from lessons.images.captioned import CaptionedImage
from models.text_to_image import ModelSpec

COPIES: Final = 8
"""Independent noises that the chain and the jump are measured over; the first is shown."""


@dataclass(frozen=True)
class NoiseSchedule:
    """A model's noise schedule, one value a timestep.

    Attributes:
        timesteps: 0 to T − 1.
        betas: β_t, the variance that each step adds.
        alpha_bars: ᾱ_t, the share of signal power left after it.
        snr: signal-to-noise ratio in dB.
        even: the first timestep at which the noise is at least as strong as the signal.
    """

    timesteps: tuple[int, ...]
    betas: tuple[float, ...]
    alpha_bars: tuple[float, ...]
    snr: tuple[float, ...]
    even: int


def schedule(model: str) -> NoiseSchedule:
    """Read a model's schedule off its table of ᾱ.

    Args:
        model: name in the catalog.
    """
    alpha_bars = t2i.spec(model).alpha_bars
    return NoiseSchedule(
        tuple(range(len(alpha_bars))),
        tuple(betas_of(alpha_bars).tolist()),
        tuple(alpha_bars.tolist()),
        tuple(decibels(signal_to_noise(alpha_bars)).tolist()),
        int((alpha_bars <= 0.5).nonzero()[0]),
    )


def betas_of(alpha_bars: Tensor) -> Tensor:
    """Undo the running product: β_t = 1 − ᾱ_t / ᾱ_{t−1}, where before t = 0 all signal is left.

    Args:
        alpha_bars: the schedule, (T,), float64.
    """
    before = torch.cat([torch.ones(1, dtype=alpha_bars.dtype), alpha_bars[:-1]])
    return 1 - alpha_bars / before


def demo(
    model: str, source_image: str | NDArray[np.uint8], t: int, seed: int
) -> tuple[CaptionedImage, CaptionedImage, CaptionedImage]:
    """Show the equation in images: the clean one, the noise, and the two mixed.

    Args:
        model: name in the catalog; only its schedule and its size of image count.
        source_image: name in the gallery, or pixels.
        t: timestep, 0 ≤ t < T.
        seed: the reader's seed; the same seed gives the same noise at every t.

    Returns:
        x_0, eps and x_t at the model's size.

    Raises:
        ValueError: t is no timestep.
    """
    form = t2i.spec(model)
    x_0, eps = _clean_and_noise(form, source_image, seed)
    t2i.alpha_bar_of(form, t)  # refuses what is no timestep
    alpha_bar_t = float(form.alpha_bars[t])
    signal, noise = share(alpha_bar_t**0.5), share((1 - alpha_bar_t) ** 0.5)
    # Noise is shown around grey, white and black being one standard deviation away at [-1, 1].
    around_grey = (form.low + form.high) / 2 + eps * (form.high - form.low) / 2
    title = sources.title(source_image, form.shape)
    return (
        t2i.captioned(x_0[0], form, f"x₀, weight √ᾱ = {signal}", title, "x_0"),
        t2i.captioned(around_grey[0], form, f"ε, weight √(1 − ᾱ) = {noise}", "noise alone", "eps"),
        _noisy(form, source_image, t, seed),
    )


def levels(
    model: str, source_image: str | NDArray[np.uint8], seed: int
) -> tuple[CaptionedImage, ...]:
    """Show the image at the four noise levels of the lesson, with the same noise in each.

    Args:
        model: name in the catalog.
        source_image: name in the gallery, or pixels.
        seed: the reader's seed.

    Returns:
        x_t at the start and after a quarter, a half and three quarters of the timesteps.
    """
    form = t2i.spec(model)
    return tuple(_noisy(form, source_image, t, seed) for t in (0, *t2i.levels(form)))


@dataclass(frozen=True)
class StepsAndJump:
    """The same timestep reached in t + 1 small steps and in one jump, with independent noise.

    Attributes:
        images: x_t by steps, x_t by the jump.
        t: timestep.
        noise_by_steps: standard deviation of what is not signal, x_t − √ᾱ_t x_0.
        noise_by_jump: the same for the jump.
        predicted: √(1 − ᾱ_t).
    """

    images: tuple[CaptionedImage, CaptionedImage]
    t: int
    noise_by_steps: float
    noise_by_jump: float
    predicted: float


def steps_and_jump(
    model: str, source_image: str | NDArray[np.uint8], t: int, seed: int
) -> StepsAndJump:
    """Run the chain one small step at a time, and jump to the same timestep.

    Args:
        model: name in the catalog; only its schedule and its size of image count.
        source_image: name in the gallery, or pixels.
        t: timestep, 0 ≤ t < T.
        seed: of all noises.

    Raises:
        ValueError: t is no timestep.
    """
    form = t2i.spec(model)
    alpha_bar_t = t2i.alpha_bar_of(form, t)
    x_0, _ = _clean_and_noise(form, source_image, seed)
    x_0 = x_0.expand(COPIES, *form.shape)
    random = stream(seed, "forward chain")
    by_steps = x_0
    for beta in betas_of(form.alpha_bars)[: t + 1].float():
        by_steps = forward_step(by_steps, beta, torch.randn(x_0.shape, generator=random))
    by_jump = add_noise(x_0, alpha_bar_t, torch.randn(x_0.shape, generator=random))
    signal = alpha_bar_t.sqrt() * x_0
    title = sources.title(source_image, form.shape)
    many = f"{t + 1} small step{'s' if t else ''}"
    images = tuple(
        t2i.captioned(x_t[0], form, words, f"{title} after {words}", "x_t")
        for x_t, words in ((by_steps, many), (by_jump, "one jump"))
    )
    return StepsAndJump(
        (images[0], images[1]),
        t,
        float((by_steps - signal).std()),
        float((by_jump - signal).std()),
        float((1 - alpha_bar_t).sqrt()),
    )


def last_timestep(model: str) -> int:
    """T − 1."""
    return len(t2i.spec(model).alpha_bars) - 1


def share(value: float) -> str:
    """Write a share with three decimals, or with as many as keep it apart from 0 and from 1.

    Args:
        value: in [0, 1].
    """
    nearest = min(value, 1 - value)
    if nearest <= 0 or nearest >= 1e-2:
        return f"{value:.3f}"
    return f"{value:.{1 - math.floor(math.log10(nearest))}f}"


def percent(value: float) -> str:
    """Write a share as a percentage with two digits that count: "14 %", "99.996 %"."""
    nearest = min(value, 1 - value) * 100
    if nearest <= 0 or nearest >= 10:
        return f"{100 * value:.0f} %"
    return f"{100 * value:.{max(0, 1 - math.floor(math.log10(nearest)))}f} %"


def _noisy(
    form: ModelSpec, source_image: str | NDArray[np.uint8], t: int, seed: int
) -> CaptionedImage:
    alpha_bar_t = t2i.alpha_bar_of(form, t)
    x_0, eps = _clean_and_noise(form, source_image, seed)
    x_t = add_noise(x_0, alpha_bar_t, eps)
    left = float(form.alpha_bars[t])
    words = f"t = {t}, √ᾱ = {share(left**0.5)}, signal power {percent(left)}"
    alt = f"{sources.title(source_image, form.shape)} under the noise of t = {t}"
    return t2i.captioned(x_t[0], form, words, alt, "x_t")


def _clean_and_noise(
    form: ModelSpec, source_image: str | NDArray[np.uint8], seed: int
) -> tuple[Tensor, Tensor]:
    x_0 = sources.load(source_image, form.shape, form.low, form.high)
    return x_0, torch.randn(x_0.shape, generator=stream(seed, "forward process"))


def decibels(signal_to_noise: Tensor) -> Tensor:
    r"""Write a ratio of powers in decibels: 10 dB is ten times the power, 0 dB as much.

    $$
    \mathrm{SNR}_\mathrm{dB} = 10 \log_{10} \mathrm{SNR}
    $$

    Args:
        signal_to_noise: ratio of powers, any shape, > 0.
    """
    return 10 * signal_to_noise.log10()
