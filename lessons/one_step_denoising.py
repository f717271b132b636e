"""A1.3 · One-step denoising: ask the network once, and take all its noise away."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lessons import originals
from lessons import text_to_image as t2i
from lessons.classical_denoising import best_blur, decibels, judged, noisy
from lessons.iterative_denoising import clean_estimate, split
from lessons.picture import Picture, Progress


@dataclass(frozen=True)
class OneStep:
    """One noisy picture, and what is made of it in one go.

    Attributes:
        t: timestep.
        pictures: clean, noisy, the best Gaussian, the network's guess.
        blur_psnr: of the best Gaussian, in dB.
        psnr: of the network's guess.
        gain: how much better the network is than the Gaussian, in dB.
    """

    t: int
    pictures: tuple[Picture, ...]
    blur_psnr: float
    psnr: float
    gain: float


def demo(
    model: str, original: str | NDArray[np.uint8], prompt: str, ts: tuple[int, ...], seed: int
) -> Generator[Progress, None, tuple[OneStep, ...]]:
    """Denoise one picture at several noise levels, each time in one step.

    Args:
        model: name in the catalog.
        original: name in the gallery, or pixels.
        prompt: what the network is told.
        ts: timesteps, 1 to 6 of them.
        seed: of the noise.

    Yields:
        Progress after each.

    Raises:
        ValueError: a t is no timestep, or the model can't take the prompt.
    """
    net = yield from t2i.loading(model)
    form, predict = net.outline, t2i.told(net, prompt)
    x_0 = originals.load(original, form.shape, form.low, form.high)
    results = []
    for done, t in enumerate(ts, start=1):
        alpha_bar_t, x_t = t2i.level(form, t), noisy(form, x_0, t, seed)
        eps, _ = split(predict(x_t, t), x_t)
        guess = clean_estimate(x_t, eps, alpha_bar_t)
        blur = best_blur(x_t, x_0, alpha_bar_t, form)
        pictures = (
            t2i.picture(x_0[0], form, "x₀", originals.title(original, form.shape), "x_0"),
            judged(x_t, x_0, form, f"t = {t}", "x_t"),
            judged(blur.image, x_0, form, "best Gaussian", ""),
            judged(guess, x_0, form, "one step", "x_0_hat"),
        )
        psnr = decibels(guess, x_0, form)
        results.append(OneStep(t, pictures, blur.psnr, psnr, psnr - blur.psnr))
        yield Progress(done, len(ts), f"t = {t}")
    return tuple(results)


def levels(model: str) -> tuple[int, ...]:
    """The three noise levels of the lesson, for a model's schedule."""
    return t2i.levels(t2i.outline(model))


def noisiest(model: str) -> int:
    """The timestep that the lesson's walks begin at; beyond it hardly any signal is left."""
    return t2i.timesteps_of(t2i.outline(model))[0]
