"""The pictures that the project carries (licences: data/pictures/LICENSES.md)."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

FOLDER = Path(__file__).parent / "data" / "pictures"


class MissingPicture(Exception):
    """A picture of the project is missing or damaged; the message says which."""


@functools.cache
def load_picture(name: str) -> Tensor:
    """Load one of the project's pictures.

    Args:
        name: the file's name without ".png", e.g. "tower".

    Returns:
        (1, 3, 64, 64) float32 in [-1, 1]. It is shared: never change it in place.

    Raises:
        MissingPicture: there is no such picture, or it cannot be read.
    """
    path = FOLDER / f"{name}.png"
    try:
        with Image.open(path) as image:
            pixels = np.array(image.convert("RGB"))
    except OSError:
        raise MissingPicture(
            f"The picture {path.name} is missing or damaged. "
            "Restore it from the project's repository (git checkout models/data/pictures)."
        ) from None
    return torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 127.5 - 1
