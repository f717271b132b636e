"""What a reader has done, kept for the browser that did it: it outlives a reload and a restart.

Each browser has a folder beside the runs, `.readers/HASH`, with small JSON files; the hash is that
of the token which only the browser has. Nobody else's page reads it, the teacher's neither.
"""

from __future__ import annotations

import json
import re
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from lessons.classroom.limits import size_of
from models.atomic import parsed, read_text, write_atomically
from models.environment import whole_number

DAYS: Final = "DIFFUSION_KEEP_DAYS"
LARGEST: Final = 2_000_000
"""Bytes of one piece: seven results with their images are less."""

MOST: Final = 60_000_000
"""Bytes of all that is kept of one browser."""

_DAY: Final = 86_400
_BROWSER: Final = re.compile(r"[0-9a-f]{64}")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9.]{0,30}")


def days() -> int:
    """After how many days without a visit it is forgotten; 0 keeps nothing at all.

    Raises:
        ValueError: the setting is none.
    """
    return whole_number(DAYS, 30, low=0, high=3650)


def read(root: Path, browser: str) -> dict[str, Any]:
    """All that is kept of a browser, by the names of the pieces; what is damaged is left out.

    Args:
        root: the folder of all runs.
        browser: the hash of its token; "" has nothing.
    """
    found = {}
    if _BROWSER.fullmatch(browser) and days():
        for file in sorted(_folder(root, browser).glob("*.json")):
            with suppress(OSError, ValueError):
                found[file.stem] = parsed(read_text(file))
    return found


def write(root: Path, browser: str, name: str, piece: object) -> None:
    """Keep one piece in place of what had its name; None removes it.

    Args:
        root: the folder of all runs.
        browser: the hash of its token; of "" nothing is kept.
        name: letters, digits and dots.
        piece: what JSON can hold.

    Raises:
        ValueError: it is too large, or this browser has no room left, or the name is none.
        OSError: the disk refused.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"no name for what is kept: {name!r}")
    if not (_BROWSER.fullmatch(browser) and days()):
        return
    folder = _folder(root, browser)
    file = folder / f"{name}.json"
    if piece is None:
        file.unlink(missing_ok=True)
        return
    text = json.dumps(piece)
    folder.mkdir(parents=True, exist_ok=True)
    if len(text) > LARGEST or size_of(folder) + len(text) > MOST:
        raise ValueError("There is no room to keep this result: it will be gone after a reload.")
    write_atomically(file, lambda part: part.write_text(text, "utf-8"))


def forget(root: Path, browser: str) -> None:
    """Remove all that is kept of a browser."""
    if _BROWSER.fullmatch(browser):
        shutil.rmtree(_folder(root, browser), ignore_errors=True)


def tidy_daily(root: Path, now: float) -> int:
    """Forget browsers that were not here for as long as `days` says; returns how many.

    Args:
        root: the folder of all runs.
        now: seconds since 1970. Nothing is done within a day of the last time.
    """
    oldest, gone, mark = now - _DAY * days(), 0, root / ".readers" / ".tidied"
    with suppress(OSError):
        if now - mark.stat().st_mtime < _DAY:
            return 0
    with suppress(OSError):
        mark.touch()
    for folder in (root / ".readers").glob("[0-9a-f]*"):
        with suppress(OSError):
            if max(file.stat().st_mtime for file in (folder, *folder.iterdir())) < oldest:
                shutil.rmtree(folder, ignore_errors=True)
                gone += 1
    return gone


def _folder(root: Path, browser: str) -> Path:
    return root / ".readers" / browser
