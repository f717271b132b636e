"""Suggested plans, made from the notes: lectures in front of a class, sittings alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from pages import _notes
from pages._notes import Note
from pages._ui.lessons import Lesson

SITTING: Final = 90
"""Most minutes of one sitting alone, unless a single lesson takes longer."""

Noted = tuple[Lesson, Note]


class Block(NamedTuple):
    """What belongs into one lecture or one sitting.

    Attributes:
        title: what it is called.
        lessons: in their order.
        minutes: what they take together.
    """

    title: str
    lessons: tuple[Lesson, ...]
    minutes: int


def with_notes(lessons: Sequence[Lesson]) -> list[Noted]:
    """The lessons that have a note, each with it."""
    pairs = [(lesson, _notes.read(lesson.file)) for lesson in lessons if lesson.part]
    return [(lesson, note) for lesson, note in pairs if note]


def lectures(noted: Sequence[Noted]) -> list[Block]:
    """The lectures in front of a class, as the notes assign them."""
    blocks = []
    for number, title in _notes.TITLES.items():
        own = [(lesson, note) for lesson, note in noted if note.lecture == number]
        minutes = sum(note.minutes for _, note in own)
        blocks.append(Block(f"Lecture {number}: {title}", tuple(x for x, _ in own), minutes))
    return blocks


def sittings(noted: Sequence[Noted]) -> list[Block]:
    """The same lessons for somebody alone: as many a sitting as fit into `SITTING` minutes."""
    groups: list[list[Noted]] = []
    for pair in noted:
        full = not groups or sum(note.alone for _, note in groups[-1]) + pair[1].alone > SITTING
        if full:
            groups.append([])
        groups[-1].append(pair)
    return [
        Block(f"Sitting {i}", tuple(x for x, _ in group), sum(note.alone for _, note in group))
        for i, group in enumerate(groups, 1)
    ]
