"""Colour profiles: the numbers in a file become those of sRGB, which screens and models mean."""

from __future__ import annotations

import io
from typing import Any, Final

from PIL import Image, ImageCms

_PIXELS: Final = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}
"""Which of Pillow's modes a profile's space describes."""


def in_srgb(image: Image.Image, profile: Any) -> Image.Image:
    """Bring an image from the space of its profile into sRGB, its transparency left as it is.

    Args:
        image: L, LA, RGB, RGBA or CMYK.
        profile: an ICC profile's bytes; what is none, or belongs to other pixels, says nothing.

    Returns:
        RGB, or RGBA if there was transparency.
    """
    clear = image.mode in ("LA", "RGBA")
    colours = image.convert(image.mode.removesuffix("A")) if clear else image
    converted = _converted(colours, profile) if isinstance(profile, bytes) else None
    result = converted or colours.convert("RGB")
    if clear:
        result.putalpha(image.getchannel("A"))
    return result


def _converted(image: Image.Image, profile: bytes) -> Image.Image | None:
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        mode = _PIXELS.get(source.profile.xcolor_space.strip())
    except (OSError, UnicodeDecodeError):  # it is no profile, or its space has no name
        return None
    if mode == "RGB" and image.mode == "L":
        image = image.convert("RGB")
    if image.mode != mode:
        return None
    try:
        return ImageCms.profileToProfile(
            image,
            source,
            ImageCms.createProfile("sRGB"),
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode="RGB",
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except ImageCms.PyCMSError:  # it says nothing of colours that are shown
        return None
