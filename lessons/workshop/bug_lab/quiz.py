"""Which one is on? Questions in an order that a number decides."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Final

from lessons.workshop.bug_lab.bench import Mistake
from lessons.workshop.bug_lab.mistakes import BY_TITLE, MISTAKES

CHOICES: Final = 4
ASKED: Final = tuple(mistake.title for mistake in MISTAKES if mistake.scene)
"""Mistakes that an image shows."""


@dataclass(frozen=True)
class QuizQuestion:
    """One question.

    Attributes:
        answer: title of the mistake that is on.
        choices: titles to choose from, the answer among them.
    """

    answer: str
    choices: tuple[str, ...]


def question(order: int, number: int) -> QuizQuestion:
    """The question of a place in an order; every mistake comes once before any comes again.

    Args:
        order: which of all orders.
        number: the place, ≥ 0.

    Raises:
        ValueError: the place is negative.
    """
    if number < 0:
        raise ValueError(f"there is no question {number}")
    turn, place = divmod(number, len(ASKED))
    titles = list(ASKED)
    Random(f"{order}/{turn}").shuffle(titles)
    answer = titles[place]
    random = Random(f"{order}/{number}/choices")
    others = [title for title in ASKED if title != answer]
    random.shuffle(others)
    others.sort(key=lambda title: _distance(BY_TITLE[title], BY_TITLE[answer]))
    choices = [answer, *others[: CHOICES - 1]]
    random.shuffle(choices)
    return QuizQuestion(answer, tuple(choices))


def _distance(one: Mistake, other: Mistake) -> int:
    """How easily two mistakes are told apart: not by the same number, not by the same images."""
    if one.probe is other.probe:
        return 0
    return 1 if one.scene is other.scene else 2 if one.group == other.group else 3
