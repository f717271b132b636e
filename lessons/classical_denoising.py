"""A1.2 · Classical denoising: what can be done about noise without having learnt anything."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torchvision.transforms.functional import gaussian_blur

from lessons import originals, quality
from lessons import text_to_image as t2i
from lessons.forward_process import add_noise
from lessons.picture import Picture, Progress, Symbol
from models.randomness import stream
from models.text_to_image import Outline

KERNELS: Final = (3, 5, 9)
SIGMAS: Final = tuple(round(0.25 * k, 2) for k in range(1, 21))


def blurred(x_t: Tensor, kernel: int, sigma: float) -> Tensor:
    r"""Replace every pixel by a weighted mean of its neighbours.

    $$
    \hat x_0 = G_\sigma * x_t,
    \qquad G_\sigma(u, v) \propto \exp\!\left(-\frac{u^2 + v^2}{2\sigma^2}\right)
    $$

    Noise differs from pixel to pixel and is averaged away. So are the edges.

    Args:
        x_t: noisy pictures, (B, C, H, W).
        kernel: how many pixels wide the mean is, odd.
        sigma: width of the bell in pixels, > 0.

    Returns:
        Shape of `x_t`.
    """
    smooth: Tensor = gaussian_blur(x_t, [kernel, kernel], [sigma, sigma])
    return smooth


def scaled(x_t: Tensor, alpha_bar_t: Tensor) -> Tensor:
    r"""Bring a noisy picture back to full strength, noise included.

    $$
    \frac{x_t}{\sqrt{\bar\alpha_t}} = x_0 + \sqrt{\frac{1 - \bar\alpha_t}{\bar\alpha_t}}\, \epsilon
    $$

    The forward process not only adds noise, it also fades the picture. A filter that did not know
    that would be blamed for a grey picture.

    Args:
        x_t: noisy pictures, (B, C, H, W), range [-1, 1] before the noise.
        alpha_bar_t: share of signal power left, (1, 1, 1, 1).
    """
    return x_t / alpha_bar_t.sqrt()


@dataclass(frozen=True)
class Best:
    """The best Gaussian for one noisy picture, found by trying them all.

    Attributes:
        kernel: pixels.
        sigma: pixels.
        strength: whether the noisy picture was taken "as it is" or "at full strength".
        image: the filtered picture, (1, C, H, W).
        psnr: what it reaches, in dB.
    """

    kernel: int
    sigma: float
    strength: str
    image: Tensor
    psnr: float


def best_blur(x_t: Tensor, x_0: Tensor, alpha_bar_t: Tensor, form: Outline) -> Best:
    """Try every kernel and σ, with and without bringing the picture back to full strength.

    Args:
        x_t: noisy picture, (1, C, H, W).
        x_0: the clean one; a real denoiser would not have it, so this flatters the filter.
        alpha_bar_t: share of signal power left, (1, 1, 1, 1).
        form: its value range.
    """
    tries = [
        Best(kernel, sigma, how, image, decibels(image, x_0, form))
        for how, strength in (("as it is", x_t), ("at full strength", scaled(x_t, alpha_bar_t)))
        for kernel in KERNELS
        for sigma in SIGMAS
        for image in [blurred(strength, kernel, sigma)]
    ]
    return max(tries, key=lambda one: one.psnr)


@dataclass(frozen=True)
class Comparison:
    """One noisy picture and what a filter makes of it.

    Attributes:
        noisy: x_t with its PSNR.
        filtered: the filtered picture with its PSNR and SSIM.
        t: timestep.
        psnr: of the filtered picture.
        curves: PSNR over SIGMAS for each of KERNELS.
    """

    noisy: Picture
    filtered: Picture
    t: int
    psnr: float
    curves: tuple[tuple[float, ...], ...]


def best(
    model: str, original: str | NDArray[np.uint8], seed: int
) -> Generator[Progress, None, tuple[tuple[Picture, Picture, Picture], ...]]:
    """The lesson's table: at three noise levels the clean, the noisy and the best filtered picture.

    Args:
        model: name in the catalog; only its schedule and its size of picture count.
        original: name in the gallery, or pixels.
        seed: of the noise.

    Yields:
        Progress after each level.
    """
    form = t2i.outline(model)
    x_0 = originals.load(original, form.shape, form.low, form.high)
    rows, levels = [], t2i.levels(form)
    for done, t in enumerate(levels, start=1):
        x_t, alpha_bar_t = noisy(form, x_0, t, seed), t2i.level(form, t)
        found = best_blur(x_t, x_0, alpha_bar_t, form)
        setting = f"kernel {found.kernel}, σ = {found.sigma:g}, {found.strength}"
        rows.append(
            (
                t2i.picture(x_0[0], form, "x₀", originals.title(original, form.shape), "x_0"),
                judged(x_t, x_0, form, f"t = {t}", "x_t"),
                judged(found.image, x_0, form, setting, "x_0_hat"),
            )
        )
        yield Progress(done, len(levels), f"t = {t}")
    return tuple(rows)


def by_hand(
    model: str, original: str | NDArray[np.uint8], t: int, kernel: int, sigma: float, seed: int
) -> Comparison:
    """One noise level, one filter of the reader's choice, and how all others would do.

    Args:
        model: name in the catalog; only its schedule and its size of picture count.
        original: name in the gallery, or pixels.
        t: timestep.
        kernel: pixels, one of KERNELS.
        sigma: pixels, > 0.
        seed: of the noise.

    Raises:
        ValueError: t is no timestep of the model, or the filter is none.
    """
    if kernel not in KERNELS or sigma <= 0:
        raise ValueError(f"kernel {kernel} and σ = {sigma:g} are no Gaussian of this lesson.")
    form = t2i.outline(model)
    x_0 = originals.load(original, form.shape, form.low, form.high)
    x_t = noisy(form, x_0, t, seed)
    strong = scaled(x_t, t2i.level(form, t))
    filtered = blurred(strong, kernel, sigma)
    curves = tuple(
        tuple(decibels(blurred(strong, k, s), x_0, form) for s in SIGMAS) for k in KERNELS
    )
    return Comparison(
        judged(x_t, x_0, form, f"t = {t}", "x_t"),
        judged(filtered, x_0, form, f"kernel {kernel}, σ = {sigma:g}", "x_0_hat"),
        t,
        decibels(filtered, x_0, form),
        curves,
    )


def noisy(form: Outline, x_0: Tensor, t: int, seed: int) -> Tensor:
    """A picture at timestep t; the lessons from 1.2 to 1.4 all begin from this same one.

    Args:
        form: whose schedule.
        x_0: clean pictures, (1, C, H, W).
        t: timestep.
        seed: of the noise.
    """
    eps = torch.randn(x_0.shape, generator=stream(seed, "forward process"))
    return add_noise(x_0, t2i.level(form, t), eps)


def decibels(image: Tensor, x_0: Tensor, form: Outline) -> float:
    """PSNR of a picture as it is displayed, clamped to black and white, (1, C, H, W)."""
    return float(quality.psnr(image.clamp(form.low, form.high), x_0, t2i.value_range(form)))


def judged(
    image: Tensor,
    x_0: Tensor,
    form: Outline,
    words: str,
    symbol: Symbol,
) -> Picture:
    """A picture whose caption says how far it is from the clean one.

    Args:
        image: (1, C, H, W); measured as it is displayed, clamped to black and white.
        x_0: the clean one.
        form: whose value range.
        words: the first words of the caption.
        symbol: which symbol it shows.
    """
    shown = image.clamp(form.low, form.high)
    likeness = float(quality.ssim(shown, x_0, t2i.value_range(form)))
    line = f"{words} · {decibels(image, x_0, form):.1f} dB, SSIM {likeness:.2f}"
    alt = f"the picture {'under noise' if symbol == 'x_t' else 'as denoised'}: {line}"
    return t2i.picture(image[0], form, line, alt, symbol)
