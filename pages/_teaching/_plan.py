"""Suggested plans, made from the notes: lectures in front of a class, sittings alone."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Final, NamedTuple

from pages import _teaching
from pages._teaching import Note
from pages._ui.session.lessons import Lesson

SITTING: Final = 90
"""Most minutes of one sitting alone, unless a single lesson takes longer."""

Noted = tuple[Lesson, Note]


class PlanUnit(NamedTuple):
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
    pairs = [(lesson, _teaching.read(lesson.file)) for lesson in lessons if lesson.part]
    return [(lesson, note) for lesson, note in pairs if note]


def lectures(noted: Sequence[Noted]) -> list[PlanUnit]:
    """The lectures in front of a class, as the notes assign them."""
    blocks = []
    for number, title in _teaching.TITLES.items():
        own = [(lesson, note) for lesson, note in noted if note.lecture == number]
        minutes = sum(note.minutes for _, note in own)
        blocks.append(PlanUnit(f"Lecture {number}: {title}", tuple(x for x, _ in own), minutes))
    return blocks


def reading(noted: Sequence[Noted], year: str) -> list[PlanUnit]:
    """The order in which a course reads them: what it assigns, part by part, then the rest.

    Args:
        noted: the lessons.
        year: a key of `_teaching.YEARS`.
    """
    own = [pair for pair in noted if year in pair[1].years]
    groups = [(f"Part {part}", list(group)) for part, group in groupby(own, lambda x: x[0].part)]
    groups.append(("Beyond it", [pair for pair in noted if year not in pair[1].years]))
    return [
        PlanUnit(title, tuple(x for x, _ in group), sum(note.alone for _, note in group))
        for title, group in groups
    ]


def sittings(noted: Sequence[Noted]) -> list[PlanUnit]:
    """The same lessons for somebody alone: as many a sitting as fit into `SITTING` minutes."""
    groups: list[list[Noted]] = []
    for pair in noted:
        full = not groups or sum(note.alone for _, note in groups[-1]) + pair[1].alone > SITTING
        if full:
            groups.append([])
        groups[-1].append(pair)
    return [
        PlanUnit(f"Sitting {i}", tuple(x for x, _ in group), sum(note.alone for _, note in group))
        for i, group in enumerate(groups, 1)
    ]
