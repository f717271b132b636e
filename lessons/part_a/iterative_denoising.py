"""A1.4 · The same noisy image denoised by a blur, in one step and in many steps."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from lessons import text_to_image as t2i
from lessons.diffusion.denoise import clean_estimate, split
from lessons.images import sources
from lessons.images.captioned import CaptionedImage, Progress
from lessons.measure import quality
from lessons.part_a.classical_denoising import best_blur, noisy, scored
from models.text_to_image import ModelSpec

METHODS = ("best Gaussian", "one step", "many steps")


@dataclass(frozen=True)
class Score:
    """How one method scores.

    Attributes:
        psnr: in dB, against the clean image.
        ssim: at most 1.
        sharpness: of the image, divided by that of the clean one.
    """

    psnr: float
    ssim: float
    sharpness: float


@dataclass(frozen=True)
class ThreeWays:
    """One noisy image denoised in three ways.

    Attributes:
        t: where it begins.
        clean: the source image.
        noisy: x_t.
        images: one for each of METHODS.
        scores: one for each of METHODS.
        trajectory: the many steps.
        every_fifth: the current sample at every fifth step, and the result.
    """

    t: int
    clean: CaptionedImage
    noisy: CaptionedImage
    images: tuple[CaptionedImage, ...]
    scores: tuple[Score, ...]
    trajectory: t2i.Trajectory
    every_fifth: tuple[CaptionedImage, ...]


def demo(
    model: str, source_image: str | NDArray[np.uint8], prompt: str, i_start: int, seed: int
) -> Generator[Progress, None, ThreeWays]:
    """Denoise one image in three ways.

    Args:
        model: name in the catalog.
        source_image: name in the gallery, or pixels.
        prompt: what the network is conditioned on.
        i_start: where among the lesson's 34 timesteps to begin, 0 to 32.
        seed: of the noise.

    Yields:
        Progress after each step.

    Raises:
        ValueError: there is no such place, or the model can't take the prompt.
    """
    net = yield from t2i.loading(model)
    form, predict = net.spec, t2i.make_predictor(net, prompt)
    x_0 = sources.load(source_image, form.shape, form.low, form.high)
    timesteps = t2i.timesteps_of(form, i_start)
    t = timesteps[0]
    x_t, alpha_bar_t = noisy(form, x_0, t, seed), t2i.alpha_bar_of(form, t)
    eps, _ = split(predict(x_t, t), x_t)
    one_step = clean_estimate(x_t, eps, alpha_bar_t)
    blur = best_blur(x_t, x_0, alpha_bar_t, form).image
    trajectory, many = yield from t2i.sample_steps(
        form, predict, x_t, timesteps, t2i.source(form, seed, 1)
    )
    images = (blur, one_step, many)
    return ThreeWays(
        t=t,
        clean=t2i.captioned(x_0[0], form, "x₀", sources.title(source_image, form.shape), "x_0"),
        noisy=scored(x_t, x_0, form, f"t = {t}", "x_t"),
        images=tuple(
            scored(image, x_0, form, name, "x_0_hat")
            for name, image in zip(METHODS, images, strict=True)
        ),
        scores=tuple(score(image, x_0, form) for image in images),
        trajectory=trajectory,
        every_fifth=_every_fifth(trajectory),
    )


def score(image: Tensor, x_0: Tensor, form: ModelSpec) -> Score:
    """Measure an image as it is displayed, (1, C, H, W), against the clean one."""
    R, shown = t2i.value_range(form), image.clamp(form.low, form.high)
    return Score(
        psnr=float(quality.psnr(shown, x_0, R)),
        ssim=float(quality.ssim(shown, x_0, R)),
        sharpness=float(quality.sharpness(shown, R) / quality.sharpness(x_0, R)),
    )


def start_of(model: str, i_start: int) -> int:
    """The timestep that `i_start` stands for."""
    return t2i.timesteps_of(t2i.spec(model), i_start)[0]


def _every_fifth(trajectory: t2i.Trajectory) -> tuple[CaptionedImage, ...]:
    moments = [*range(0, len(trajectory.frames) - 1, 5), len(trajectory.frames) - 1]
    words = [f"t = {trajectory.times[k]}" for k in moments[:-1]] + ["the result"]
    return tuple(
        CaptionedImage(trajectory.frames[k][0].pixels, word, f"current sample x_t: {word}", "x_t")
        for k, word in zip(moments, words, strict=True)
    )
