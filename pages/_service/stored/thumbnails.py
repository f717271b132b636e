"""What stands for a lesson on the home page: images of its own first result, made small."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lessons.images.captioned import CaptionedImage

FOLDER: Final = Path(__file__).parent / "thumbnails"


def path(file: str) -> Path:
    """Where the thumbnail of a page lies, by the page's file name."""
    return FOLDER / Path(file).with_suffix(".webp").name


def encoded(images: Sequence[CaptionedImage], places: Sequence[int]) -> bytes:
    """Write a thumbnail as WebP.

    Args:
        images: what a page delivered; one that is k times as wide as high counts as k images.
        places: one place among them, or four that make a square, row by row.

    Returns:
        The file's bytes.

    Raises:
        IndexError: there is no image at one of the places.
    """
    buffer = io.BytesIO()
    Image.fromarray(mosaic(images, places)).save(buffer, "WEBP", quality=80)
    return buffer.getvalue()


def mosaic(images: Sequence[CaptionedImage], places: Sequence[int]) -> NDArray[np.uint8]:
    """The thumbnail's pixels, (side, side, 3); arguments and errors as in `encoded`."""
    squares = [square for image in images for square in _squares(image.pixels)]
    chosen = [squares[place] for place in places]
    if len(chosen) == 1:
        return chosen[0]
    above, below = (np.concatenate(row, axis=1) for row in (chosen[:2], chosen[2:]))
    return np.concatenate([above, below])


def _squares(pixels: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
    colour = pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=2)
    side = min(colour.shape[:2])
    count = max(1, colour.shape[1] // side)
    return [colour[:side, k * side : (k + 1) * side] for k in range(count)]
