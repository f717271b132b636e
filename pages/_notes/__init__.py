"""Teaching notes, one Markdown file a lesson: for the person in front, and for a reader alone.

A file begins with a header of three numbers (`minutes`, `alone`, `lecture`), a blank line, and
then the three sections of `SECTIONS`. Its name is the page's: `_notes/unet.md` for `unet.py`.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent
SECTIONS: Final = ("Show", "Ask", "Misconception")
LECTURE: Final = 90
"""Minutes that a lecture has."""
TITLES: Final = {
    1: "From noise to pictures",
    2: "Pictures that bend to your will, and the first network of your own",
    3: "Diffusion from scratch",
}
"""The suggested lectures; which lessons belong to one, the notes themselves say."""


@dataclass(frozen=True)
class Note:
    """What to do with one lesson.

    Attributes:
        minutes: in front of a class.
        alone: minutes for somebody who reads and turns the knobs alone.
        lecture: the suggested lecture, a key of `TITLES`.
        show: what to show, in this order (Markdown).
        ask: the one question for the class.
        misconception: what many believe, and why it isn't so.
    """

    minutes: int
    alone: int
    lecture: int
    show: str
    ask: str
    misconception: str


def read(file: str) -> Note | None:
    """Return the note on a page, by the page's file name; None if nobody has written one.

    Raises:
        ValueError: its header or its sections are not as they should be.
    """
    path = FOLDER / Path(file).with_suffix(".md").name
    return _read(path, path.stat().st_mtime_ns) if path.exists() else None


def parse(text: str) -> Note:
    """Take a note apart.

    Raises:
        ValueError: a number is missing or none, a lecture is unknown, or a section is missing.
    """
    header, _, rest = text.partition("\n\n")
    numbers = dict(re.findall(r"^(\w+): ([1-9]\d*)$", header, re.MULTILINE))
    if list(numbers) != ["minutes", "alone", "lecture"] or len(header.splitlines()) != 3:
        raise ValueError("a note begins with minutes, alone and lecture, each a whole number")
    if int(numbers["lecture"]) not in TITLES:
        raise ValueError(f"there is no lecture {numbers['lecture']}")
    parts = re.split(r"^## (.+)$", rest, flags=re.MULTILINE)
    if tuple(parts[1::2]) != SECTIONS or parts[0].strip():
        raise ValueError(f"a note has the sections {', '.join(SECTIONS)}")
    words = [part.strip() for part in parts[2::2]]
    if not all(words):
        raise ValueError("a section of the note is empty")
    minutes, alone, lecture = map(int, numbers.values())
    return Note(minutes, alone, lecture, *words)


@functools.lru_cache(maxsize=256)
def _read(path: Path, _changed: int) -> Note:
    try:
        return parse(path.read_text("utf-8"))
    except ValueError as error:
        raise ValueError(f"{path.name}: {error}") from error
