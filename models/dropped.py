"""Data sets that somebody dropped into a folder: four IDX files each, named as MNIST's are.

Fashion-MNIST, for example: its four files in a folder `fashion-mnist` in `models/data`, or in the
folder that DIFFUSION_DATA names. Whatever other folder there holds four such files counts too.
"""

from __future__ import annotations

import functools
import hashlib
import re
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from models import environment, idx
from models.atomic import stamp
from models.mnist import BrokenData, Digits, Part

SIDE: Final = 28
_FILES: Final[dict[Part, tuple[str, str]]] = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


def root() -> Path:
    """The folder of dropped data sets: DIFFUSION_DATA, or `models/data`.

    Raises:
        ValueError: the setting is none.
    """
    return environment.folder("DIFFUSION_DATA", Path(__file__).parent / "data")


def names() -> list[str]:
    """The folders that hold four such files, sorted; MNIST itself, which ships, is none of them."""
    try:
        found = [path.name for path in root().iterdir() if path.name != "mnist"]
    except OSError:
        return []
    return sorted(name for name in found if _NAME.fullmatch(name) and _all_paths(name))


def digest(name: str) -> str:
    """Twelve hexadecimal digits of what a dropped data set holds.

    Raises:
        BrokenData: a file is missing, damaged or of another kind; the message says which.
    """
    return _digest(name, _stamps(name))


def load(name: str, part: Part) -> Digits:
    """One part of a dropped data set.

    Raises:
        BrokenData: a file is missing, damaged or of another kind; the message says which.
    """
    return _load(name, _stamps(name), part)


@functools.lru_cache(maxsize=16)
def _digest(name: str, stamps: tuple[object, ...]) -> str:
    digest = hashlib.sha256()
    for part in _FILES:
        one = _load(name, stamps, part)
        digest.update(one.images.numpy().tobytes() + one.labels.numpy().tobytes())
    return digest.hexdigest()[:12]


@functools.lru_cache(maxsize=4)
def _load(name: str, _: tuple[object, ...], part: Part) -> Digits:  # new files, new entry
    images, labels = (_read(name, file) for file in _FILES[part])
    if images.shape[1:] != (SIDE, SIDE):
        raise BrokenData(f"The images of “{name}” are not {SIDE}×{SIDE}.")
    if labels.shape != images.shape[:1] or labels.max() > 9:
        raise BrokenData(f"The labels of “{name}” don't fit its images: one of 0 to 9 for each.")
    return Digits(torch.from_numpy(images)[:, None], torch.from_numpy(labels).long())


def _read(name: str, file: str) -> NDArray[np.uint8]:
    path = _path(name, file)
    if path is None:
        raise BrokenData(f"The file {file} of “{name}” is missing.")
    try:
        found = idx.read(path.read_bytes(), f"The file {path.name} of “{name}”")
    except (OSError, ValueError) as error:
        raise BrokenData(str(error)) from None
    if found.holds_images != ("images" in file):
        raise BrokenData(f"The file {path.name} of “{name}” holds something else than it says.")
    return found.values


def _path(name: str, file: str) -> Path | None:
    folder = root() / name
    return next((p for p in (folder / file, folder / f"{file}.gz") if p.is_file()), None)


def _all_paths(name: str) -> tuple[Path, ...]:
    """Its four files, or ()."""
    paths = [_path(name, file) for part in _FILES.values() for file in part]
    here = tuple(path for path in paths if path)
    return here if len(here) == len(paths) else ()


def _stamps(name: str) -> tuple[object, ...]:
    paths = _all_paths(name) if _NAME.fullmatch(name) else ()
    if not paths:
        raise BrokenData(f"The data set “{name}” is not in the folder of data sets (any more).")
    return tuple((path, stamp(path)) for path in paths)
