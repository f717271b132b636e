"""IDX: the file format of MNIST and its relatives, read from bytes that a stranger may have made.

Nothing in such a file is executed. Its header says how many bytes must follow, and a file with more
or fewer of them is refused before an array is made.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from math import prod
from typing import Final

import numpy as np
from numpy.typing import NDArray

GZIP: Final = b"\x1f\x8b"
BYTES: Final = 0x08
"""The format's code for numbers from 0 to 255, the only ones that images and labels have here."""

MOST_VALUES: Final = 70_000 * 28 * 28
"""Of one file, unpacked: as many as all images of MNIST have."""

_KINDS: Final = {
    0x09: "signed bytes",
    0x0B: "16-bit numbers",
    0x0C: "32-bit numbers",
    0x0D: "floats",
    0x0E: "doubles",
}


@dataclass(frozen=True)
class Grid:
    """What an IDX file holds.

    Attributes:
        values: uint8, of the shape that the header says: (N, H, W) images or (N,) labels.
    """

    values: NDArray[np.uint8]

    @property
    def holds_images(self) -> bool:
        """Whether these are images, and not labels."""
        return self.values.ndim == 3


def looks_like_idx(content: bytes) -> bool:
    """Whether these bytes could be an IDX file, packed with gzip or not."""
    return content[:2] == GZIP or (len(content) >= 4 and content[:2] == b"\0\0")


def read(content: bytes, name: str = "This file", most: int = MOST_VALUES) -> Grid:
    """Read an IDX file of bytes, packed with gzip or not.

    Source: the format is described on the page of MNIST by LeCun, Cortes and Burges.

    Args:
        content: the file's bytes.
        name: what the sentences call it.
        most: how many values are allowed.

    Raises:
        ValueError: it is no such file, damaged, cut off, too large, or holds other numbers than
            bytes; one sentence for the reader.
    """
    plain = unpacked(content, name, most + 16) if content[:2] == GZIP else content
    if len(plain) < 4 or plain[:2] != b"\0\0" or plain[3] not in (1, 3):
        raise ValueError(f"{name} is no IDX file of images or labels.")
    if plain[2] != BYTES:
        kind = _KINDS.get(plain[2], "something else")
        raise ValueError(f"{name} holds {kind}; images and labels must be bytes, 0 to 255.")
    start = 4 + 4 * plain[3]
    if len(plain) < start:
        raise ValueError(f"{name} is cut off within its header.")
    shape = tuple(int(n) for n in np.frombuffer(plain[4:start], ">u4"))
    count = prod(shape)
    if count > most:
        raise ValueError(f"{name} says that it holds {count:,} values; at most {most:,} are taken.")
    if not count:
        raise ValueError(f"{name} says that it holds nothing.")
    if len(plain) - start != count:
        raise ValueError(
            f"{name} is damaged: its header says {count:,} values, {len(plain) - start:,} follow."
        )
    return Grid(np.frombuffer(plain, np.uint8, offset=start).reshape(shape).copy())


def unpacked(content: bytes, name: str, most: int) -> bytes:
    """Unpack gzip, and stop where it becomes more than `most` bytes.

    Raises:
        ValueError: it is more, damaged or cut off; one sentence for the reader.
    """
    unzip = zlib.decompressobj(wbits=31)
    try:
        plain = unzip.decompress(content, most + 1)
    except zlib.error:
        raise ValueError(f"{name} is packed with gzip and damaged.") from None
    if len(plain) > most:
        raise ValueError(f"{name} becomes more than {most:,} bytes when it is unpacked.")
    if not unzip.eof or unzip.unused_data:
        raise ValueError(f"{name} is packed with gzip and cut off or damaged.")
    return plain


def written(values: NDArray[np.uint8]) -> bytes:
    """The IDX file of images (N, H, W) or labels (N,)."""
    head = bytes((0, 0, BYTES, values.ndim)) + np.array(values.shape, ">u4").tobytes()
    return head + values.astype(np.uint8).tobytes()
