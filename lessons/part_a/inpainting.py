"""A1.7.2 · Inpainting: the masked region is regenerated, the rest of the source image is kept."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lessons import text_to_image as t2i
from lessons.diffusion.inpainting import keep_outside, keeping_source
from lessons.images import sources
from lessons.images.captioned import CaptionedImage, Progress


@dataclass(frozen=True)
class Inpainted:
    """An image whose masked region was regenerated.

    Attributes:
        source_image: at the model's size.
        mask: strictly black and white; white is regenerated.
        freed: the source image, grey where it is regenerated.
        trajectory: of all results.
        results: several samples.
    """

    source_image: CaptionedImage
    mask: CaptionedImage
    freed: CaptionedImage
    trajectory: t2i.Trajectory
    results: tuple[CaptionedImage, ...]


def demo(
    model: str,
    source_image: str | NDArray[np.uint8],
    mask: NDArray[np.uint8],
    prompt: str,
    gamma: float,
    count: int,
    seed: int,
) -> Generator[Progress, None, Inpainted]:
    """Regenerate the white part of a mask, several times from different noises.

    Args:
        model: name in the catalog.
        source_image: name in the gallery, or pixels.
        mask: (H, W) at the model's size, 1 where content is regenerated, else 0.
        prompt: what the network is conditioned on.
        gamma: guidance scale.
        count: how many samples, 1 to 6.
        seed: of the noises.

    Yields:
        Progress after each step.

    Raises:
        ValueError: the mask has another size or other values, or frees nothing; or the model can't
            take the prompt.
    """
    net = yield from t2i.loading(model)
    form = net.spec
    x_orig = sources.load(source_image, form.shape, form.low, form.high)
    m = _mask(mask, form.shape)
    predict = t2i.make_predictor(net, prompt, gamma)
    noise, other = t2i.source(form, seed, count), t2i.source(form, seed, count, "kept")
    timesteps, start = t2i.timesteps_of(form), noise()
    hook = keeping_source(x_orig, m, form.alpha_bars, other)
    trajectory, x = yield from t2i.sample_steps(form, predict, start, timesteps, noise, hook)
    # The steps end at t = 0, where the kept region still carries a trace of noise. No further step
    # reads it, so here, and only here, the clean source image takes its place.
    x = keep_outside(x, x_orig, m)
    grey = (form.low + form.high) / 2
    alt = "the source image, its masked region regenerated" + (f": {prompt}" if prompt else "")
    return Inpainted(
        t2i.captioned(x_orig[0], form, "the source image", "the source image", "x_0"),
        CaptionedImage(mask * np.uint8(255), "mask, white = regenerated", "the mask"),
        t2i.captioned(
            keep_outside(torch.full_like(x_orig, grey), x_orig, m)[0],
            form,
            "kept region",
            "the source image with the masked region grey",
        ),
        trajectory,
        tuple(t2i.captioned(one, form, "", alt, "x_0_hat") for one in x),
    )


def _mask(mask: NDArray[np.uint8], shape: tuple[int, int, int]) -> Tensor:
    if mask.shape != shape[1:] or not np.isin(mask, (0, 1)).all():
        raise ValueError(f"The mask must be {shape[1]}×{shape[2]}, black and white.")
    if not mask.any():
        raise ValueError("The mask is empty: nothing would be regenerated.")
    return torch.from_numpy(mask.astype(np.float32))[None, None]
