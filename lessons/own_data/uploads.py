"""Uploads become small images and labels, or one sentence that says why not.

`lessons.own_data.opening` runs this as a program, in a process of its own with limits of time and
memory. It needs no torch, and nothing here writes a file, runs anything or unpickles.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lessons.images.decoding import upright
from lessons.images.fitting import fit
from lessons.own_data import zipped
from lessons.own_data.names import CLASSES, shown
from models import idx

SIDE: Final = 28
FEWEST: Final = 10
MOST_IMAGES: Final = 60_000
SMALLEST_SIDE: Final = 8
LARGEST_SIDE: Final = 64
"""Of the images in an IDX file."""

MEMORY: Final = 3 * 2**30


@dataclass(frozen=True)
class Uploaded:
    """Images that were read.

    Attributes:
        images: (N, 28, 28) uint8.
        labels: (N,) uint8, 0 to 9; None where none were given.
        classes: what the labels are called, by number; () where there are none.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8] | None
    classes: tuple[str, ...] = ()


def read(files: Mapping[str, bytes], exchange: bool = False) -> Uploaded:
    """Read an upload: a zip of images or IDX files, or an IDX file and its labels beside it.

    In a zip of images the folder's name is the label. Images of another size are cropped to their
    central square and scaled to 28×28, colours become grey.

    Args:
        files: content by name.
        exchange: exchange black and white, for dark things on a light ground.

    Raises:
        ValueError: it can't be taken; one sentence for the reader.
    """
    if not files:
        raise ValueError("No file was given.")
    if len(files) == 1 and next(iter(files.values()))[:2] == b"PK":
        files = zipped.members(next(iter(files.values())))
        if not files:
            raise ValueError("This zip holds no file.")
    if all(idx.looks_like_idx(content) for content in files.values()):
        found = _from_idx(files)
    elif any(idx.looks_like_idx(content) for content in files.values()):
        raise ValueError("Some of these are IDX files and others not: give one kind alone.")
    else:
        found = _from_images(files, "white" if exchange else "black")
    count = len(found.images)
    if not FEWEST <= count <= MOST_IMAGES:
        raise ValueError(
            f"A data set needs {FEWEST} to {MOST_IMAGES:,} images; this one has {count:,}."
        )
    if exchange:
        return Uploaded(255 - found.images, found.labels, found.classes)
    return found


def _from_idx(files: Mapping[str, bytes]) -> Uploaded:
    """One file of images, and one of labels or none."""
    if len(files) > 2:
        raise ValueError("Give one IDX file of images, and one of labels where there are labels.")
    grids = {name: idx.read(content, shown(name)) for name, content in files.items()}
    images = [grid.values for grid in grids.values() if grid.holds_images]
    labels = [grid.values for grid in grids.values() if not grid.holds_images]
    if len(images) != 1:
        raise ValueError(f"There must be one IDX file of images; here are {len(images)}.")
    _, height, width = images[0].shape
    if not all(SMALLEST_SIDE <= side <= LARGEST_SIDE for side in (height, width)):
        raise ValueError(
            f"These images have {width}×{height} pixels; {SMALLEST_SIDE} to {LARGEST_SIDE} "
            "a side are taken."
        )
    if not labels:
        return Uploaded(_small(images[0]), None)
    if len(labels[0]) != len(images[0]):
        raise ValueError(
            f"There are {len(images[0]):,} images and {len(labels[0]):,} labels; each image "
            "needs one."
        )
    if labels[0].max() >= CLASSES:
        raise ValueError(f"A label is {labels[0].max()}; 0 to {CLASSES - 1} are taken.")
    return Uploaded(_small(images[0]), labels[0], tuple(map(str, range(labels[0].max() + 1))))


def _small(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if images.shape[1:] == (SIDE, SIDE):
        return images
    return np.stack([np.asarray(fit(Image.fromarray(one), SIDE, SIDE)) for one in images])


def _from_images(files: Mapping[str, bytes], paper: str) -> Uploaded:
    """Images whose folders are their labels, where they lie in more than one."""
    folders = [PurePosixPath(name).parent.name for name in files]
    kinds = sorted(set(folders))
    if len(kinds) > CLASSES:
        raise ValueError(f"This zip has images in {len(kinds)} folders; at most 10 are taken.")
    if len(kinds) > 1 and "" in kinds:
        raise ValueError("Some images lie in a folder and others beside it; labels need all in.")
    images = np.stack([_decoded(name, content, paper) for name, content in files.items()])
    if len(kinds) == 1:
        return Uploaded(images, None)
    digits = all(len(kind) == 1 and kind in "0123456789" for kind in kinds)
    # Digits keep their own numbers, so that a set of 3 and 8 alone asks for 3 and 8.
    number = {kind: int(kind) if digits else place for place, kind in enumerate(kinds)}
    classes = tuple(map(str, range(max(number.values()) + 1))) if digits else tuple(kinds)
    labels = np.array([number[folder] for folder in folders], np.uint8)
    return Uploaded(images, labels, tuple(shown(name)[1:-1] for name in classes))


def _decoded(name: str, content: bytes, paper: str) -> NDArray[np.uint8]:
    try:
        image = upright(content, paper)
    except ValueError as refusal:
        raise ValueError(f"{shown(name)}: {refusal}") from None
    return np.asarray(fit(image.convert("L"), SIDE, SIDE))


def packed(files: Mapping[str, bytes], exchange: bool) -> bytes:
    """What this program reads from its standard input."""
    sizes = [[name, len(content)] for name, content in files.items()]
    head = json.dumps({"files": sizes, "exchange": exchange}).encode() + b"\n"
    return head + b"".join(files.values())


def main() -> None:
    """Read files from the standard input; write one line of JSON, then images and labels."""
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    source, out = sys.stdin.buffer, sys.stdout.buffer
    head = json.loads(source.readline())
    body = io.BytesIO(source.read())
    try:
        found = read({name: body.read(size) for name, size in head["files"]}, head["exchange"])
    except ValueError as refusal:
        out.write(json.dumps({"refused": str(refusal)}).encode() + b"\n")
        return
    said = {"count": len(found.images), "classes": found.classes}
    labels = b"" if found.labels is None else found.labels.tobytes()
    out.write(json.dumps({**said, "labelled": found.labels is not None}).encode() + b"\n")
    out.write(found.images.tobytes() + labels)


if __name__ == "__main__":
    main()
