"""Masks: which region of an image is regenerated, by a shape, a drawing or a file."""

from __future__ import annotations

from typing import Final

from lessons.images import masks, sources
from lessons.images.captioned import CaptionedImage
from pages._ui.display.images import strip
from pages._ui.inputs.canvas import canvas
from pages._ui.inputs.image_input import beside, upload
from pages._ui.inputs.numbers import choice, slider
from pages._ui.text.words import label

SHAPES: Final = ("rectangle", "half", "circle", "drawing", "upload")
INK: Final = "#D55E00"


def mask_input(
    image: sources.SourceImage | None, *, key: str, shape: sources.Shape
) -> masks.Mask | None:
    """Let the reader mark what is regenerated, and show image and mask as they are used.

    Args:
        image: what `image_input` returned.
        key: its name, which begins with the lesson's number, e.g. "a172_mask".
        shape: the model's (C, H, W).

    Returns:
        (H, W) uint8 of 0 and 1; 1 is regenerated. None, with a sentence, while nothing is marked.
    """
    if image is None:
        return None
    kind = choice("Mask, white = regenerated", SHAPES, SHAPES[0], key=f"{key}_shape")
    source_image = sources.image(image, shape)
    left, right = beside()
    with left:
        mask = _marked(kind, source_image, key, (shape[1], shape[2]))
    with right:
        if mask is None or not mask.any():
            strip([source_image])
            label("Nothing is marked yet, so nothing would be regenerated.")
            return None
        strip([source_image, masks.image(mask)])
    return mask


def _marked(
    kind: str, source_image: CaptionedImage, key: str, size: tuple[int, int]
) -> masks.Mask | None:
    if kind == "half":
        return masks.half(size, choice("Which half", masks.SIDES, "right", key=f"{key}_side"))
    if kind == "drawing":
        return _drawn(source_image, key, size)
    if kind == "upload":
        return _uploaded(key, size)
    x = _percent("Centre, from the left", 50, f"{key}_x")
    y = _percent("Centre, from the top", 50, f"{key}_y")
    if kind == "circle":
        return masks.circle(size, x, y, _percent("Diameter", 50, f"{key}_diameter"))
    width = _percent("Width", 50, f"{key}_width")
    height = _percent("Height", 50, f"{key}_height")
    return masks.rectangle(size, x, y, width, height)


def _drawn(source_image: CaptionedImage, key: str, size: tuple[int, int]) -> masks.Mask | None:
    brush = slider("Brush width", 4, 80, 40, key=f"{key}_brush")
    drawn = canvas(key=key, width=brush, color=INK, paper=source_image.pixels)
    return None if drawn is None else masks.from_drawing(drawn, size)


def _uploaded(key: str, size: tuple[int, int]) -> masks.Mask | None:
    what = "A mask, white where the image is regenerated, black or transparent where it is kept"
    image = upload(key, what, paper="black")
    return None if image is None else masks.from_image(image, size)


def _percent(name: str, value: int, key: str) -> float:
    """Ask for a share of the image's side."""
    return slider(f"{name}, % of the side", 0, 100, value, key=key) / 100
