"""Source images: a reader's image, from wherever it comes, as a model takes it.

An image is cropped to a square and made smaller; it is never squashed. Its values are brought into
the model's range here and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from lessons.images.captioned import CaptionedImage
from lessons.images.fitting import fit
from models import gallery

SourceImage = str | NDArray[np.uint8]
"""An image of the gallery by its name, or pixels: (H, W, 3) RGB, uint8."""

Shape = tuple[int, int, int]
"""A model's images: channels (1 or 3), height, width."""

BRIGHT: Final = 127.5
"""A grey image whose border is brighter than this on average is ink on paper."""


@dataclass(frozen=True)
class Choice:
    """One image that the gallery offers.

    Attributes:
        name: what `load` takes.
        title: two or three words.
        prompt: what a text-to-image model would be asked for to get it.
        credit: author, source and licence in one line.
    """

    name: str
    title: str
    prompt: str
    credit: str


@dataclass(frozen=True)
class Seen:
    """An image at a model's size.

    Attributes:
        pixels: (H, W, 3) RGB for a model with three channels, (H, W) grey for one, uint8.
        inverted: whether black and white were exchanged.
    """

    pixels: NDArray[np.uint8]
    inverted: bool


def names(shape: Shape) -> tuple[Choice, ...]:
    """List what the gallery offers to a model: colour images, or digits and the tower.

    Args:
        shape: the model's (C, H, W).

    Raises:
        MissingImage: a list of the gallery can't be read.
    """
    coloured = gallery.entries()
    offered = coloured if shape[0] == 3 else (*gallery.digits(), *coloured[:1])
    return tuple(Choice(e.name, e.title, e.prompt, _credit(e)) for e in offered)


def load(source_image: SourceImage, shape: Shape, low: float, high: float) -> Tensor:
    """Make a source image into what a model takes.

    Args:
        source_image: a name of the gallery, or RGB pixels.
        shape: the model's (C, H, W), C = 1 or 3.
        low: what the model calls black.
        high: what the model calls white.

    Returns:
        (1, C, H, W) float32 in [low, high].

    Raises:
        ValueError: the gallery has no such image, or these are no pixels.
    """
    pixels = torch.from_numpy(seen(source_image, shape).pixels.copy()).float()
    planes = pixels.permute(2, 0, 1) if pixels.ndim == 3 else pixels[None]
    return planes[None] / 255 * (high - low) + low


def seen(source_image: SourceImage, shape: Shape) -> Seen:
    """Crop a source image around its centre and bring it to a model's size, antialiased.

    For one channel the image becomes grey. Models of digits know white strokes on black, so a
    image with a bright border has black and white exchanged.

    Args:
        source_image: a name of the gallery, or RGB pixels.
        shape: the model's (C, H, W), C = 1 or 3.

    Raises:
        ValueError: the gallery has no such image, or these are no pixels.
    """
    channels, height, width = shape
    image = Image.fromarray(_pixels(source_image)).convert("RGB" if channels == 3 else "L")
    small = np.array(fit(image, width, height))
    inverted = channels == 1 and bool(_border(small).mean() > BRIGHT)
    return Seen(255 - small if inverted else small, inverted)


def image(source_image: SourceImage, shape: Shape) -> CaptionedImage:
    """Show a source image as a model takes it, with a caption that says what was done to it.

    Args:
        source_image: a name of the gallery, or RGB pixels.
        shape: the model's (C, H, W).

    Raises:
        ValueError: the gallery has no such image, or these are no pixels.
    """
    shown = seen(source_image, shape)
    size = " × ".join(map(str, shape[1:]))
    caption = f"x₀, {size}" + (", black and white exchanged" if shown.inverted else "")
    return CaptionedImage(shown.pixels, caption, title(source_image, shape), "x_0")


def _pixels(source_image: SourceImage) -> NDArray[np.uint8]:
    if isinstance(source_image, str):
        return gallery.pixels(source_image)
    if source_image.dtype != np.uint8 or source_image.ndim != 3 or source_image.shape[2] != 3:
        raise ValueError(
            f"expected (H, W, 3) uint8 pixels, got {source_image.shape} {source_image.dtype}"
        )
    if 0 in source_image.shape:
        raise ValueError("an image needs at least one pixel")
    return source_image


def _border(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.concatenate([grey[0], grey[-1], grey[1:-1, 0], grey[1:-1, -1]])


def _credit(entry: gallery.GalleryImage) -> str:
    return " · ".join(part for part in (entry.author, entry.source, entry.licence) if part)


def title(source_image: SourceImage, shape: Shape) -> str:
    """What is in a source image, in words: its title in the gallery, or "your image".

    Args:
        source_image: a name of the gallery, or RGB pixels.
        shape: the model's (C, H, W).
    """
    if not isinstance(source_image, str):
        return "your image"
    return next((c.title for c in names(shape) if c.name == source_image), source_image)
