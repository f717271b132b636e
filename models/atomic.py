"""Files that are written whole or not at all, whoever reads them and whenever the power goes."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

T = TypeVar("T")

PATIENCE: Final = 2.0
"""Seconds for which a file may be held open: on Windows it can't be replaced meanwhile."""


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a neighbouring file, force it to disk, then put it in the place of `path`.

    A kill, a full disk or a power cut at any moment leaves the old file or the new one, never half
    of one and never an empty one.

    Raises:
        OSError: the disk refused; the old file is untouched.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.part")
    try:
        write(part)
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        _patiently(lambda: os.replace(part, path), PATIENCE)
    finally:
        part.unlink(missing_ok=True)


def _patiently(act: Callable[[], T], seconds: float) -> T:
    """Do something to a file that somebody else may hold open for a moment."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return act()
        except PermissionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def read_text(path: Path) -> str:
    """Read a file that others replace: on Windows it can't be opened at that very moment.

    Raises:
        OSError: it is not there, or can't be read.
        ValueError: it is no text.
    """
    return _patiently(lambda: path.read_text("utf-8"), seconds=0.2)


def parsed(text: str | bytes) -> Any:
    """What a JSON text says, whoever may have written it.

    Raises:
        ValueError: it is no JSON, or nested deeper than can be followed.
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def stamp(path: Path) -> tuple[int, int, int] | None:
    """What changes when another file takes the place of this one; None if there is none.

    The time alone would not do, since a copy may keep that of its original; nor would the number,
    which the system gives again to the next file.
    """
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
