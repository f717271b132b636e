"""Teaching notes, one Markdown file a lesson: for the person in front, and for a reader alone.

A file begins with a header of three numbers (`minutes`, `alone`, `lecture`), a blank line, and
then the three sections of `SECTIONS`. Its name is the page's: `_teaching/unet.md` for `unet.py`.
`lecture: 0` is a lesson beyond the suggested lectures. A line `also: A1.7.1 Own images` in the
header is a deliverable that the page makes besides its own. `thumbnail: 0 1 4 5` says which of the
images that the page delivers stand for it on the home page: one, or four in a square. `years: fa24`
names the courses whose assignment has the lesson; without the line all have it, `years: none` is a
lesson of this app alone.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent
SECTIONS: Final = ("Show", "Ask", "Misconception")
LECTURE: Final = 90
"""Minutes that a lecture has."""
YEARS: Final = {
    "fa24": "Course of fall 2024: DDPM",
    "fa25": "Course of fall 2025: flow matching",
}
"""Courses that assign these lessons, and what part B of each is about."""

LAST: Final = (-1,)
"""The last image that a page delivers, where its note says nothing else."""

TITLES: Final = {
    1: "From noise to images",
    2: "Pictures that bend to your will, and the first network of your own",
    3: "Diffusion from scratch",
}
"""The suggested lectures; which lessons belong to one, the notes themselves say."""


@dataclass(frozen=True)
class Note:
    """What to do with one lesson.

    Attributes:
        minutes: in front of a class.
        alone: minutes for somebody who reads and turns the controls alone.
        lecture: the suggested lecture, a key of `TITLES`; 0 is beyond them.
        show: what to show, in this order (Markdown).
        ask: the one question for the class.
        misconception: what many believe, and why it isn't so.
        also: deliverables besides the page's own, by id, and what they are called.
        thumbnail: places of one or four images among those that the page delivers.
        years: keys of `YEARS`, the courses whose assignment has the lesson.
    """

    minutes: int
    alone: int
    lecture: int
    show: str
    ask: str
    misconception: str
    also: Mapping[str, str]
    thumbnail: tuple[int, ...] = LAST
    years: tuple[str, ...] = tuple(YEARS)


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
    lines = [tuple(line.split(": ", 1)) for line in header.splitlines()]
    numbers = [line for line in lines if line[0] not in ("also", "thumbnail", "years")]
    if [name for name, *_ in numbers] != ["minutes", "alone", "lecture"] or not all(
        len(value) == 1 and re.fullmatch(r"0|[1-9]\d*", value[0]) for _, *value in numbers
    ):
        raise ValueError("a note begins with minutes, alone and lecture, each a whole number")
    minutes, alone, lecture = (int(value) for _, value in numbers)
    if not minutes or not alone:
        raise ValueError("a note says how many minutes its lesson takes, and none is no answer")
    if lecture not in (0, *TITLES):
        raise ValueError(f"there is no lecture {lecture}")
    also = dict(line[-1].split(" ", 1) for line in lines if line[0] == "also")
    thumbnail = tuple(int(place) for place in _words(lines, "thumbnail")) or LAST
    if len(thumbnail) not in (1, 4):
        raise ValueError("a thumbnail is made of one image or of four")
    named = _words(lines, "years") or tuple(YEARS)
    if named != ("none",) and not set(named) <= set(YEARS):
        raise ValueError(f"years are {', '.join(YEARS)}, or none")
    years = tuple(year for year in named if year in YEARS)
    parts = re.split(r"^## (.+)$", rest, flags=re.MULTILINE)
    if tuple(parts[1::2]) != SECTIONS or parts[0].strip():
        raise ValueError(f"a note has the sections {', '.join(SECTIONS)}")
    words = [part.strip() for part in parts[2::2]]
    if not all(words):
        raise ValueError("a section of the note is empty")
    show, ask, misconception = words
    return Note(minutes, alone, lecture, show, ask, misconception, also, thumbnail, years)


def _words(lines: Sequence[tuple[str, ...]], name: str) -> tuple[str, ...]:
    """The words behind one name of the header; none if it isn't there."""
    return tuple(word for key, *rest in lines if key == name for word in " ".join(rest).split())


@functools.lru_cache(maxsize=256)
def _read(path: Path, _changed: int) -> Note:
    try:
        return parse(path.read_text("utf-8"))
    except ValueError as error:
        raise ValueError(f"{path.name}: {error}") from error
