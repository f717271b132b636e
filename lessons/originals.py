"""Originals: a reader's picture, from wherever it comes, as a model takes it.

A picture is cropped to a square and made smaller; it is never squashed. Its values are brought into
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

from lessons.opening import fit
from lessons.picture import Picture
from models import gallery

Original = str | NDArray[np.uint8]
"""A picture of the gallery by its name, or pixels: (H, W, 3) RGB, uint8."""

Shape = tuple[int, int, int]
"""A model's pictures: channels (1 or 3), height, width."""

BRIGHT: Final = 127.5
"""A grey picture whose border is brighter than this on average is ink on paper."""


@dataclass(frozen=True)
class Choice:
    """One picture that the gallery offers.

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
    """A picture at a model's size.

    Attributes:
        pixels: (H, W, 3) RGB for a model with three channels, (H, W) grey for one, uint8.
        inverted: whether black and white were exchanged.
    """

    pixels: NDArray[np.uint8]
    inverted: bool


def names(shape: Shape) -> tuple[Choice, ...]:
    """List what the gallery offers to a model: colour pictures, or digits and the tower.

    Args:
        shape: the model's (C, H, W).

    Raises:
        MissingPicture: a list of the gallery can't be read.
    """
    coloured = gallery.entries()
    offered = coloured if shape[0] == 3 else (*gallery.digits(), *coloured[:1])
    return tuple(Choice(e.name, e.title, e.prompt, _credit(e)) for e in offered)


def load(original: Original, shape: Shape, low: float, high: float) -> Tensor:
    """Make an original into what a model takes.

    Args:
        original: a name of the gallery, or RGB pixels.
        shape: the model's (C, H, W), C = 1 or 3.
        low: what the model calls black.
        high: what the model calls white.

    Returns:
        (1, C, H, W) float32 in [low, high].

    Raises:
        ValueError: the gallery has no such picture, or these are no pixels.
    """
    pixels = torch.from_numpy(seen(original, shape).pixels.copy()).float()
    planes = pixels.permute(2, 0, 1) if pixels.ndim == 3 else pixels[None]
    return planes[None] / 255 * (high - low) + low


def seen(original: Original, shape: Shape) -> Seen:
    """Crop an original around its centre and bring it to a model's size, antialiased.

    For one channel the picture becomes grey. Models of digits know white strokes on black, so a
    picture with a bright border has black and white exchanged.

    Args:
        original: a name of the gallery, or RGB pixels.
        shape: the model's (C, H, W), C = 1 or 3.

    Raises:
        ValueError: the gallery has no such picture, or these are no pixels.
    """
    channels, height, width = shape
    image = Image.fromarray(_pixels(original)).convert("RGB" if channels == 3 else "L")
    small = np.array(fit(image, width, height))
    inverted = channels == 1 and bool(_border(small).mean() > BRIGHT)
    return Seen(255 - small if inverted else small, inverted)


def picture(original: Original, shape: Shape) -> Picture:
    """Show an original as a model takes it, with a caption that says what was done to it.

    Args:
        original: a name of the gallery, or RGB pixels.
        shape: the model's (C, H, W).

    Raises:
        ValueError: the gallery has no such picture, or these are no pixels.
    """
    shown = seen(original, shape)
    size = " × ".join(map(str, shape[1:]))
    caption = f"x₀, {size}" + (", black and white exchanged" if shown.inverted else "")
    return Picture(shown.pixels, caption, title(original, shape), "x_0")


def _pixels(original: Original) -> NDArray[np.uint8]:
    if isinstance(original, str):
        return gallery.pixels(original)
    if original.dtype != np.uint8 or original.ndim != 3 or original.shape[2] != 3:
        raise ValueError(f"expected (H, W, 3) uint8 pixels, got {original.shape} {original.dtype}")
    if 0 in original.shape:
        raise ValueError("a picture needs at least one pixel")
    return original


def _border(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.concatenate([grey[0], grey[-1], grey[1:-1, 0], grey[1:-1, -1]])


def _credit(entry: gallery.Entry) -> str:
    return " · ".join(part for part in (entry.author, entry.source, entry.licence) if part)


def title(original: Original, shape: Shape) -> str:
    """What is in an original, in words: its title in the gallery, or "your picture".

    Args:
        original: a name of the gallery, or RGB pixels.
        shape: the model's (C, H, W).
    """
    if not isinstance(original, str):
        return "your picture"
    return next((c.title for c in names(shape) if c.name == original), original)
