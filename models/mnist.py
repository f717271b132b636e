"""MNIST, from the four original files that the project carries."""

from __future__ import annotations

import functools
import gzip
import hashlib
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import Tensor

Part = Literal["train", "test"]

FOLDER = Path(__file__).parent / "data" / "mnist"

# md5 of the unpacked files, as published with the database.
_FILES: dict[Part, tuple[tuple[str, str], tuple[str, str]]] = {
    "train": (
        ("train-images-idx3-ubyte", "6bbc9ace898e44ae57da46a324031adb"),
        ("train-labels-idx1-ubyte", "a25bea736e30d166cdddb491f175f624"),
    ),
    "test": (
        ("t10k-images-idx3-ubyte", "2646ac647ad5339dbf082846283269ea"),
        ("t10k-labels-idx1-ubyte", "27ae3e4e09519cfbb04c329615203637"),
    ),
}


class BrokenData(Exception):
    """A file of the data set is missing or not what was published; the message says which."""


@dataclass(frozen=True)
class Digits:
    """One part of MNIST.

    Attributes:
        images: (N, 1, 28, 28) uint8, 0 = background.
        labels: (N,) int64, 0 to 9.
    """

    images: Tensor
    labels: Tensor


@functools.cache
def load(part: Part) -> Digits:
    """Load the 60,000 training or 10,000 test digits.

    Raises:
        BrokenData: a file is missing or damaged.
    """
    images, labels = (_unpack(FOLDER, name, md5) for name, md5 in _FILES[part])
    return Digits(
        images=torch.from_numpy(_array(images, header=16)).view(-1, 1, 28, 28),
        labels=torch.from_numpy(_array(labels, header=8)).long(),
    )


def first_of_each(digits: Digits, count: int) -> Digits:
    """The first images, `count` or as many as there are; before all, one of each class in order."""
    first = [
        int((digits.labels == label).nonzero()[0]) for label in sorted(set(digits.labels.tolist()))
    ]
    rest = [i for i in range(min(len(digits.labels), count + len(first))) if i not in first]
    chosen = (first + rest)[:count]
    return Digits(digits.images[chosen], digits.labels[chosen])


def unit_range(images: Tensor) -> Tensor:
    """Turn stored pixels 0..255 into the networks' range [0, 1], float32."""
    return images.float() / 255


def _unpack(folder: Path, name: str, md5: str) -> bytes:
    path = folder / f"{name}.gz"
    advice = "Restore it from the project's repository (git checkout models/data/mnist)."
    try:
        content = gzip.decompress(path.read_bytes())
    except FileNotFoundError:
        raise BrokenData(f"The MNIST file {path.name} is missing. {advice}") from None
    except (OSError, EOFError, zlib.error):
        raise BrokenData(f"The MNIST file {path.name} is damaged. {advice}") from None
    if hashlib.md5(content, usedforsecurity=False).hexdigest() != md5:
        raise BrokenData(f"The MNIST file {path.name} is not the published one. {advice}")
    return content


def _array(content: bytes, header: int) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    return np.frombuffer(content, dtype=np.uint8, offset=header).copy()
