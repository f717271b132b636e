"""Settings on top, then the run that is watched."""

from __future__ import annotations

from collections.abc import Callable

from lessons.training import runs
from lessons.training.curves import CourseCurve
from pages import _ui as ui
from pages._service import spare
from pages._shared.training import focus, projector, rows
from pages._shared.training.settings import choose
from pages._shared.training.watch import Lab, watch


def hero(recipe: str, row_names: rows.RowNames) -> None:
    """Show the digits of the shipped run after its last epoch; in front of a room, a run alone."""
    projector.instead(recipe, row_names)
    shipped = next((run for run in runs.all_runs(recipe) if run.shipped and run.epochs), None)
    if shipped is None:
        return
    last = shipped.epochs[-1]
    ui.stack(rows.wide(shipped.id, last, row_names), size=rows.ROW_WIDTH)
    ui.label(f"Reference run · {shipped.label} · trained on {shipped.device}")


def lab(
    recipe: str,
    course: CourseCurve | None,
    row_names: rows.RowNames,
    floor: float | None = None,
    live_words: Callable[[float], str] | None = None,
) -> None:
    """Let the reader train one recipe and watch.

    Args:
        recipe: which.
        course: the course's curve to draw behind, if there is one.
        row_names: what the rows of an epoch's images are.
        floor: the lowest loss that is possible, if it is known.
        live_words: says in a few words what the present loss means.
    """
    spare.want()
    focus.take_from_address(recipe)
    choose(recipe)
    watch(Lab(recipe, row_names, course, floor, live_words))
