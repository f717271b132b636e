"""Turn drawings into oil paintings, lithographs or pencil sketches, a batch at a time.

All take and give (B, 4, H, W) float32 in [0, 1]: colour, not premultiplied, and coverage. What they
make stays legible: a contour is always drawn, and tones are stretched inside the drawing alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor
from torchvision.transforms.functional import gaussian_blur

CANVAS: Final = (176, 166, 144)
"""A dull ground that oil colours are laid on, sRGB."""

STONE: Final = ((46, 36, 32), (240, 231, 212))
"""A lithograph's ink and paper, sRGB."""

GRAPHITE: Final = ((58, 58, 64), (250, 249, 246))
"""A pencil's lead and paper, sRGB."""


def oil(drawings: Tensor, random: torch.Generator) -> Tensor:
    """Lay on daubs with clean borders, streaked by a brush, the contour darkened by a third.

    Source: Kuwahara et al. 1976, "Processing of RI-angiocardiographic images", for the daubs.
    """
    colour = over(drawings, _paint(CANVAS, drawings))
    daubs = kuwahara(kuwahara(colour, 2), 1)
    streaks = 1 + 0.05 * _brush(drawings, random)
    rich = daubs.mean(1, keepdim=True) + 1.12 * (daubs - daubs.mean(1, keepdim=True))
    lit = rich * streaks * _paint((255, 250, 238), drawings) * (1 - 0.34 * _contour(drawings))
    return torch.cat([lit.clamp(0, 1), drawings[:, 3:]], 1)


def lithograph(drawings: Tensor, random: torch.Generator) -> Tensor:
    """One brown ink on cream paper: tones as crayon grain, contours and edges drawn."""
    tone = _stretched(drawings)
    grain = gaussian_blur(_noise(drawings, random), [3, 3], [0.7, 0.7])
    shade = torch.sigmoid(9 * (0.42 - tone + 0.22 * grain))
    ink = torch.maximum(shade * _inside(drawings), 0.95 * _contour(drawings))
    ink = torch.maximum(ink, (1.3 * _edges(drawings)).clamp(0, 0.9))
    return _printed(ink, STONE, drawings)


def pencil(drawings: Tensor, random: torch.Generator) -> Tensor:
    """Contours and edges as dark lines, and slanted hatching in the shade; on white paper."""
    tone = _stretched(drawings)
    _, _, H, W = drawings.shape
    place = torch.arange(H, device=tone.device)[:, None] + torch.arange(W, device=tone.device)
    phase = 2 * math.pi * torch.rand(len(tone), 1, 1, 1, generator=random).to(tone.device)
    hatch = 0.5 + 0.5 * torch.sin(1.35 * place + phase)
    shade = (0.8 - tone).clamp(0, 1) * (0.2 + 0.6 * hatch) * _inside(drawings)
    ink = torch.maximum(0.8 * shade, 0.85 * _contour(drawings))
    ink = torch.maximum(ink, (1.2 * _edges(drawings)).clamp(0, 0.85))
    return _printed(ink, GRAPHITE, drawings)


FILTERS: Final[dict[str, Callable[[Tensor, torch.Generator], Tensor]]] = {
    "oil": oil,
    "lithograph": lithograph,
    "pencil": pencil,
}


def kuwahara(image: Tensor, radius: int) -> Tensor:
    """Replace each place by the mean of the calmest of the four squares that meet there.

    Args:
        image: (B, C, H, W).
        radius: the squares are radius + 1 wide.

    Returns:
        Shape of `image`.
    """
    side = radius + 1
    wide = F.pad(image, (radius,) * 4, mode="replicate")
    mean = F.avg_pool2d(wide, side, 1)
    spread = (F.avg_pool2d(wide.square(), side, 1) - mean.square()).sum(1, keepdim=True)
    _, _, H, W = image.shape
    corners = [(y, x) for y in (0, radius) for x in (0, radius)]
    means = torch.stack([mean[..., y : y + H, x : x + W] for y, x in corners])
    spreads = torch.stack([spread[..., y : y + H, x : x + W] for y, x in corners])
    calmest = spreads.argmin(0, keepdim=True).expand(1, *image.shape)
    return means.gather(0, calmest)[0]


def over(drawings: Tensor, ground: Tensor) -> Tensor:
    """Lay drawings on a ground: (B, 3, H, W)."""
    return drawings[:, :3] * drawings[:, 3:] + ground * (1 - drawings[:, 3:])


def _paint(colour: tuple[int, int, int], like: Tensor) -> Tensor:
    return torch.tensor(colour, device=like.device).view(3, 1, 1) / 255


def _inside(drawings: Tensor) -> Tensor:
    return (drawings[:, 3:] > 0.5).float()


def _grey(drawings: Tensor) -> Tensor:
    weights = torch.tensor([0.299, 0.587, 0.114], device=drawings.device).view(3, 1, 1)
    return (drawings[:, :3] * weights).sum(1, keepdim=True)


def _stretched(drawings: Tensor) -> Tensor:
    """Tones from 0 to 1, the darkest and lightest twentieth of each drawing at the ends."""
    grey, inside = _grey(drawings), _inside(drawings)
    ordered = torch.where(inside > 0, grey, torch.nan).flatten(1)
    low = torch.nanquantile(ordered, 0.05, 1)[:, None, None, None]
    high = torch.nanquantile(ordered, 0.95, 1)[:, None, None, None]
    spread = (high - low).clamp(min=0.25)
    middle = ((low + high) / 2).clamp(0.25, 0.75)
    return ((grey - middle) / spread + 0.5).nan_to_num(0.5).clamp(0, 1)


def _contour(drawings: Tensor) -> Tensor:
    """One pixel inside and half a pixel outside of the drawing's border, 0 to 1."""
    alpha = F.pad(drawings[:, 3:], (2, 2, 2, 2))
    wide = F.max_pool2d(alpha, 3, 1)
    narrow = -F.max_pool2d(-alpha, 3, 1)
    border = (wide - narrow)[..., 1:-1, 1:-1]
    full = (drawings[:, 3:].amin((2, 3), keepdim=True) > 0.9).float()  # a scene has no border
    return border * (1 - full)


def _edges(drawings: Tensor) -> Tensor:
    """How steeply tones change inside the drawing, by Sobel's kernels; 1 for black on white."""
    grey = F.pad(_grey(drawings), (1, 1, 1, 1), mode="replicate")
    rise = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]], device=grey.device) / 4
    kernels = torch.stack([rise, rise.T])[:, None]
    steep = F.conv2d(grey, kernels).square().sum(1, keepdim=True).sqrt()
    core = -F.max_pool2d(-_inside(drawings), 3, 1, 1)
    return (1.6 * (steep - 0.08)).clamp(0, 1) * core


def _noise(like: Tensor, random: torch.Generator) -> Tensor:
    B, _, H, W = like.shape
    return torch.randn(B, 1, H, W, generator=random).to(like.device)


def _brush(like: Tensor, random: torch.Generator) -> Tensor:
    streaks = gaussian_blur(_noise(like, random), [3, 9], [0.6, 2.2])
    level: Tensor = streaks / streaks.flatten(1).std(1)[:, None, None, None]
    return level


def _printed(
    ink: Tensor, colours: tuple[tuple[int, int, int], tuple[int, int, int]], drawings: Tensor
) -> Tensor:
    dark, paper = (_paint(colour, drawings) for colour in colours)
    wide = F.max_pool2d(drawings[:, 3:], 3, 1, 1)
    return torch.cat([ink * dark + (1 - ink) * paper, wide], 1)
