"""Data sets as images on a page, and as a file to take along."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lessons.images.captioned import CaptionedImage
from lessons.own_data import parts, sets
from models import idx

ROW: Final = 10
ROWS: Final = 2


def drawn_rows(
    drawn: Sequence[tuple[NDArray[np.uint8], int]],
) -> tuple[tuple[CaptionedImage, ...], ...]:
    """Drawings (28, 28) and the digits that they shall be, ten in a row, the newest last."""
    images = [CaptionedImage(p, f"{label}", f"your drawing, a {label}") for p, label in drawn]
    return _in_rows(images)


def newest_rows(
    images: NDArray[np.uint8], labels: NDArray[np.uint8]
) -> tuple[tuple[CaptionedImage, ...], ...]:
    """The newest drawings (N, 28, 28) of a class with their numbers from 1, the newest first."""
    numbers = range(len(labels), max(len(labels) - ROW * ROWS, 0), -1)
    return _in_rows(
        [
            CaptionedImage(
                images[n - 1], f"{n}: a {labels[n - 1]}", f"drawing {n}, a {labels[n - 1]}"
            )
            for n in numbers
        ]
    )


def first_rows(name: str) -> tuple[tuple[CaptionedImage, ...], ...]:
    """The first images of a data set, with their labels in words.

    Raises:
        ValueError: it is not here, or damaged.
    """
    classes = sets.find(name).classes
    train = parts.load(name, "train")
    images = []
    for pixels, label in zip(train.images[: ROW * ROWS, 0], train.labels.tolist(), strict=False):
        word = classes[label] if label < len(classes) else ""
        images.append(
            CaptionedImage(
                pixels.numpy(),
                word,
                f"a training image of a {word}" if word else "an image without a label",
            )
        )
    return _in_rows(images)


def as_zip(name: str) -> bytes:
    """A set that a reader kept as a zip of IDX files; uploaded again it is the same set.

    Raises:
        ValueError: it is not here, or damaged.
    """
    images, labels = sets.arrays(name)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("images-idx3-ubyte", idx.written(images))
        if sets.find(name).labelled:
            archive.writestr("labels-idx1-ubyte", idx.written(labels))
    return packed.getvalue()


def _in_rows(images: Sequence[CaptionedImage]) -> tuple[tuple[CaptionedImage, ...], ...]:
    return tuple(tuple(images[i : i + ROW]) for i in range(0, len(images), ROW))
