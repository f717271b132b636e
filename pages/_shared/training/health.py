"""How the watched run does against healthy ones, in a quiet line that keeps its place."""

from __future__ import annotations

from lessons.training import doctor, runs
from pages import _ui as ui


def line(run: runs.RunView) -> None:
    """Say how the run does; nothing of one that ships, since such runs are what is compared with.

    The line is there from the start, empty while there is nothing to say, and as high as its
    longest words: what it says later moves nothing below it.
    """
    if run.settings is not None and not run.shipped:
        ui.standing_line(words(run))


def words(run: runs.RunView) -> str:
    """What the training doctor says of a run now, as plain text."""
    record = doctor.TrainingRecord(
        recipe=run.recipe,
        settings=run.settings.model_dump() if run.settings else {},
        images=run.curve.images,
        losses=run.curve.losses,
        probes=run.probes,
    )
    return doctor.examine(record).words
