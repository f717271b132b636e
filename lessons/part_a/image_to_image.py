"""A1.7 · Image to image: add noise up to a timestep, then denoise (SDEdit)."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lessons import text_to_image as t2i
from lessons.diffusion.forward import add_noise
from lessons.images import sources
from lessons.images.captioned import CaptionedImage, Progress

STARTS: Final = (1, 3, 5, 7, 10, 20)
"""Values of i_start among the 34 timesteps: from almost pure noise to a small change."""


@dataclass(frozen=True)
class Edited:
    """An image, and new ones made from it at several noise levels.

    Attributes:
        source_image: at the model's size.
        starts: the noisy images at which sampling begins.
        results: the edited images.
        trajectories: one for each result.
    """

    source_image: CaptionedImage
    starts: tuple[CaptionedImage, ...]
    results: tuple[CaptionedImage, ...]
    trajectories: tuple[t2i.Trajectory, ...]


def demo(
    model: str,
    source_image: str | NDArray[np.uint8],
    prompt: str,
    gamma: float,
    seed: int,
    starts: tuple[int, ...] = STARTS,
) -> Generator[Progress, None, Edited]:
    """Edit one image from several noise levels (SDEdit, Meng et al. 2021, arXiv:2108.01073).

    Args:
        model: name in the catalog.
        source_image: name in the gallery, or pixels.
        prompt: what the network is conditioned on.
        gamma: guidance scale.
        seed: of the noise; the same at all levels.
        starts: values of i_start among the lesson's 34 timesteps, 0 to 32, at most 8.

    Yields:
        Progress after each step.

    Raises:
        ValueError: a start is no such place, or the model can't take the prompt.
    """
    net = yield from t2i.loading(model)
    form, predict = net.spec, t2i.make_predictor(net, prompt, gamma)
    x_0 = sources.load(source_image, form.shape, form.low, form.high)
    traces = [t2i.timesteps_of(form, i_start) for i_start in starts[: t2i.LARGEST]]
    done, total = 0, sum(len(timesteps) - 1 for timesteps in traces)
    begun, results, trajectories = [], [], []
    for i_start, timesteps in zip(starts, traces, strict=False):
        noise = t2i.source(form, seed, 1)
        x_t = add_noise(x_0, t2i.alpha_bar_of(form, timesteps[0]), noise())
        steps = t2i.sample_steps(form, predict, x_t, timesteps, noise)
        trajectory, x = yield from t2i.part(steps, done, total, f"i_start = {i_start}")
        done += len(timesteps) - 1
        line = f"i_start = {i_start} (t = {timesteps[0]})"
        begun.append(
            t2i.captioned(x_t[0], form, line, f"the source image with noise added: {line}", "x_t")
        )
        results.append(t2i.captioned(x[0], form, line, f"edited from {line}", "x_0_hat"))
        trajectories.append(trajectory)
    return Edited(
        t2i.captioned(x_0[0], form, "the source image", "the source image", "x_0"),
        tuple(begun),
        tuple(results),
        tuple(trajectories),
    )
