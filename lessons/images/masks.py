"""Masks: which pixels are to be new (1) and which stay as they are (0); nothing in between.

Places and lengths are shares of the image's side, so that one mask means the same at every size.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lessons.images.captioned import CaptionedImage
from lessons.images.fitting import fit

Mask = NDArray[np.uint8]
"""(H, W) of 0 and 1; 1 is new content."""

SIDES: Final = ("left", "right", "top", "bottom")
HALF: Final = 127.5


def rectangle(size: tuple[int, int], x: float, y: float, width: float, height: float) -> Mask:
    """Mark the pixels whose centre lies in a rectangle.

    Args:
        size: height and width of the mask in pixels.
        x: the rectangle's centre, 0 at the left edge, 1 at the right.
        y: the same downwards.
        width: 1 is the image's width.
        height: 1 is the image's height.
    """
    down, across = _centres(size)
    return _mask((abs(across - x) <= width / 2) & (abs(down - y) <= height / 2))


def circle(size: tuple[int, int], x: float, y: float, diameter: float) -> Mask:
    """Mark the pixels whose centre lies in a circle; arguments as in `rectangle`."""
    down, across = _centres(size)
    return _mask((across - x) ** 2 + (down - y) ** 2 <= (diameter / 2) ** 2)


def half(size: tuple[int, int], side: str) -> Mask:
    """Mark one half of the image.

    Args:
        size: height and width of the mask in pixels.
        side: one of `SIDES`.

    Raises:
        KeyError: there is no such side.
    """
    down, across = _centres(size)
    marked = {
        "left": across < 0.5,
        "right": across > 0.5,
        "top": down < 0.5,
        "bottom": down > 0.5,
    }
    return _mask(np.broadcast_to(marked[side], size))


def from_drawing(pixels: NDArray[np.uint8], size: tuple[int, int]) -> Mask:
    """Mark what was drawn on a canvas.

    Args:
        pixels: (S, S, 4) RGBA; where it is at least half opaque, there is a stroke.
        size: height and width of the mask in pixels.
    """
    return _reduced(np.where(pixels[..., 3] > HALF, 255, 0).astype(np.uint8), size)


def from_image(pixels: NDArray[np.uint8], size: tuple[int, int]) -> Mask:
    """Mark what is white in an image; white, because that is new in most programs.

    Args:
        pixels: (H, W, 3) RGB, cropped around its centre.
        size: height and width of the mask in pixels.
    """
    grey = np.asarray(Image.fromarray(pixels).convert("L"))
    return _reduced(np.where(grey > HALF, 255, 0).astype(np.uint8), size)


def image(mask: Mask) -> CaptionedImage:
    """Show a mask as it is used: white is regenerated, black is kept."""
    share = float(mask.mean())
    alt = f"the mask: white, {share:.0%} of the image, is new; black stays"
    return CaptionedImage(mask * 255, f"mask m, white = regenerated: {share:.0%}", alt)


def _reduced(marked: NDArray[np.uint8], size: tuple[int, int]) -> Mask:
    """Average over the area of each small pixel; more than half of it marked is marked."""
    height, width = size
    small = fit(Image.fromarray(marked), width, height, Image.Resampling.BOX)
    return _mask(np.asarray(small) > HALF)


def _centres(size: tuple[int, int]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    height, width = size
    down = (np.arange(height) + 0.5) / height
    across = (np.arange(width) + 0.5) / width
    return down[:, None], across[None, :]


def _mask(marked: NDArray[np.bool_]) -> Mask:
    return marked.astype(np.uint8)
