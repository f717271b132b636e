"""Opening: bytes that a stranger sent become pixels, or one sentence that says why not."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from pathlib import Path
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from lessons.images.decoding import MOST_OF_A_JPEG, MOST_PIXELS, decoded

log = logging.getLogger(__name__)

MOST_BYTES: Final = 12 * 2**20
"""The setting `maxUploadSize` says the same."""

MOST_DRAWN: Final = 5 * 2**20
SECONDS: Final = 6.0
"""What a file may take to be decoded, and to wait until its turn comes."""

AT_ONCE: Final = 2
LIMITS: Final = (
    f"at most {MOST_BYTES >> 20} MB and {MOST_PIXELS // 10**6} million pixels, "
    f"a JPEG {MOST_OF_A_JPEG // 10**6} million"
)
"""In words, for whoever asks for a file."""

_PROJECT: Final = Path(__file__).parents[2]
_places = threading.BoundedSemaphore(AT_ONCE)


def open_image(
    content: bytes, paper: Literal["white", "black"] = "white", *, seconds: float = SECONDS
) -> NDArray[np.uint8]:
    """Open a PNG, JPEG or WebP file as `lessons.images.decoding.upright` does, and in limited time.

    Args:
        content: the file's bytes.
        paper: the colour of what is transparent.
        seconds: how long it may take.

    Returns:
        (H, W, 3) RGB uint8; the shorter side is ≤ 512, the longer one at most twice the shorter.

    Raises:
        ValueError: it is no such file, too large, damaged, or takes too long; the message is for
            the reader.
    """
    if not content:
        raise ValueError("This file is empty.")
    if len(content) > MOST_BYTES:
        size = f"{len(content) / 2**20:.1f} MB"
        raise ValueError(f"This file has {size}; at most {MOST_BYTES >> 20} MB can be taken.")
    if not _places.acquire(timeout=SECONDS):
        raise ValueError("Several images are being opened right now. Try again in a moment.")
    try:
        return _decoded_apart(content, paper, seconds)
    finally:
        _places.release()


def open_drawing(content: bytes, side: int) -> NDArray[np.uint8]:
    """Open the image of a canvas, which comes from a browser too; its size bounds the work.

    Args:
        content: a PNG file's bytes.
        side: the canvas's side, in pixels.

    Returns:
        (side, side, 4) RGBA uint8.

    Raises:
        ValueError: it is no PNG of that size.
    """
    if len(content) > MOST_DRAWN:
        raise ValueError("This drawing has more than 5 MB.")
    return np.array(decoded(content, ("PNG",), size=(side, side)).convert("RGBA"))


def _decoded_apart(content: bytes, paper: str, seconds: float) -> NDArray[np.uint8]:
    """Let a process of its own decode it: that one can be ended, whatever it is busy with."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", "lessons.images.decoding", paper],
            cwd=_PROJECT,
            input=content,
            capture_output=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ValueError(f"This image takes more than {seconds:g} s to open.") from None
    if done.returncode < 0:
        log.warning("decoding an image ended with signal %d", -done.returncode)
        raise ValueError("This image can't be opened.")
    if done.returncode:
        raise RuntimeError(f"decoding failed: {done.stderr.decode(errors='replace')}")
    head, _, pixels = done.stdout.partition(b"\n")
    said = json.loads(head)
    if "refused" in said:
        raise ValueError(said["refused"])
    width, height = said["size"]
    return np.frombuffer(pixels, np.uint8).reshape(height, width, 3).copy()
