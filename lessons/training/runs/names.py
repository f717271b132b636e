"""What runs are called in a list: by what sets them apart, and when they were started."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from lessons.training.runs.run_view import RunView

_WORDS: Final = {
    "num_hiddens": "D = {}",
    "batch_size": "batch {}",
    "epochs": "{} epochs",
    "images_per_epoch": "{:,} images an epoch",
    "learning_rate": "rate {:g}",
    "decay": "rate ends at {:g} of it",
    "schedule": "rate falls {}",
    "ema": "EMA {:g}",
    "seed": "seed {}",
    "precision": "{}",
    "data": "data {}",
    "sigma": "σ = {:g}",
    "sample_steps": "{} steps",
    "drop": "{:.0%} of labels dropped",
    "gamma": "γ = {:g}",
}
_COUNTED: Final = ("epochs", "images_per_epoch")
"""Told together, as the images of the whole run."""


def names(
    runs: Sequence[RunView], own: Collection[str] = (), now: datetime | None = None
) -> dict[str, str]:
    """Name every run of a list: width and length, what else differs between them, since when.

    Args:
        runs: of one recipe.
        own: the runs that this reader started.
        now: the day that needs no date, in the time zone to tell times in; by default today here.

    Returns:
        By run; no two are the same.
    """
    now = now or datetime.now().astimezone()
    values = {run.id: run.settings.model_dump() for run in runs if run.settings}
    differing = [
        name
        for name in _WORDS
        if name not in ("num_hiddens", *_COUNTED)
        and len({str(one.get(name)) for one in values.values()}) > 1
    ]
    found: dict[str, str] = {}
    for run in runs:
        words = _words(run, values.get(run.id), differing, run.id in own, now)
        count = sum(
            other == words or other.startswith(f"{words} · no. ") for other in found.values()
        )
        found[run.id] = f"{words} · no. {count + 1}" if count else words
    return found


def _words(
    run: RunView,
    values: dict[str, object] | None,
    differing: Sequence[str],
    mine: bool,
    now: datetime,
) -> str:
    if run.settings is None or values is None:
        return f"damaged: {run.id}"
    parts = [f"D = {run.settings.num_hiddens}", f"{run.settings.total_images:,} images"]
    parts += [_WORDS[name].format(values[name]) for name in differing if name in values]
    parts += [f"fork after epoch {run.fork.epoch}"] if run.fork else []
    if run.shipped:
        return " · ".join(("Reference", *parts))
    return " · ".join((*parts, *_when(run, mine, now)))


def _when(run: RunView, mine: bool, now: datetime) -> list[str]:
    if run.created is None:
        return ["yours"] if mine else []
    begun = run.created.astimezone(now.tzinfo)
    time = f"{begun:%H:%M}" if begun.date() == now.date() else f"{begun.day} {begun:%B %H:%M}"
    return [f"started {'by you ' if mine else ''}{time}"]
