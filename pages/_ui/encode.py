"""Pictures as PNG bytes, each encoded once however often it is shown."""

from __future__ import annotations

import base64
import hashlib
import io
import threading
from collections import OrderedDict
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_LIMIT: Final = 64 * 2**20
_cache: OrderedDict[str, bytes] = OrderedDict()
_size = 0
_lock = threading.Lock()


def png(pixels: NDArray[np.uint8]) -> bytes:
    """Encode one picture as PNG, at its own size.

    Args:
        pixels: (H, W) grey or (H, W, 3) RGB, uint8.

    Returns:
        The file's bytes. At most 64 MB of them are kept, the least recently used go first.
    """
    # Noise barely compresses and costs milliseconds a picture, so the bytes are kept; the key is
    # the content itself, because two arrays that look alike to a cheaper key may differ.
    pixels = np.ascontiguousarray(pixels, dtype=np.uint8)
    digest = hashlib.sha256(repr(pixels.shape).encode() + pixels.tobytes()).hexdigest()
    with _lock:
        if digest in _cache:
            _cache.move_to_end(digest)
            return _cache[digest]
    content = _encode(pixels)
    with _lock:
        _keep(digest, content)
    return content


def data_url(pixels: NDArray[np.uint8]) -> str:
    """Encode one picture as a `data:` address, to stand inside HTML."""
    return "data:image/png;base64," + base64.b64encode(png(pixels)).decode()


def _encode(pixels: NDArray[np.uint8]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
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
