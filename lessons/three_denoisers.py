"""A1.4 · From the same noisy picture: a blur, one step, many steps. Which one is better?"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from lessons import originals, quality
from lessons import text_to_image as t2i
from lessons.classical_denoising import best_blur, judged, noisy
from lessons.iterative_denoising import clean_estimate, split
from lessons.picture import Picture, Progress
from models.text_to_image import Outline

METHODS = ("best Gaussian", "one step", "many steps")


@dataclass(frozen=True)
class Score:
    """How one method did.

    Attributes:
        psnr: in dB, against the clean picture.
        ssim: at most 1.
        edges: edge energy beside the clean picture's, 1 = as many edges.
    """

    psnr: float
    ssim: float
    edges: float


@dataclass(frozen=True)
class ThreeWays:
    """One noisy picture denoised in three ways.

    Attributes:
        t: where it begins.
        clean: the original.
        noisy: x_t.
        pictures: one for each of METHODS.
        scores: one for each of METHODS.
        film: the making of the last.
        every_fifth: moments of the film, as the lesson shows them.
    """

    t: int
    clean: Picture
    noisy: Picture
    pictures: tuple[Picture, ...]
    scores: tuple[Score, ...]
    film: t2i.Film
    every_fifth: tuple[Picture, ...]


def demo(
    model: str, original: str | NDArray[np.uint8], prompt: str, i_start: int, seed: int
) -> Generator[Progress, None, ThreeWays]:
    """Denoise one picture in three ways.

    Args:
        model: name in the catalog.
        original: name in the gallery, or pixels.
        prompt: what the network is told.
        i_start: where among the lesson's 34 timesteps to begin, 0 to 32.
        seed: of the noise.

    Yields:
        Progress after each step.

    Raises:
        ValueError: there is no such place, or the model can't take the prompt.
    """
    net = yield from t2i.loading(model)
    form, predict = net.outline, t2i.told(net, prompt)
    x_0 = originals.load(original, form.shape, form.low, form.high)
    timesteps = t2i.timesteps_of(form, i_start)
    t = timesteps[0]
    x_t, alpha_bar_t = noisy(form, x_0, t, seed), t2i.level(form, t)
    eps, _ = split(predict(x_t, t), x_t)
    one_step = clean_estimate(x_t, eps, alpha_bar_t)
    blur = best_blur(x_t, x_0, alpha_bar_t, form).image
    film, many = yield from t2i.making(form, predict, x_t, timesteps, t2i.source(form, seed, 1))
    images = (blur, one_step, many)
    return ThreeWays(
        t=t,
        clean=t2i.picture(x_0[0], form, "x₀", originals.title(original, form.shape), "x_0"),
        noisy=judged(x_t, x_0, form, f"t = {t}", "x_t"),
        pictures=tuple(
            judged(image, x_0, form, name, "x_0_hat")
            for name, image in zip(METHODS, images, strict=True)
        ),
        scores=tuple(score(image, x_0, form) for image in images),
        film=film,
        every_fifth=_every_fifth(film),
    )


def score(image: Tensor, x_0: Tensor, form: Outline) -> Score:
    """Measure a picture as it is displayed, (1, C, H, W), against the clean one."""
    R, shown = t2i.value_range(form), image.clamp(form.low, form.high)
    return Score(
        psnr=float(quality.psnr(shown, x_0, R)),
        ssim=float(quality.ssim(shown, x_0, R)),
        edges=float(quality.edge_energy(shown, R) / quality.edge_energy(x_0, R)),
    )


def start_of(model: str, i_start: int) -> int:
    """The timestep at place `i_start`."""
    return t2i.timesteps_of(t2i.outline(model), i_start)[0]


def _every_fifth(film: t2i.Film) -> tuple[Picture, ...]:
    moments = [*range(0, len(film.frames) - 1, 5), len(film.frames) - 1]
    words = [f"t = {film.times[k]}" for k in moments[:-1]] + ["the result"]
    return tuple(
        Picture(film.frames[k][0].pixels, word, f"the picture on its way: {word}", "x_t")
        for k, word in zip(moments, words, strict=True)
    )
