"""A1.3 · One-step denoising: one prediction of the noise, and the clean estimate."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lessons import text_to_image as t2i
from lessons.diffusion.denoise import clean_estimate, split
from lessons.images import sources
from lessons.images.captioned import CaptionedImage, Progress
from lessons.part_a.classical_denoising import (
    best_blur,
    decibels,
    noisy,
    scored,
    wiener_filtered,
)


@dataclass(frozen=True)
class OneStep:
    """One noisy image, and what different denoisers make of it in one step.

    Attributes:
        t: timestep.
        images: clean, noisy, the best Gaussian, the Wiener filter where the images' spectrum is
            known, the network's estimate.
        blur_psnr: of the best Gaussian, in dB.
        psnr: of the network's estimate.
        gain: how much better the network is than the Gaussian, in dB.
    """

    t: int
    images: tuple[CaptionedImage, ...]
    blur_psnr: float
    psnr: float
    gain: float


def demo(
    model: str, source_image: str | NDArray[np.uint8], prompt: str, ts: tuple[int, ...], seed: int
) -> Generator[Progress, None, tuple[OneStep, ...]]:
    """Denoise one image at several noise levels, each time in one step.

    Args:
        model: name in the catalog.
        source_image: name in the gallery, or pixels.
        prompt: what the network is conditioned on.
        ts: timesteps, 1 to 6 of them.
        seed: of the noise.

    Yields:
        Progress after each.

    Raises:
        ValueError: a t is no timestep, or the model can't take the prompt.
    """
    net = yield from t2i.loading(model)
    form, predict = net.spec, t2i.make_predictor(net, prompt)
    x_0 = sources.load(source_image, form.shape, form.low, form.high)
    results = []
    for done, t in enumerate(ts, start=1):
        alpha_bar_t, x_t = t2i.alpha_bar_of(form, t), noisy(form, x_0, t, seed)
        eps, _ = split(predict(x_t, t), x_t)
        estimate = clean_estimate(x_t, eps, alpha_bar_t)
        blur = best_blur(x_t, x_0, alpha_bar_t, form)
        images = (
            t2i.captioned(x_0[0], form, "x₀", sources.title(source_image, form.shape), "x_0"),
            scored(x_t, x_0, form, f"t = {t}", "x_t"),
            scored(blur.image, x_0, form, "best Gaussian", ""),
            *wiener_filtered(x_t, x_0, alpha_bar_t, form),
            scored(estimate, x_0, form, "one step", "x_0_hat"),
        )
        psnr = decibels(estimate, x_0, form)
        results.append(OneStep(t, images, blur.psnr, psnr, psnr - blur.psnr))
        yield Progress(done, len(ts), f"t = {t}")
    return tuple(results)


def columns(images: tuple[CaptionedImage, ...]) -> tuple[str, ...]:
    """Headings of a row's images."""
    wiener = ("Wiener filter",) if len(images) == 5 else ()
    return ("clean", "noisy", "best Gaussian", *wiener, "one step")


def levels(model: str) -> tuple[int, ...]:
    """The three noise levels of the lesson, for a model's schedule."""
    return t2i.levels(t2i.spec(model))


def noisiest(model: str) -> int:
    """The first timestep of the lessons' trajectories; beyond it hardly any signal is left."""
    return t2i.timesteps_of(t2i.spec(model))[0]
