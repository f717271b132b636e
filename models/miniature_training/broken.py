"""Images that show nothing: blurred, shuffled, under noise, or the network's own junk."""

from __future__ import annotations

import math
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

from lessons.diffusion.denoise import clean_estimate, noise_from_v
from lessons.diffusion.forward import add_noise
from lessons.diffusion.noise import stream
from models.devices import autocast, fast_precision
from models.miniature.box import Miniature
from models.miniature.linear import cosine_transform

JUNK_LEVELS: Final = (700, 951)
"""Noise levels at which unguided clean estimates are taken that shall be called nothing."""


def blurred(images: Tensor, random: torch.Generator) -> Tensor:
    """Blur by σ = 4 … 8 pixels, each image by its own."""
    return smooth(images, 4 + 4 * torch.rand(len(images), generator=random))


def smooth(images: Tensor, sigma: Tensor) -> Tensor:
    """Blur each image by a Gaussian of its own width: a product in the cosine transform.

    Args:
        images: (B, C, N, N).
        sigma: standard deviations in pixels, (B,).
    """
    size = images.shape[-1]
    transform = cosine_transform(size)
    angle = math.pi * torch.arange(size) / size
    kept = torch.exp(-0.5 * (angle * sigma[:, None]).square())
    kept = (kept[:, :, None] * kept[:, None, :])[:, None]
    waves = kept * (transform @ images @ transform.T)
    blurred: Tensor = transform.T @ waves @ transform
    return blurred


def shuffled(images: Tensor, random: torch.Generator) -> Tensor:
    """Cut into 8×8 squares or 4×4 and lay them in another order, each image its own."""
    parts = []
    for image in images:
        side = 8 if torch.rand((), generator=random) < 0.5 else 16
        columns = F.unfold(image[None], side, stride=side)
        order = torch.randperm(columns.shape[-1], generator=random)
        parts.append(F.fold(columns[..., order], image.shape[-2:], side, stride=side)[0])
    return torch.stack(parts)


def noisy(images: Tensor, random: torch.Generator) -> Tensor:
    """Noise of some strength: on images under it, or alone, fine or coarse."""
    noise = torch.randn(images.shape, generator=random)
    strength, alone, fine, sigma = torch.rand(4, len(images), 1, 1, 1, generator=random)
    coarse = smooth(noise, (0.1 + 2 * sigma).flatten())
    noise = torch.where(fine < 0.7, noise, coarse / coarse.std((1, 2, 3), keepdim=True))
    under = torch.where(alone < 0.6, images.mean((2, 3), keepdim=True), 0.35 * images)
    mixed: Tensor = under + (0.3 + 1.2 * strength) * noise
    return mixed.clamp(-1, 1)


def junk(model: Miniature, images: Tensor, seed: int = 0, at_once: int = 32) -> Tensor:
    """Estimate clean images in one step, without a prompt, from noise that hides most of them.

    Args:
        model: whose estimates.
        images: clean ones, (B, 3, 64, 64) in [-1, 1].
        seed: decides noise and noise levels, which are spread over `JUNK_LEVELS`.
        at_once: images that the network gets at a time.
    """
    random = stream(seed, "junk")
    t = torch.randint(*JUNK_LEVELS, (len(images),), generator=random)
    eps = torch.randn(images.shape, generator=random)
    state = model.embed([""])
    alpha_bar_t = model.alpha_bars.float()[t][:, None, None, None]
    x_t = add_noise(images, alpha_bar_t, eps)
    precision = fast_precision(images.device)
    estimates = []
    for x, level, a in zip(*(torch.split(y, at_once) for y in (x_t, t, alpha_bar_t)), strict=True):
        with torch.no_grad(), autocast(x.device, precision):
            v = model.network.predict_v(x, level, state.expand(len(x), -1, -1)).float()
        estimates.append(clean_estimate(x, noise_from_v(x, v, a), a))
    return torch.cat(estimates).clamp(-1, 1)
