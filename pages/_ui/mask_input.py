"""Masks: which part of a picture is to be new, by a shape, a drawing or a file."""

from __future__ import annotations

from typing import Final

from lessons import masks, originals
from lessons.picture import Picture
from pages._ui.canvas import canvas
from pages._ui.numbers import choice, slider
from pages._ui.picture_input import beside, upload
from pages._ui.pictures import strip
from pages._ui.words import label

SHAPES: Final = ("rectangle", "half", "circle", "drawing", "upload")
INK: Final = "#D55E00"


def mask_input(
    picture: originals.Original | None, *, key: str, shape: originals.Shape
) -> masks.Mask | None:
    """Let the reader mark what is to be new, and show picture and mask as they are used.

    Args:
        picture: what `picture_input` returned.
        key: its name, which begins with the lesson's number, e.g. "a172_mask".
        shape: the model's (C, H, W).

    Returns:
        (H, W) uint8 of 0 and 1; 1 is new content. None, with a sentence, while nothing is marked.
    """
    if picture is None:
        return None
    kind = choice("New is", SHAPES, SHAPES[0], key=f"{key}_shape")
    original = originals.picture(picture, shape)
    left, right = beside()
    with left:
        mask = _marked(kind, original, key, (shape[1], shape[2]))
    with right:
        if mask is None or not mask.any():
            strip([original])
            label("Nothing is marked yet, so nothing would be new.")
            return None
        strip([original, masks.picture(mask)])
    return mask


def _marked(kind: str, original: Picture, key: str, size: tuple[int, int]) -> masks.Mask | None:
    if kind == "half":
        return masks.half(size, choice("Which half", masks.SIDES, "right", key=f"{key}_side"))
    if kind == "drawing":
        return _drawn(original, key, size)
    if kind == "upload":
        return _uploaded(key, size)
    x = _percent("Centre, from the left", 50, f"{key}_x")
    y = _percent("Centre, from the top", 50, f"{key}_y")
    if kind == "circle":
        return masks.circle(size, x, y, _percent("Diameter", 50, f"{key}_diameter"))
    width = _percent("Width", 50, f"{key}_width")
    height = _percent("Height", 50, f"{key}_height")
    return masks.rectangle(size, x, y, width, height)


def _drawn(original: Picture, key: str, size: tuple[int, int]) -> masks.Mask | None:
    brush = slider("Brush", 4, 80, 40, key=f"{key}_brush")
    drawn = canvas(key=key, width=brush, color=INK, paper=original.pixels)
    return None if drawn is None else masks.from_drawing(drawn, size)


def _uploaded(key: str, size: tuple[int, int]) -> masks.Mask | None:
    picture = upload(key, "A mask, white where the picture is to be new")
    return None if picture is None else masks.from_picture(picture, size)


def _percent(name: str, value: int, key: str) -> float:
    """Ask for a share of the picture's side."""
    return slider(f"{name}, % of the side", 0, 100, value, key=key) / 100
