"""A finished training run as a script and a notebook: the loop, its settings, what it shows."""

from __future__ import annotations

from collections.abc import Callable

from lessons import runs
from lessons.runs.recipes import place_of
from lessons.whole_run import whole_run
from pages import _export as export


def files(run: runs.RunView) -> dict[str, Callable[[], bytes]]:
    """Files that train a run again, by name; none for a run that isn't finished, or is a fork."""
    if run.state != "finished" or run.fork or run.settings is None or not run.epochs:
        return {}
    return {
        f"{run.id}.py": lambda: export.script(_call(run)).encode(),
        f"{run.id}.ipynb": lambda: export.notebook(_call(run)).encode(),
    }


def _call(run: runs.RunView) -> export.Call:
    return export.Call(
        function=whole_run,
        knobs=run.settings.model_dump() if run.settings else {},
        result=runs.samples(run.id, run.epochs[-1].epoch),
        ahead=run.shipped,
        name=run.id,
        recipe=place_of(run.recipe),
        said={knob.name: knob.title for knob in runs.knobs(run.recipe)},
    )
