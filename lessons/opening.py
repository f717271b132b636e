"""Opening: bytes that a stranger sent become pixels, or one sentence that says why not."""

from __future__ import annotations

import io
import threading
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

MOST_BYTES: Final = 5 * 2**20
MOST_PIXELS: Final = 16_000_000
LARGEST: Final = 512
"""Side of the largest result; no model here sees more."""

FORMATS: Final = ("PNG", "JPEG", "WEBP")
_SIXTEEN_BITS: Final = ("I", "I;16", "I;16B", "I;16L", "I;16N")
_ORIENTATION: Final = 0x0112
_TURNS: Final[dict[object, Image.Transpose]] = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_TOO_MANY_PIXELS: Final = "This picture has too many pixels; at most 16 million can be taken."

# A large picture takes 16 bytes a pixel for a moment: one at a time, for all readers together.
_one_at_a_time = threading.Lock()


def open_picture(content: bytes) -> NDArray[np.uint8]:
    """Open a PNG, JPEG or WebP file, whatever its name says it is.

    It is turned as its camera says, set on white where it is transparent, and cropped to a square
    around its centre. Of a film the first frame is taken.

    Args:
        content: the file's bytes.

    Returns:
        (S, S, 3) RGB uint8, S ≤ 512.

    Raises:
        ValueError: it is no such file, too large, or damaged; the message is for the reader.
    """
    if not content:
        raise ValueError("This file is empty.")
    if len(content) > MOST_BYTES:
        raise ValueError(f"This file has {len(content) / 2**20:.1f} MB; at most 5 MB can be taken.")
    with _one_at_a_time:
        return np.array(_square(_decoded(content, FORMATS)))


def open_drawing(content: bytes, side: int) -> NDArray[np.uint8]:
    """Open the picture of a canvas, which comes from a browser too.

    Args:
        content: a PNG file's bytes.
        side: the canvas's side, in pixels.

    Returns:
        (side, side, 4) RGBA uint8.

    Raises:
        ValueError: it is no PNG of that size.
    """
    if len(content) > MOST_BYTES:
        raise ValueError("This drawing has more than 5 MB.")
    with _one_at_a_time:
        return np.array(_decoded(content, ("PNG",), size=(side, side)).convert("RGBA"))


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


def _decoded(
    content: bytes, formats: tuple[str, ...], size: tuple[int, int] | None = None
) -> Image.Image:
    """Look at the size first, and only then let the pixels be unpacked."""
    try:
        image = Image.open(io.BytesIO(content), formats=formats)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise ValueError(_TOO_MANY_PIXELS) from None
    except UnidentifiedImageError:
        raise ValueError("This is no PNG, JPEG or WebP picture, or it is damaged.") from None
    except Exception:
        raise _damaged() from None
    width, height = image.size
    if width * height > MOST_PIXELS:
        raise ValueError(_TOO_MANY_PIXELS)
    if size is not None and image.size != size:
        raise _damaged()
    # Pillow's readers meet a damaged file with almost any exception, so all of them count.
    try:
        image.draft(image.mode, (LARGEST, LARGEST))
        image.load()
        return image
    except Exception:
        raise _damaged() from None


def _square(image: Image.Image) -> Image.Image:
    try:
        side = min(*image.size, LARGEST)
        plain = _eight_bits(image)
        return _upright(_on_white(fit(plain, side, side)), image)
    except Exception:
        raise _damaged() from None


def _eight_bits(image: Image.Image) -> Image.Image:
    """RGB, or RGBA where something is transparent."""
    if image.mode in _SIXTEEN_BITS:
        deep = np.asarray(image).astype(np.uint16)
        return Image.fromarray((deep >> 8).astype(np.uint8)).convert("RGB")
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode != "RGBA":
        return image
    paper = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(paper, image).convert("RGB")


def _upright(square: Image.Image, original: Image.Image) -> Image.Image:
    """Turn it as the camera says; notes that can't be read say nothing."""
    try:
        turn = _TURNS.get(original.getexif().get(_ORIENTATION))
    except Exception:
        turn = None
    return square if turn is None else square.transpose(turn)


def _damaged() -> ValueError:
    return ValueError("This picture is damaged or incomplete, and can't be read.")
