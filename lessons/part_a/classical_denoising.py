"""A1.2 · Classical denoising: denoising by filters, without a network."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lessons import text_to_image as t2i
from lessons.diffusion.forward import add_noise
from lessons.diffusion.hybrids import lowpass
from lessons.diffusion.noise import stream
from lessons.images import sources
from lessons.images.captioned import CaptionedImage, Progress, Symbol
from lessons.measure import linear_denoiser, quality
from models.miniature.linear import wiener
from models.text_to_image import ModelSpec

__all__ = ["best", "best_blur", "blurred", "by_hand", "scaled", "wiener"]

KERNELS: Final = (3, 5, 9)
COLUMNS: Final = ("clean", "noisy", "best Gaussian", "Wiener filter")
"""Of the lesson's table; the last only where the spectrum of the images is known."""

SIGMAS: Final = tuple(round(0.25 * k, 2) for k in range(1, 21))


def blurred(x_t: Tensor, kernel: int, sigma: float) -> Tensor:
    r"""Replace every pixel by a weighted mean of its neighbours.

    $$
    \hat x_0 = G_\sigma * x_t,
    \qquad G_\sigma(u, v) \propto \exp\!\left(-\frac{u^2 + v^2}{2\sigma^2}\right)
    $$

    Noise is independent from pixel to pixel, so averaging reduces it: a plain mean of $n$ pixels
    leaves $1 / \sqrt n$ of its standard deviation. Edges are averaged too.

    Args:
        x_t: noisy images, (B, C, H, W).
        kernel: how many pixels wide the mean is, odd.
        sigma: width of the bell in pixels, > 0.

    Returns:
        Shape of `x_t`.
    """
    return lowpass(x_t, sigma, kernel)


def scaled(x_t: Tensor, alpha_bar_t: Tensor) -> Tensor:
    r"""Rescale a noisy image so that its signal has full strength again; its noise grows as well.

    $$
    \frac{x_t}{\sqrt{\bar\alpha_t}} = x_0 + \sqrt{\frac{1 - \bar\alpha_t}{\bar\alpha_t}}\, \epsilon
    $$

    The forward process adds noise and also scales the image by $\sqrt{\bar\alpha_t}$. Without the
    rescaling a filter would be penalised for the loss of contrast.

    Args:
        x_t: noisy images, (B, C, H, W), range [-1, 1] before the noise.
        alpha_bar_t: share of signal power left, (1, 1, 1, 1).
    """
    return x_t / alpha_bar_t.sqrt()


@dataclass(frozen=True)
class Best:
    """The best Gaussian for one noisy image, found by trying them all.

    Attributes:
        kernel: pixels.
        sigma: pixels.
        strength: whether the noisy image was "rescaled" by 1/√ᾱ or "not rescaled".
        image: the filtered image, (1, C, H, W).
        psnr: what it reaches, in dB.
    """

    kernel: int
    sigma: float
    strength: str
    image: Tensor
    psnr: float


def best_blur(x_t: Tensor, x_0: Tensor, alpha_bar_t: Tensor, form: ModelSpec) -> Best:
    """Try every kernel and σ, with and without bringing the image back to full strength.

    Args:
        x_t: noisy image, (1, C, H, W).
        x_0: the clean one; a real denoiser does not have it, so this is an upper bound.
        alpha_bar_t: share of signal power left, (1, 1, 1, 1).
        form: its value range.
    """
    tries = [
        Best(kernel, sigma, how, image, decibels(image, x_0, form))
        for how, strength in (("not rescaled", x_t), ("rescaled", scaled(x_t, alpha_bar_t)))
        for kernel in KERNELS
        for sigma in SIGMAS
        for image in [blurred(strength, kernel, sigma)]
    ]
    return max(tries, key=lambda one: one.psnr)


@dataclass(frozen=True)
class Comparison:
    """One noisy image and its filtered version.

    Attributes:
        noisy: x_t with its PSNR.
        filtered: the filtered image with its PSNR and SSIM.
        t: timestep.
        psnr: of the filtered image.
        curves: PSNR over SIGMAS for each of KERNELS.
    """

    noisy: CaptionedImage
    filtered: CaptionedImage
    t: int
    psnr: float
    curves: tuple[tuple[float, ...], ...]


