"""How well Pictures denoises held-out images in one step, beside two classical denoisers."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor
from torchvision.transforms.functional import gaussian_blur

from lessons.diffusion.denoise import clean_estimate, noise_from_v, v_target
from lessons.diffusion.forward import add_noise
from lessons.diffusion.noise import stream
from models.devices import autocast, fast_precision
from models.miniature.box import Miniature
from models.miniature.words import ANY_PHOTO, captions
from models.miniature_training.batches import FIRST, LATER, Batches, Stage
from models.miniature_training.sprites import NOUN_NAMES, STYLE_NAMES, Sprites

LEVELS: Final = (50, 150, 250, 350, 450, 550, 650, 750, 850, 950)

PSNR_LEVELS: Final = (20, 100, 250, 500, 750, 900, 980)

BLURS: Final = (0.5, 0.75, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0)
"""Standard deviations of the Gaussians that are tried, in pixels; kernels reach to 3 σ."""


def errors(model: Miniature, held_out: Sprites, say: Callable[[str], None]) -> dict[str, Any]:
    """Mean squared errors on held-out images by noise level.

    Returns:
        "v" with each image's own caption, "v_wrong" with the next one's, "eps" with its own.
    """
    x_0, words = shown(held_out, FIRST)
    right, wrong = model.embed(words), model.embed(words[1:] + words[:1])
    found: dict[str, Any] = {"images": len(x_0), "v": {}, "v_wrong": {}, "eps": {}}
    for t in LEVELS:
        x_t, eps, alpha_bar_t = noised(model, x_0, t)
        v = v_target(x_0, eps, alpha_bar_t)
        error = mean_square(predicted_v(model, x_t, t, right), v)
        found["v"][str(t)] = round(error, 5)
        found["v_wrong"][str(t)] = round(mean_square(predicted_v(model, x_t, t, wrong), v), 5)
        found["eps"][str(t)] = round(float(alpha_bar_t) * error, 5)  # eps = √ᾱ v + √(1 − ᾱ) x_t
        say(f"t = {t}: v {found['v'][str(t)]}, with a wrong caption {found['v_wrong'][str(t)]}")
    return found


def psnr_by_level(
    model: Miniature, held_out: Sprites, say: Callable[[str], None]
) -> dict[str, Any]:
    """PSNR, in dB, of one-step denoising on held-out images beside two classical denoisers."""
    x_0, _ = shown(held_out, LATER)
    states = model.embed([ANY_PHOTO]).expand(len(x_0), -1, -1)
    rows: dict[str, Any] = {}
    for t in PSNR_LEVELS:
        x_t, _, alpha_bar_t = noised(model, x_0, t)
        v = predicted_v(model, x_t, t, states)
        estimate = clean_estimate(x_t, noise_from_v(x_t, v, alpha_bar_t), alpha_bar_t)
        linear = model.network.unet.linear(x_t, alpha_bar_t.expand(len(x_t), 1, 1, 1))
        blurs = [psnr(gaussian_blur(x_t, [2 * ceil(3 * s) + 1] * 2, [s, s]), x_0) for s in BLURS]
        rows[str(t)] = {
            "one_step": psnr(estimate, x_0),
            "wiener": psnr(linear, x_0),
            "best_blur": max(blurs),
        }
        say(f"t = {t}: {rows[str(t)]}")
    return rows


def noised(model: Miniature, x_0: Tensor, t: int) -> tuple[Tensor, Tensor, Tensor]:
    """Noisy images, their noise, and the share of signal power, (1, 1, 1, 1)."""
    eps = torch.randn(x_0.shape, generator=stream(0, "evaluate", t))
    alpha_bar_t = model.alpha_bars[t].float().view(1, 1, 1, 1)
    return add_noise(x_0, alpha_bar_t, eps), eps, alpha_bar_t


def predicted_v(model: Miniature, x_t: Tensor, t: int, states: Tensor) -> Tensor:
    """What the network says, 32 images at a time."""
    precision = fast_precision(x_t.device)
    parts = []
    for x, s in zip(torch.split(x_t, 32), torch.split(states, 32), strict=True):
        with torch.no_grad(), autocast(x.device, precision):
            parts.append(model.network.predict_v(x, torch.full((len(x),), t), s).float())
    return torch.cat(parts)


def psnr(estimate: Tensor, x_0: Tensor) -> float:
    """Mean over images of 10 log10(2² / mean squared error), in dB; estimates are clamped."""
    error = (estimate.clamp(-1, 1) - x_0).square().mean((1, 2, 3))
    return round(float((10 * torch.log10(4 / error)).mean()), 2)


def mean_square(a: Tensor, b: Tensor) -> float:
    """Mean squared difference."""
    return float((a - b).square().mean())


def shown(of: Sprites, stage: Stage) -> tuple[Tensor, list[str]]:
    """Every sprite once, composed as in a stage of training, and its plain captions."""
    images, _ = Batches(of, None, 0, 1).composed(np.arange(len(of)), stage)
    pairs = zip(of.noun.tolist(), of.style.tolist(), strict=True)
    return images, [captions(NOUN_NAMES[noun], STYLE_NAMES[style])[0] for noun, style in pairs]
