"""Small data sets and the files that they come in."""

import gzip
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.storm.bad_uploads import encoded, zip_of
from models import idx

IMAGES = np.random.default_rng(1).integers(0, 256, (24, 28, 28), dtype=np.uint8)
LABELS = np.arange(24, dtype=np.uint8) % 3


def png(pixels: NDArray[np.uint8]) -> bytes:
    """One image as a PNG file."""
    return encoded(Image.fromarray(pixels), "PNG")


def zip_of_images(folders: tuple[str, ...] = ("boot", "coat", "bag")) -> bytes:
    """`IMAGES` in folders by their labels; without folders all in one place."""
    place = (lambda label: f"{folders[label]}/") if folders else (lambda _: "")
    names = [f"{place(label)}{i:02d}.png" for i, label in enumerate(LABELS)]
    return zip_of({name: png(image) for name, image in zip(names, IMAGES, strict=True)})


def drop(folder: Path, packed: bool = True, part: int = 8) -> None:
    """Write a data set's four IDX files, the last `part` images being for measuring."""
    folder.mkdir(parents=True)
    for name, images, labels in (
        ("train", IMAGES[:-part], LABELS[:-part]),
        ("t10k", IMAGES[-part:], LABELS[-part:]),
    ):
        for kind, values in (("images-idx3", images), ("labels-idx1", labels)):
            content = idx.written(values)
            path = folder / f"{name}-{kind}-ubyte{'.gz' if packed else ''}"
            path.write_bytes(gzip.compress(content) if packed else content)