def best(
    model: str, source_image: str | NDArray[np.uint8], seed: int
) -> Generator[Progress, None, tuple[tuple[CaptionedImage, ...], ...]]:
    """The lesson's table: at three noise levels the clean, the noisy and two filtered images.

    Args:
        model: name in the catalog; only its schedule and its size of image count.
        source_image: name in the gallery, or pixels.
        seed: of the noise.

    Yields:
        Progress after each level.
    """
    form = t2i.spec(model)
    x_0 = sources.load(source_image, form.shape, form.low, form.high)
    rows, levels = [], t2i.levels(form)
    for done, t in enumerate(levels, start=1):
        x_t, alpha_bar_t = noisy(form, x_0, t, seed), t2i.alpha_bar_of(form, t)
        found = best_blur(x_t, x_0, alpha_bar_t, form)
        setting = f"kernel {found.kernel}, σ = {found.sigma:g}, {found.strength}"
        rows.append(
            (
                t2i.captioned(x_0[0], form, "x₀", sources.title(source_image, form.shape), "x_0"),
                scored(x_t, x_0, form, f"t = {t}", "x_t"),
                scored(found.image, x_0, form, setting, "x_0_hat"),
                *wiener_filtered(x_t, x_0, alpha_bar_t, form),
            )
        )
        yield Progress(done, len(levels), f"t = {t}")
    return tuple(rows)


def wiener_filtered(
    x_t: Tensor, x_0: Tensor, alpha_bar_t: Tensor, form: ModelSpec
) -> tuple[CaptionedImage, ...]:
    """The best linear estimate as an image, or nothing where the images' spectrum is not known.

    Args:
        x_t: noisy image, (1, C, H, W).
        x_0: the clean one; only the caption looks at it.
        alpha_bar_t: share of signal power left, (1, 1, 1, 1).
        form: its size and value range.
    """
    known = linear_denoiser.for_images(form.shape)
    if known is None:
        return ()
    estimate = wiener(x_t, alpha_bar_t.float(), known)
    return (scored(estimate, x_0, form, "Wiener filter", "x_0_hat"),)


def by_hand(
    model: str, source_image: str | NDArray[np.uint8], t: int, kernel: int, sigma: float, seed: int
) -> Comparison:
    """One noise level, one filter of the reader's choice, and the PSNR of all others.

    Args:
        model: name in the catalog; only its schedule and its size of image count.
        source_image: name in the gallery, or pixels.
        t: timestep.
        kernel: pixels, one of KERNELS.
        sigma: pixels, > 0.
        seed: of the noise.

    Raises:
        ValueError: t is no timestep of the model, or the filter is none.
    """
    if kernel not in KERNELS or sigma <= 0:
        raise ValueError(f"kernel {kernel} and σ = {sigma:g} are no Gaussian of this lesson.")
    form = t2i.spec(model)
    x_0 = sources.load(source_image, form.shape, form.low, form.high)
    x_t = noisy(form, x_0, t, seed)
    strong = scaled(x_t, t2i.alpha_bar_of(form, t))
    filtered = blurred(strong, kernel, sigma)
    curves = tuple(
        tuple(decibels(blurred(strong, k, s), x_0, form) for s in SIGMAS) for k in KERNELS
    )
    return Comparison(
        scored(x_t, x_0, form, f"t = {t}", "x_t"),
        scored(filtered, x_0, form, f"kernel {kernel}, σ = {sigma:g}", "x_0_hat"),
        t,
        decibels(filtered, x_0, form),
        curves,
    )


def noisy(form: ModelSpec, x_0: Tensor, t: int, seed: int) -> Tensor:
    """An image at timestep t; the lessons from 1.2 to 1.4 all begin from this same one.

    Args:
        form: whose schedule.
        x_0: clean images, (1, C, H, W).
        t: timestep.
        seed: of the noise.
    """
    eps = torch.randn(x_0.shape, generator=stream(seed, "forward process"))
    return add_noise(x_0, t2i.alpha_bar_of(form, t), eps)


def decibels(image: Tensor, x_0: Tensor, form: ModelSpec) -> float:
    """PSNR of an image as it is displayed, clamped to black and white, (1, C, H, W)."""
    return float(quality.psnr(image.clamp(form.low, form.high), x_0, t2i.value_range(form)))


def scored(
    image: Tensor,
    x_0: Tensor,
    form: ModelSpec,
    words: str,
    symbol: Symbol,
) -> CaptionedImage:
    """An image whose caption says how far it is from the clean one.

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
    alt = f"the image {'under noise' if symbol == 'x_t' else 'as denoised'}: {line}"
    return t2i.captioned(image[0], form, line, alt, symbol)
