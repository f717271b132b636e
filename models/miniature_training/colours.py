"""The hue that a drawing is mostly of, and drawings in other hues."""

from __future__ import annotations

from typing import Final

import numpy as np
import torch
from torch import Tensor

HUES: Final = tuple(np.deg2rad((0.0, 28.0, 52.0, 120.0, 215.0, 272.0, 330.0)).tolist())

LIFTS: Final = (1.0, 1.0, 0.75, 1.0, 1.0, 1.0, 0.7)
"""Yellow and pink are light: what is missing to white is reduced to so much."""


def main_hue(pixels: Tensor) -> Tensor:
    """The hue that a sprite is mostly of.

    Args:
        pixels: (N, 4, H, W) uint8, premultiplied.

    Returns:
        (N,) radians, red at 0; nan where there is no such hue.
    """
    hues = []
    for some in torch.split(pixels, 512):
        image = some.float() / 255
        a, b = chroma(image[:, :3])
        strength, cover = torch.hypot(a, b).sum((1, 2)), image[:, 3].sum((1, 2)).clamp(min=1)
        x, y = a.sum((1, 2)), b.sum((1, 2))
        clear = (torch.hypot(x, y) > 0.8 * strength) & (strength / cover > 0.22)
        hues.append(torch.where(clear, torch.atan2(y, x), torch.nan))
    return torch.cat(hues)


def chroma(colour: Tensor) -> tuple[Tensor, Tensor]:
    """Colour less grey, in the plane across the grey axis: (B, H, W) each."""
    red, green, blue = colour.unbind(1)
    return red - (green + blue) / 2, (green - blue) * 3**0.5 / 2


def recoloured(colour: Tensor, alpha: Tensor, turn: Tensor, lift: Tensor) -> Tensor:
    """Turn all hues about the grey axis, then lighten.

    Args:
        colour: (B, 3, H, W) in [0, 1], premultiplied.
        alpha: (B, 1, H, W) coverage.
        turn: (B,) radians.
        lift: (B,) what is left of the way to white.

    Returns:
        Shape of `colour`, within [0, alpha].
    """
    cos, sin = turn.cos(), turn.sin() / 3**0.5
    third = (1 - cos) / 3
    row = torch.stack([cos + third, third - sin, third + sin], 1)
    matrix = torch.stack([row, row.roll(1, 1), row.roll(2, 1)], 1)
    turned = torch.einsum("bij,bjhw->bihw", matrix, colour)
    light = alpha - (alpha - turned) * lift[:, None, None, None]
    return torch.minimum(light.clamp(min=0), alpha)
