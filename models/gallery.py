"""The images in the box: drawings, photographs, digits, each with its source and licence.

A folder of `data/` with a `gallery.json` is a part of the gallery; licences are told in full beside
the images.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Annotated, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, TypeAdapter

from models import mnist

FOLDER: Final = Path(__file__).parent / "data"
ORDER: Final = ("pictures", "gallery", "photographs")
"""The tower, then drawings, then photographs; folders added later follow by name."""

Words = Annotated[str, Field(min_length=1, max_length=200)]


class MissingImage(ValueError):
    """An image of the gallery is missing or damaged; the message says which."""


class GalleryImage(BaseModel):
    """One image of the gallery.

    Attributes:
        file: its file's name, which may have no folder in it.
        title: two or three words, each entry's own.
        prompt: what a text-to-image model would be asked for to get it.
        source: where it comes from.
        author: who made it, or "".
        licence: the licence's short name.
    """

    model_config = ConfigDict(frozen=True)

    file: Annotated[str, Field(pattern=r"^[A-Za-z0-9][\w.-]*\.(png|jpg|webp)$")]
    title: Words
    prompt: Annotated[Words, Field(validation_alias=AliasChoices("prompt", "caption"))]
    source: Words
    author: str = ""
    licence: Words

    @property
    def name(self) -> str:
        """What the image is asked for by: its file's name without the ending."""
        return self.file.rpartition(".")[0]


_LIST: Final = TypeAdapter(tuple[GalleryImage, ...])


def entries() -> tuple[GalleryImage, ...]:
    """List the coloured images: the tower, drawings, photographs.

    Raises:
        MissingImage: a list can't be read, or names an image twice.
    """
    return tuple(entry for entry, _ in _shelf(FOLDER).values())


def digits() -> tuple[GalleryImage, ...]:
    """List ten test digits of MNIST, the first of each class; no network here trained on them."""
    return tuple(
        GalleryImage(
            file=f"digit-{label}.png",
            title=f"Test digit {label}",
            prompt=f"a handwritten {label}",
            source="MNIST, test part",
            author="Y. LeCun, C. Cortes, C. J. C. Burges",
            licence="as published by its authors",
        )
        for label in range(10)
    )


@functools.cache
def pixels(name: str) -> NDArray[np.uint8]:
    """Load one image at the size it is kept in.

    Args:
        name: an entry's name, e.g. "tower" or "digit-3".

    Returns:
        (H, W, 3) RGB, or (28, 28) grey for a digit, uint8. It is shared and can't be written to.

    Raises:
        MissingImage: there is no such image, or it cannot be read.
        BrokenData: it is a digit, and MNIST's files are missing or damaged.
    """
    image = _digit(name) if name in {entry.name for entry in digits()} else _image(name)
    image.flags.writeable = False
    return image


def _digit(name: str) -> NDArray[np.uint8]:
    test = mnist.load("test")
    first = int((test.labels == int(name[-1])).nonzero()[0])
    return test.images[first, 0].numpy().copy()


def _image(name: str) -> NDArray[np.uint8]:
    shelf = _shelf(FOLDER)
    if name not in shelf:
        raise MissingImage("There is no image of this name in the gallery.")
    entry, path = shelf[name]
    try:
        with Image.open(path, formats=("PNG", "JPEG", "WEBP")) as image:
            drawn = image.convert("RGBA")
    except OSError:
        raise MissingImage(
            f"The image {entry.file} is missing or damaged. {_advice(path)}"
        ) from None
    paper = Image.new("RGBA", drawn.size, "white")
    return np.array(Image.alpha_composite(paper, drawn).convert("RGB"))


@functools.cache
def _shelf(folder: Path) -> dict[str, tuple[GalleryImage, Path]]:
    """Read all lists once: name → entry and the image's path, in the gallery's order."""
    lists = {path.parent.name: path for path in sorted(folder.glob("*/gallery.json"))}
    ordered = [lists.pop(name) for name in ORDER if name in lists] + list(lists.values())
    shelf: dict[str, tuple[GalleryImage, Path]] = {}
    for path in ordered:
        for entry in _read(path):
            if entry.name in shelf:
                raise MissingImage(f"Two images of the gallery are called {entry.name}.")
            shelf[entry.name] = entry, path.parent / entry.file
    return shelf


def _read(path: Path) -> tuple[GalleryImage, ...]:
    try:
        return _LIST.validate_json(path.read_bytes())
    except (OSError, ValueError):
        raise MissingImage(
            f"The list {path.parent.name}/{path.name} can't be read. {_advice(path)}"
        ) from None


def _advice(path: Path) -> str:
    return (
        f"Restore it from the project's repository (git checkout models/data/{path.parent.name})."
    )
