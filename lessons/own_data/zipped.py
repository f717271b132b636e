"""A zip of images, or of IDX files, from a stranger: looked at first, and read in memory alone.

Nothing is unpacked to disk, so no path in it can lead anywhere; one that tries is refused all the
same. How much comes out is counted while it is read, whatever the headers say.
"""

from __future__ import annotations

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import Final

from lessons.own_data.names import shown

MOST_FILES: Final = 20_000
MOST_UNPACKED: Final = 128 * 2**20
"""Bytes of all files together."""

_RAISED_BY_ZIPFILE: Final = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    struct.error,
    OSError,
    EOFError,
    ValueError,
    RuntimeError,  # a password, or (NotImplementedError) a version that there is not
    KeyError,
    IndexError,
    OverflowError,
    MemoryError,
)
_DAMAGED: Final = "This zip file is damaged or incomplete, and can't be read."
_LEFT_OUT: Final = ("__MACOSX", "Thumbs.db", "desktop.ini")


class Unwelcome(ValueError):
    """A zip that can't be taken; the message is for the reader."""


def members(content: bytes) -> dict[str, bytes]:
    """The files of a zip by their paths, in the order of these; folders and hidden files left out.

    Raises:
        Unwelcome: it is damaged, too much, locked, or holds links or paths that lead out of it.
    """
    with _one_sentence():
        archive = zipfile.ZipFile(io.BytesIO(content))
        found = [one for one in archive.infolist() if not one.is_dir()]
    if len(found) > MOST_FILES:
        raise Unwelcome(f"This zip has {len(found):,} files; at most {MOST_FILES:,} are taken.")
    for one in found:
        _look_at(one)
    wanted = [one for one in found if not _is_left_out(one.filename)]
    if len({one.filename for one in wanted}) < len(wanted):
        raise Unwelcome("This zip holds two files of one name.")
    read, left = {}, MOST_UNPACKED
    for one in sorted(wanted, key=lambda one: one.filename):
        with _one_sentence(), archive.open(one) as file:
            read[one.filename] = file.read(left + 1)
        left -= len(read[one.filename])
        if left < 0:
            raise Unwelcome(
                f"This zip becomes more than {MOST_UNPACKED >> 20} MB when it is unpacked."
            )
    return read


def _look_at(one: zipfile.ZipInfo) -> None:
    """Refuse what no zip of images needs."""
    name, path = shown(one.filename), PurePosixPath(one.filename)
    odd = "\\" in one.filename or not path.parts or ":" in path.parts[0]
    if odd or path.is_absolute() or ".." in path.parts:
        raise Unwelcome(f"{name} is a path that leads out of the zip, so nothing of it is taken.")
    kind = stat.S_IFMT(one.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        raise Unwelcome(f"{name} is a link or no plain file, so nothing of this zip is taken.")
    if one.flag_bits & 1:
        raise Unwelcome("This zip has a password; save it without one.")
    if one.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise Unwelcome("This zip is packed in a way that is not taken; save it as a plain zip.")
    if one.file_size > MOST_UNPACKED:
        raise Unwelcome(f"{name} becomes more than {MOST_UNPACKED >> 20} MB when it is unpacked.")


def _is_left_out(name: str) -> bool:
    """What operating systems put beside the files."""
    return any(part.startswith(".") or part in _LEFT_OUT for part in PurePosixPath(name).parts)


@contextmanager
def _one_sentence() -> Iterator[None]:
    try:
        yield
    except _RAISED_BY_ZIPFILE:
        raise Unwelcome(_DAMAGED) from None
