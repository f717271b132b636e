"""What the board of all runs and the instructor's room share: recipes, a table, curves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import streamlit as st

from lessons.classroom import board
from lessons.classroom.board import BoardRow
from lessons.training.curves import smooth
from lessons.training.runs import recipes
from pages import _ui as ui
from pages._shared.training import focus
from pages._ui.session import lessons

SMOOTHING: Final = 0.9
_QUALIFIED: Final = {"flow": "without classes", "class-flow": "with classes"}
_WORDS: Final = {"frechet": "Fréchet distance", "accuracy": "accuracy", "psnr": "PSNR"}
_FORMATS: Final = {"frechet": "{:.1f}", "accuracy": "{:.0%}", "psnr": "{:.1f} dB"}


def trained() -> dict[str, str]:
    """What the pages train, in words, by recipe."""
    titles = lessons.titles()
    found = {}
    for name in recipes.NAMES:
        if title := titles.get(board.page_of(name)):
            found[name] = f"{title}, {_QUALIFIED[name]}" if name in _QUALIFIED else title
    return found


def table(rows: Sequence[BoardRow]) -> None:
    """Show runs as a table, with a column for each quantity that any of them has."""
    measured = [name for name in _WORDS if any(math.isfinite(getattr(r, name)) for r in rows)]
    head = ["run", "state", "images", "loss", *(_WORDS[name] for name in measured)]
    ui.table(head, [_cells(row, measured) for row in rows], label="Table of runs")


def _cells(row: BoardRow, measured: Sequence[str]) -> list[str]:
    words = [row.name, row.run.state, f"{row.images:,}", said(row.loss, "{:.4f}")]
    return words + [said(getattr(row, name), _FORMATS[name]) for name in measured]


def curves(rows: Sequence[BoardRow], *, key: str, log_y: bool, height: int = 420) -> None:
    """Draw the smoothed losses of runs over images seen."""
    traces = []
    for row in rows:
        curve, before = row.run.curve, row.run.images_before
        x = [images + before for images in curve.images]
        traces.append(ui.Trace(row.name, x, smooth(curve.losses, SMOOTHING)))
    ui.live_plot(
        traces,
        key=key,
        x_title="images seen",
        y_title="loss of a batch, smoothed",
        log_y=log_y,
        height=height,
    )


def watch(row: BoardRow) -> None:
    """Go to the lesson that trains a run, and watch it there."""
    recipe = row.run.recipe
    focus.watch(recipe, row.run.id)
    address = {"run": row.run.id}
    if recipe == "flow":
        address["b25_classes"] = "without"
    st.switch_page(lessons.FOLDER / f"{board.page_of(recipe)}.py", query_params=address)


def said(value: float, form: str) -> str:
    """A measured number in words, a dash for what was not measured."""
    return form.format(value) if math.isfinite(value) else "–"
