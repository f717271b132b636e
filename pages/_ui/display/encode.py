"""Images as PNG or WebP bytes, each encoded once however often it is shown."""

from __future__ import annotations

import base64
import hashlib
import io
import threading
from collections import OrderedDict
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_LIMIT: Final = 64 * 2**20
_cache: OrderedDict[str, bytes] = OrderedDict()
_size = 0
_lock = threading.Lock()


def png(pixels: NDArray[np.uint8]) -> bytes:
    """Encode one image as PNG, at its own size.

    Args:
        pixels: (H, W) grey or (H, W, 3) RGB, uint8.

    Returns:
        The file's bytes. At most 64 MB of them are kept, the least recently used go first.
    """
    return _encoded(pixels, "PNG")


def data_url(pixels: NDArray[np.uint8]) -> str:
    """Encode one image as a `data:` address, to stand inside HTML."""
    return data_url_of(png(pixels))


def data_url_of(content: bytes) -> str:
    """The same for a PNG file."""
    return "data:image/png;base64," + base64.b64encode(content).decode()


def frame_url(pixels: NDArray[np.uint8], noisy: bool = False) -> str:
    """The same for a frame of a trajectory as WebP, since PNG can't make noise small.

    Results themselves are PNG, exact to the last bit.

    Args:
        pixels: (H, W) grey or (H, W, 3) RGB, uint8.
        noisy: an image in noise may lose more, which nobody sees there.
    """
    content = _encoded(pixels, "noisy WEBP" if noisy else "WEBP")
    return "data:image/webp;base64," + base64.b64encode(content).decode()


def _encoded(pixels: NDArray[np.uint8], kind: Literal["PNG", "WEBP", "noisy WEBP"]) -> bytes:
    # Noise barely compresses and costs milliseconds an image, so the bytes are kept; the key is
    # the content itself, because two arrays that look alike to a cheaper key may differ.
    pixels = np.ascontiguousarray(pixels, dtype=np.uint8)
    content = repr((kind, pixels.shape)).encode() + pixels.tobytes()
    digest = hashlib.sha256(content).hexdigest()
    with _lock:
        if digest in _cache:
            _cache.move_to_end(digest)
            return _cache[digest]
    encoded = _encode(pixels, kind)
    with _lock:
        _keep(digest, encoded)
    return encoded


def _encode(pixels: NDArray[np.uint8], kind: str) -> bytes:
    buffer = io.BytesIO()
    options = {} if kind == "PNG" else {"quality": 25 if kind == "noisy WEBP" else 60}
    Image.fromarray(pixels).save(buffer, kind.removeprefix("noisy "), **options)
    return buffer.getvalue()


def _keep(digest: str, content: bytes) -> None:
    global _size
    if digest in _cache:
        return
    _cache[digest] = content
    _size += len(content)
    while _size > _LIMIT:
        _, oldest = _cache.popitem(last=False)
        _size -= len(oldest)
