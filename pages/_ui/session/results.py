"""One result of a reader, with all that is needed to show it and to make it again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pages._ui.session.controls import Setting

PRODUCED: Final = "ui_produced"
KEPT: Final = "ui_kept"


@dataclass(frozen=True)
class Shown:
    """One image of a result: a PNG file, its size in pixels, and its words."""

    content: bytes
    width: int
    height: int
    caption: str
    alt: str


@dataclass(frozen=True, slots=True)
class Produced:
    """One result with all that is needed to make it again.

    Attributes:
        id: part and number of its deliverable.
        images: as they were shown, in their order.
        left_out: how many more there were, beyond what a report can hold.
        caption: what they are, plain text.
        weights_hash: which network made them, or "".
        seed: the seed in the sidebar, or the run's own.
        parameters: all that was set.
        address: page and query that show the result again.
        curve: steps and losses of the training run that made it, or nothing.
    """

    id: str
    images: tuple[Shown, ...]
    left_out: int
    caption: str
    weights_hash: str
    seed: int
    parameters: tuple[Setting, ...]
    address: str
    curve: tuple[tuple[int, float], ...] = ()
