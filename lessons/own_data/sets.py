"""The data sets that are here: MNIST, those dropped into a folder, and those that readers kept.

A kept set is a folder in `.data` among the runs, named by its name and by what it holds:

    images.safetensors   images (N, 28, 28) and labels (N,), uint8
    about.json           name, classes, whether it has labels; written last
    owner.json           the hash of the token of the browser that kept it

Its name is a promise: the same name is the same images, to the last bit, or it is refused. So a
run that is resumed, or trained again elsewhere, sees what it saw before. This module needs no
torch.
"""

from __future__ import annotations

import functools
import hashlib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from lessons.own_data.names import MNIST, is_data_name
from lessons.training.runs import files
from models.atomic import stamp

if TYPE_CHECKING:
    from models.mnist import Digits, Part

FOLDER: Final = ".data"
"""Among the runs, whose limit of size counts it; its name is none that a run can have."""

TENSORS: Final = "images.safetensors"
ABOUT: Final = "about.json"
NOT_HERE: Final = "The data set “{}” is not on this server (any more)."


@dataclass(frozen=True)
class DataSet:
    """One data set that runs can be trained on.

    Attributes:
        name: what settings and addresses call it.
        title: what readers call it.
        count: its images, those for measuring included.
        classes: what its labels are called, by number; () where it has none.
        kept: whether a reader put it here, and may delete it.
    """

    name: str
    title: str
    count: int
    classes: tuple[str, ...]
    kept: bool = False

    @property
    def labelled(self) -> bool:
        """Whether its images have labels."""
        return bool(self.classes)


DIGITS: Final = DataSet(MNIST, "MNIST", 70_000, tuple("0123456789"))


def root() -> Path:
    """The folder of the sets that readers kept."""
    return files.root() / FOLDER


def all_sets() -> list[DataSet]:
    """MNIST, then what was dropped into a folder, then what was kept; broken ones left out."""
    found = [DIGITS]
    for name in _dropped_names():
        with suppress(ValueError):
            found.append(find(name))
    for name in sorted(path.name for path in _folders()):
        with suppress(ValueError):
            found.append(find(name))
    return found


def find(name: str) -> DataSet:
    """The data set of that name.

    Raises:
        ValueError: it is not here, or damaged; one sentence for the reader.
    """
    if name == MNIST:
        return DIGITS
    if not is_data_name(name):
        raise ValueError(f"“{name[:40]}” is not the name of a data set.")
    if name in _dropped_names():
        count = len(dropped_part(name, "train").labels) + len(dropped_part(name, "test").labels)
        return DataSet(name, name.rpartition("-")[0], count, tuple("0123456789"))
    try:
        about = files.read_json(root() / name / ABOUT)
        if not about:
            raise ValueError(NOT_HERE.format(name))
        classes = tuple(str(one) for one in about["classes"])
        return DataSet(name, str(about["name"]), int(about["count"]), classes, kept=True)
    except (files.DamagedRun, KeyError, TypeError, OverflowError):
        raise ValueError(f"The data set “{name}” is damaged.") from None


def check_labels(name: str, needed: bool) -> DataSet:
    """The data set of that name, for a run that needs labels or does not.

    Raises:
        ValueError: it is not here, damaged, or has no labels where they are needed.
    """
    found = find(name)
    if needed and not found.labelled:
        raise ValueError(
            f"The data set “{found.title}” has no labels, which a class-conditioned network needs."
        )
    return found


def arrays(name: str) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """All images (N, 28, 28) and labels (N,) of a set that a reader kept, checked by its name.

    Raises:
        ValueError: it is not here, or damaged; one sentence for the reader.
    """
    find(name)
    path = root() / name / TENSORS
    return _arrays(name, path, stamp(path))


def dropped_part(name: str, part: Part) -> Digits:
    """One part of a set that was dropped into a folder.

    Raises:
        ValueError: one of its files is missing, damaged or of another kind.
    """
    from models import dropped, mnist  # torch is slow to import, and who asks for this has it

    try:
        return dropped.load(name.rpartition("-")[0], part)
    except mnist.BrokenData as error:
        raise ValueError(str(error)) from error


def digest(images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> str:
    """Twelve hexadecimal digits of the images and labels of a set, whatever they are called."""
    shape = f"{images.shape}".encode()
    whole = hashlib.sha256(shape + images.tobytes() + labels.tobytes())
    return whole.hexdigest()[:12]


@functools.lru_cache(maxsize=4)
def _arrays(
    name: str, path: Path, _: object
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:  # new file, new entry
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        tensors = load_file(path)
        images, labels = tensors["images"], tensors["labels"]
    except (OSError, SafetensorError, KeyError):
        raise ValueError(f"The data set “{name}” is damaged: its images can't be read.") from None
    if digest(images, labels) != name.rpartition("-")[2]:
        raise ValueError(f"The data set “{name}” is damaged: it holds other images than its name.")
    return images, labels


def _dropped_names() -> tuple[str, ...]:
    """Those of the folder, with what they hold; a broken one is left out."""
    from models import dropped, mnist

    found = []
    for name in dropped.names():
        with suppress(mnist.BrokenData):
            found.append(f"{name}-{dropped.digest(name)}")
    return tuple(found)


def _folders() -> list[Path]:
    try:
        return [path for path in root().iterdir() if is_data_name(path.name)]
    except OSError:
        return []
