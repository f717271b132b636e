"""Fitting: an image of any shape becomes one of a wanted size, cropped and never squashed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def fit(
    image: Image.Image,
    width: int,
    height: int,
    resample: Image.Resampling = Image.Resampling.LANCZOS,
) -> Image.Image:
    """Crop around the centre, then resize with antialiasing; nothing is ever squashed.

    Args:
        image: at least one pixel.
        width: of the result.
        height: of the result.
        resample: how pixels are weighed.
    """
    # Cropped before: a filter that looks over the edge would mix in what is cut away.
    scale = min(image.width / width, image.height / height)
    wide, high = max(1, round(width * scale)), max(1, round(height * scale))
    left, top = (image.width - wide) // 2, (image.height - high) // 2
    return image.crop((left, top, left + wide, top + high)).resize((width, height), resample)


def square_at(pixels: NDArray[np.uint8], place: float) -> NDArray[np.uint8]:
    """Cut the largest square out of an image.

    Args:
        pixels: (H, W, 3).
        place: where along the longer side, 0 (left or top) to 1 (right or bottom).

    Returns:
        (S, S, 3), S the shorter side.
    """
    height, width = pixels.shape[:2]
    side = min(height, width)
    top, left = round(place * (height - side)), round(place * (width - side))
    return pixels[top : top + side, left : left + side]
