"""A1.5 · A second network makes a small image four times as large."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from lessons import text_to_image as t2i
from lessons.diffusion.forward import add_noise
from lessons.diffusion.guidance import guided
from lessons.images import sources
from lessons.images.captioned import CaptionedImage, Progress
from models import catalog


def enlarge(x: Tensor, size: int) -> Tensor:
    r"""Stretch an image, with straight lines between its pixels.

    $$
    \mathrm{up}(x)(u, v) = \sum_{i, j} x_{ij} \, \max(0, 1 - |u - i|) \, \max(0, 1 - |v - j|)
    $$

    Nothing is invented: this is all that a small image says of the large one. The network sees
    it beside the noisy large image, and under a little noise of its own, so that it trusts the
    shapes and not the flaws.

    Source: Ho et al. 2021 (arXiv:2106.15282), section 4, "conditioning augmentation".

    Args:
        x: small images, (B, C, h, w).
        size: height and width of the large ones.

    Returns:
        (B, C, size, size); the corners stay where they are.
    """
    return F.interpolate(x, (size, size), mode="bilinear", align_corners=True)


@dataclass(frozen=True)
class Upscaled:
    """An image, and the same four times as large.

    Attributes:
        small: as it was.
        stretched: enlarged without a network.
        large: as the second network drew it.
    """

    small: CaptionedImage
    stretched: CaptionedImage
    large: CaptionedImage


def offered(model: str) -> bool:
    """Whether there is a network that enlarges a model's images.

    Raises:
        ValueError: there is no such model.
    """
    return catalog.entry(model).load_upscaler is not None


def demo(
    model: str,
    source_image: str | NDArray[np.uint8],
    prompt: str,
    gamma: float,
    level: int,
    seed: int,
) -> Generator[Progress, None, Upscaled]:
    """Enlarge an image with the model's second stage.

    Args:
        model: name in the catalog.
        source_image: an image of the model's size: name in the gallery, or pixels.
        prompt: what it shows.
        gamma: guidance scale.
        level: how much noise the network sees in the small image, 0 to 999.
        seed: of the noises.

    Yields:
        Progress after each step.

    Raises:
        ValueError: the model has no second stage, can't take the prompt, or there is no such level.
    """
    small_form = t2i.spec(model)
    net = yield from t2i.loading_upscaler(model)
    form = net.spec
    if not 0 <= level < len(net.noising):
        raise ValueError(f"The noise level must be 0 to {len(net.noising) - 1}, not {level}.")
    x = sources.load(source_image, small_form.shape, small_form.low, small_form.high)
    stretched = enlarge(x, form.shape[1])
    eps = t2i.source(form, seed, 1, "small image")()
    noisy = add_noise(stretched, net.noising[level].float().view(1, 1, 1, 1), eps)
    wanted, unwanted = net.embed([prompt, ""]).chunk(2)
    predict = guided(net.beside(noisy, level), wanted, unwanted, gamma)
    _, large = yield from t2i.sample_from_noise(form, predict, seed, 1, "large image")
    return Upscaled(
        t2i.captioned(x[0], small_form, "as it was", prompt, "x_t"),
        t2i.captioned(stretched[0], form, "stretched", f"{prompt}, stretched"),
        t2i.captioned(large[0], form, "enlarged by the second network", prompt, "x_0_hat"),
    )
