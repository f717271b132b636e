"""The loss curves of a training page."""

from __future__ import annotations

import streamlit as st

from lessons.training import runs
from lessons.training.curves import CourseCurve, cut, smooth
from pages import _ui as ui
from pages._shared.training.focus import name_of

MOST_COMPARED = 8
"""Runs in one chart, the watched one included."""


def curves(
    run: runs.RunView,
    recipe: str,
    course: CourseCurve | None,
    floor: float | None,
    looked_at: runs.Epoch | None,
) -> None:
    """Draw a run's loss, and beside it the runs to compare with, the course's curve and the floor.

    Args:
        run: what is watched.
        recipe: whose page it is.
        course: the course's own curve, if there is one.
        floor: the lowest loss that is possible, if it is known.
        looked_at: the epoch to mark, if the reader looks at one.
    """
    log, whole, weight_place = st.columns(3, vertical_alignment="center")
    name = recipe.replace("-", "_")
    with log:
        log_y = ui.toggle("Logarithmic scale", True, key=f"{name}_log")
    with whole:  # else they end where this run is, so that it fills the chart
        uncut = ui.toggle(
            "Whole curves of others",
            False,
            key=f"{name}_whole",
        )
    with weight_place:
        weight = ui.slider("Smoothing", 0.0, 0.99, 0.9, key=f"{name}_smoothing", step=0.01)
    ui.only_looks(f"{name}_log", f"{name}_whole", f"{name}_smoothing")
    traces = _traces(run, weight, "this run", 0, raw=True)
    end = float("inf") if uncut else _shown_end(run)
    for place, other in enumerate(_compared(recipe, run.id), start=1):
        traces += _traces(other, weight, name_of(other), place, raw=False, end=end)
    if course and run.settings:
        known = course.up_to(end)
        traces.append(ui.Trace(course.name, known.images, known.losses, "dashed", "muted"))
    if floor is not None:
        end = max((trace.x[-1] for trace in traces if trace.x), default=1)
        traces.append(ui.Trace("lowest expected loss", (0, end), (floor, floor), "dashed", "muted"))
    if looked_at and run.curve.losses:
        where = looked_at.images + run.images_before
        ends = (min(run.curve.losses), max(run.curve.losses))
        traces.append(ui.Trace(f"epoch {looked_at.epoch}", (where, where), ends, "dashed", "x_0"))
    ui.live_plot(
        traces,
        key=f"{recipe}_loss",
        x_title="images seen",
        y_title="loss of a batch",
        log_y=log_y,
    )


def _shown_end(run: runs.RunView) -> float:
    """Where the chart of a run ends: where it is, before its first step where it will be."""
    if run.curve.images:
        return float(run.curve.images[-1] + run.images_before)
    return float(run.settings.total_images + run.images_before) if run.settings else 0.0


def _traces(
    run: runs.RunView,
    weight: float,
    name: str,
    color: int,
    raw: bool,
    end: float = float("inf"),
) -> list[ui.Trace]:
    x, y = [images + run.images_before for images in run.curve.images], run.curve.losses
    seen, smoothed = cut(x, smooth(y, min(max(weight, 0.0), 0.99)), end)
    line = ui.Trace(name, seen, smoothed, "solid", color)
    return [ui.Trace("", x, y, "faint", color), line] if raw else [line]


def _compared(recipe: str, watched: str) -> list[runs.RunView]:
    views = []
    for run_id in st.session_state.get(f"{recipe}: compared", [])[: MOST_COMPARED - 1]:
        try:
            views.append(runs.view(run_id))
        except ValueError:
            continue  # deleted meanwhile
    return [run for run in views if run.settings and run.id != watched]
