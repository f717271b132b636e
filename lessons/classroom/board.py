"""All runs of this server side by side: what they are, how far they are, what was measured."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from lessons.training import runs
from lessons.training.runs import recipes
from lessons.training.runs.run_view import RunView

RECENT: Final = 50
"""Steps over which a loss is averaged."""

AT_WORK: Final = ("running", "queued", "paused", "interrupted", "failed")


@dataclass(frozen=True)
class BoardRow:
    """One run; NaN is what was not measured.

    Attributes:
        run: the run itself.
        name: what it is called among the others.
        images: images seen, those of the run that it branched off included.
        loss: mean loss of its last batches (`RECENT` of them).
        psnr: of the network's output on test digits after the last epoch, in decibels.
        accuracy: share of the last epoch's samples that are classified as requested, 0 to 1.
        frechet: Fréchet distance of the last epoch's samples to test digits.
    """

    run: RunView
    name: str
    images: int
    loss: float
    psnr: float
    accuracy: float
    frechet: float


SORTED_BY: Final[dict[str, Callable[[BoardRow], float]]] = {
    "loss": lambda row: row.loss,
    "PSNR": lambda row: -row.psnr,
    "accuracy": lambda row: -row.accuracy,
    "Fréchet distance": lambda row: row.frechet,
    "images": lambda row: -row.images,
    "newest": lambda row: -row.run.created.timestamp() if row.run.created else 0.0,
}
"""The best first, by each of these."""


def page_of(recipe: str) -> str:
    """The page that trains a recipe, by its name in the address.

    Raises:
        ValueError: there is no such recipe.
    """
    return recipes.place_of(recipe)[0].rpartition(".")[2]


def rows(recipe: str, by: str, own: Sequence[str] = ()) -> list[BoardRow]:
    """All runs of a recipe, damaged ones left out.

    Args:
        recipe: which.
        by: what they are sorted by, of `SORTED_BY`; whatever was not measured comes last.
        own: the runs that this reader started.

    Raises:
        KeyError: nothing is sorted so.
    """
    found = [run for run in runs.all_runs(recipe) if run.settings]
    names = runs.names(found, own)
    made = [_row(run, names[run.id]) for run in found]
    return sorted(made, key=lambda row: _rank(SORTED_BY[by](row)))


def _row(run: RunView, name: str) -> BoardRow:
    numbers = run.epochs[-1].numbers if run.epochs else {}
    recent = run.curve.losses[-RECENT:]
    seen = run.curve.images[-1] if run.curve.images else 0
    measured = [numbers.get(what, math.nan) for what in ("psnr", "accuracy", "frechet")]
    loss = sum(recent) / len(recent) if recent else math.nan
    return BoardRow(run, name, seen + run.images_before, loss, *measured)


def _rank(value: float) -> tuple[bool, float]:
    return (True, 0.0) if math.isnan(value) else (False, value)
