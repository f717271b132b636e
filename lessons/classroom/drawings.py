"""Digits that a class draws together: everybody gives drawings, and they become one data set.

They lie beside the runs, in `.drawings/drawings.bin`: a record each, of the hash of the browser's
token, the digit and 28×28 pixels. New ones are appended under a lock, so a class that gives at the
same moment loses nothing; the end of a record that was cut off by a power cut is left out.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

from lessons.classroom.readers import Reader, teachers_key
from lessons.classroom.state import only_teachers
from models.atomic import write_atomically

SIDE: Final = 28
MOST: Final = 5_000
"""Drawings of a class."""

MOST_EACH: Final = 200
"""Of one reader, where the server knows readers apart."""

FAINTEST: Final = 64
"""Grey level that at least one pixel of a drawing has."""

_FILE: Final = "drawings.bin"
_OWNER: Final = 32
_RECORD: Final = np.dtype(
    [("owner", np.uint8, _OWNER), ("label", np.uint8), ("pixels", np.uint8, (SIDE, SIDE))]
)


@dataclass(frozen=True, eq=False)
class ClassDrawings:
    """All drawings of a class, the oldest first.

    Attributes:
        images: (N, 28, 28) uint8.
        labels: (N,) uint8, 0 to 9.
        owners: (N, 32) uint8, the hash of the browser's token; zeros where there was none.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    owners: NDArray[np.uint8]

    def are_of(self, by: Reader) -> NDArray[np.bool_]:
        """Which of them a reader gave, (N,)."""
        return _are_of(self.owners, by)


def read(root: Path) -> ClassDrawings:
    """What the class has drawn so far.

    Args:
        root: the folder of all runs.
    """
    found = _records(root)
    return ClassDrawings(found["pixels"], found["label"], found["owner"])


def give(root: Path, by: Reader, pixels: NDArray[np.uint8], label: int) -> None:
    """Put a drawing among those of the class.

    Args:
        root: the folder of all runs.
        by: who drew it.
        pixels: (28, 28) uint8, white on black.
        label: what it shall be, 0 to 9.

    Raises:
        ValueError: it is no such drawing, or there are as many as allowed.
        OSError: the disk refused.
    """
    if pixels.shape != (SIDE, SIDE) or pixels.dtype != np.uint8 or not 0 <= label <= 9:
        raise ValueError("This is no drawing of a digit.")
    if pixels.max() < FAINTEST:
        raise ValueError("Nothing is drawn yet.")
    record = np.zeros(1, _RECORD)
    record["owner"], record["label"], record["pixels"] = _owner(by), label, pixels
    with _locked(root) as folder:
        before = _records(root)
        _check_room(before, by)
        with (folder / _FILE).open("ab") as file:
            file.truncate(file.tell() // _RECORD.itemsize * _RECORD.itemsize)  # a whole record
            file.write(record.tobytes())
            file.flush()
            os.fsync(file.fileno())


def take_back(root: Path, by: Reader) -> None:
    """Take a reader's newest drawing out again.

    Raises:
        ValueError: none is theirs.
        OSError: the disk refused.
    """

    def without_newest(records: NDArray[np.void]) -> NDArray[np.void]:
        own = np.flatnonzero(_are_of(records["owner"], by))
        if not len(own):
            raise ValueError("None of these drawings is yours.")
        return np.delete(records, own[-1])

    _change(root, without_newest)


def take_out(root: Path, by: Reader, number: int) -> None:
    """Take out one drawing, whoever gave it.

    Args:
        root: the folder of all runs.
        by: the teacher; anybody where there is no teacher's key.
        number: which, counted from 1.

    Raises:
        ValueError: who asks is not the teacher, or there is no such drawing.
        OSError: the disk refused.
    """
    _check_teacher(by)

    def without(records: NDArray[np.void]) -> NDArray[np.void]:
        if not 1 <= number <= len(records):
            raise ValueError(f"There is no drawing {number}.")
        return np.delete(records, number - 1)

    _change(root, without)


def empty(root: Path, by: Reader) -> None:
    """Take out all drawings; data sets that were kept of them stay.

    Raises:
        ValueError: who asks is not the teacher, and there is a teacher's key.
        OSError: the disk refused.
    """
    _check_teacher(by)
    _change(root, lambda records: records[:0])


def may_take_out(by: Reader) -> bool:
    """Whether a reader may take out what others gave."""
    return by.teacher or teachers_key() is None


def _check_teacher(by: Reader) -> None:
    if not may_take_out(by):
        only_teachers(by)


def _check_room(before: NDArray[np.void], by: Reader) -> None:
    if len(before) >= MOST:
        raise ValueError(f"The class has drawn {MOST:,} digits, as many as are kept.")
    if teachers_key() is None or by.teacher:
        return
    if _are_of(before["owner"], by).sum() >= MOST_EACH:
        raise ValueError(f"{MOST_EACH} of these drawings are yours, as many as are allowed.")


def _records(root: Path) -> NDArray[np.void]:
    try:
        content = (root / ".drawings" / _FILE).read_bytes()
    except OSError:
        content = b""
    whole = len(content) // _RECORD.itemsize
    records = np.frombuffer(content, _RECORD, count=whole)
    return records[records["label"] <= 9]


def _change(root: Path, to: Callable[[NDArray[np.void]], NDArray[np.void]]) -> None:
    with _locked(root) as folder:
        content = to(_records(root)).tobytes()
        write_atomically(folder / _FILE, lambda part: part.write_bytes(content))


@contextmanager
def _locked(root: Path) -> Iterator[Path]:
    folder = root / ".drawings"
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / ".lock"):
        yield folder


def _are_of(owners: NDArray[np.uint8], by: Reader) -> NDArray[np.bool_]:
    same: NDArray[np.bool_] = (owners == _owner(by)).all(axis=1) & bool(by.browser)
    return same


def _owner(by: Reader) -> NDArray[np.uint8]:
    """The hash of a browser's token as bytes; zeros for nobody."""
    try:
        hashed = bytes.fromhex(by.browser)[:_OWNER]
    except ValueError:
        hashed = b""
    return np.frombuffer(hashed.ljust(_OWNER, b"\0"), np.uint8)
