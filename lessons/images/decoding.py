"""Decoding: the bytes of an image file become pixels, upright and in the colours meant.

`lessons.images.opening` runs this as a program, in a process of its own: a file can be made to keep
a decoder busy, or to break it, and then only that process ends.
"""

from __future__ import annotations

import io
import json
import struct
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from PIL import Image, UnidentifiedImageError

from lessons.images.colour_profiles import in_srgb
from lessons.images.fitting import fit

LARGEST: Final = 512
"""Shorter side of the largest result; no model here sees more."""

LONGEST: Final = 2
"""The longer side over the shorter one, at most; what is beyond is cut off at both ends."""

FORMATS: Final = ("PNG", "JPEG", "WEBP")
MOST_PIXELS: Final = 16_000_000
MOST_OF_A_JPEG: Final = 50_000_000
"""A JPEG may be larger, since it is scaled down while it is decoded."""

MOST_SCANS: Final = 200
"""A progressive JPEG has about ten; each one costs a trajectory over the whole image."""

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
_TOO_MANY_PIXELS: Final = (
    "This image has too many pixels; at most 16 million can be taken, 50 million of a JPEG."
)
_TOO_MANY_SCANS: Final = "This JPEG is stored in too many layers. Save it anew, then it will open."
_DAMAGED: Final = "This image is damaged or incomplete, and can't be read."
_RAISED_BY_PILLOW: Final = (
    OSError,  # cut off, or broken in the compressed part
    ValueError,  # a chunk that is too short, or too large when it is unpacked
    SyntaxError,  # chunks, segments or notes in an order or of a kind that there is not
    IndexError,
    KeyError,
    EOFError,
    struct.error,
    zlib.error,
    MemoryError,
)
"""What Pillow's readers raise on files that are damaged.

They say so in no document; these were seen with 74,000 damaged files, or are what Pillow itself
catches of its readers while it looks for the one that fits.
"""


class Refused(ValueError):
    """A file that can't be taken; the message is for the reader."""


def upright(content: bytes, paper: str = "white") -> Image.Image:
    """Decode a PNG, JPEG or WebP file, whatever its name says it is.

    It is turned as its camera says, brought from the colours of its profile into sRGB, and laid on
    paper where it is transparent. Of a trajectory the first frame is taken.

    Args:
        content: the file's bytes.
        paper: the colour of what is transparent.

    Returns:
        RGB; its shorter side has at most 512 pixels, its longer one at most twice as many as that.

    Raises:
        Refused: it is no such file, too large, or damaged.
    """
    image = decoded(content, FORMATS)
    plain = _eight_bits(image, content)
    shorter, longer = sorted(plain.size)
    short = min(shorter, LARGEST)
    long = min(round(longer * short / shorter), LONGEST * short)
    size = (short, long) if plain.width == shorter else (long, short)
    small = in_srgb(fit(plain, *size), image.info.get("icc_profile"))
    opaque = _on_paper(small, paper)
    return _turned(opaque, image)


def decoded(
    content: bytes, formats: tuple[str, ...], size: tuple[int, int] | None = None
) -> Image.Image:
    """Look at the size first, and only then let the pixels be unpacked.

    Args:
        content: a file's bytes.
        formats: which kinds of files may be meant.
        size: the only one that is allowed, or None.

    Raises:
        Refused: it is no such file, too large, or damaged.
    """
    try:
        with _pillow():
            image = Image.open(io.BytesIO(content), formats=formats)
    except _NoImage:
        raise Refused("This is no PNG, JPEG or WebP image, or it is damaged.") from None
    width, height = image.size
    jpeg = image.format not in ("PNG", "WEBP")  # some cameras' JPEGs go by another name
    if width * height > (MOST_OF_A_JPEG if jpeg else MOST_PIXELS):
        raise Refused(_TOO_MANY_PIXELS)
    if jpeg and content.count(b"\xff\xda") > MOST_SCANS:
        raise Refused(_TOO_MANY_SCANS)
    if size is not None and image.size != size:
        raise Refused(_DAMAGED)
    with _pillow():
        image.draft(image.mode, (LARGEST, LARGEST))
        image.load()
    return image


class _NoImage(Exception):
    """Pillow knows no such kind of file."""


@contextmanager
def _pillow() -> Iterator[None]:
    """Say in one sentence what Pillow's readers, which meet a bad file in many ways, found."""
    try:
        yield
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Refused(_TOO_MANY_PIXELS) from None
    except UnidentifiedImageError:
        raise _NoImage from None
    except _RAISED_BY_PILLOW:
        raise Refused(_DAMAGED) from None


def _eight_bits(image: Image.Image, content: bytes) -> Image.Image:
    """L, RGB or CMYK, or LA or RGBA where something is transparent.

    Raises:
        Refused: the pixels are numbers of colours that the file does not hold.
    """
    if image.mode == "P" and image.palette is None:
        raise Refused(_DAMAGED)
    clear = image.info.get("transparency")
    depth = content[24] if image.format == "PNG" else 8
    if image.mode in _SIXTEEN_BITS:
        return _from_sixteen_bits(image, clear)
    if image.mode == "1":
        image = image.convert("L")
    if isinstance(clear, int) and image.mode == "L" and depth in (2, 4):  # Pillow does it for 1
        image.info["transparency"] = clear * 255 // (2**depth - 1)
    if isinstance(clear, tuple) and depth == 16:
        image.info["transparency"] = tuple(value >> 8 for value in clear)
    if image.has_transparency_data:
        return image.convert("LA" if image.mode in ("L", "LA") else "RGBA")
    return image if image.mode in ("L", "RGB", "CMYK") else image.convert("RGB")


def _from_sixteen_bits(image: Image.Image, clear: object) -> Image.Image:
    import numpy as np  # most files do without, and are open before it is here

    deep = np.asarray(image).astype(np.uint16)
    grey = Image.fromarray((deep >> 8).astype(np.uint8))
    if not isinstance(clear, int):
        return grey
    alpha = Image.fromarray(np.where(deep == clear, 0, 255).astype(np.uint8))
    return Image.merge("LA", (grey, alpha))


def _on_paper(image: Image.Image, colour: str) -> Image.Image:
    if image.mode != "RGBA":
        return image
    paper = Image.new("RGBA", image.size, colour)
    return Image.alpha_composite(paper, image).convert("RGB")


def _turned(image: Image.Image, source_image: Image.Image) -> Image.Image:
    """Turn it as the camera says; notes that can't be read say nothing."""
    try:
        turn = _TURNS.get(source_image.getexif().get(_ORIENTATION))
    except _RAISED_BY_PILLOW:
        turn = None
    return image if turn is None else image.transpose(turn)


def _limit_memory() -> None:
    """Let a file that asks for more be refused, where the system knows such limits."""
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (2 * 2**30, 2 * 2**30))


def main() -> None:
    """Read a file from the standard input; write one line of JSON, then the pixels."""
    _limit_memory()
    out = sys.stdout.buffer
    try:
        image = upright(sys.stdin.buffer.read(), sys.argv[1])
    except Refused as refusal:
        out.write(json.dumps({"refused": str(refusal)}).encode() + b"\n")
    else:
        out.write(json.dumps({"size": image.size}).encode() + b"\n" + image.tobytes())


if __name__ == "__main__":
    main()
