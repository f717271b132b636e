"""A training for the report: the images after its latest epoch, its curve and what came of it."""

from __future__ import annotations

from statistics import mean
from typing import Final

from lessons.training import runs
from pages import _ui as ui
from pages._shared.training import rows

LAST: Final = 50
"""Steps whose losses are averaged: a batch's own loss is noisy."""


def deliver(row_names: rows.RowNames, run: runs.RunView) -> None:
    """The images after the latest epoch, for the report."""
    if run.settings is None or not run.epochs:
        return
    last, s = run.epochs[-1], run.settings
    titles = {name: str(field.title) for name, field in type(s).model_fields.items()}
    ui.deliver(
        rows.wide(run.id, last, row_names),
        f"After epoch {last.epoch}" if last.epoch else "Before training",
        run=run.id,
        network=run.label,
        seed=s.seed,
        curve=list(zip(run.curve.steps, run.curve.losses, strict=True)),
        **{titles[name]: value for name, value in s.model_dump().items() if name != "seed"},
        **_outcome(run),
    )


def _outcome(run: runs.RunView) -> dict[str, str]:
    """What a reader of the report wants to know of a run besides its settings."""
    found = {"Steps": f"{run.step:,}", "Time in steps": ui.duration(run.seconds)}
    if latest := run.curve.losses[-LAST:]:
        found[f"Training loss, mean of the last {len(latest)} steps"] = f"{mean(latest):.4g}"
    return found | {"Device": run.device}
