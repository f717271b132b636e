"""A finished training run as a script and a notebook: the loop, its settings, what it shows."""

from __future__ import annotations

from collections.abc import Callable

from lessons.training import runs
from lessons.training.in_process import train_in_process
from lessons.training.runs.recipes import place_of
from pages._service import export as export


def files(run: runs.RunView) -> dict[str, Callable[[], bytes]]:
    """Files that train a run again, by name; none for a run that isn't finished, or is a fork."""
    if run.state != "finished" or run.fork or run.settings is None or not run.epochs:
        return {}
    return {
        f"{run.id}.py": lambda: export.script(_call(run)).encode(),
        f"{run.id}.ipynb": lambda: export.notebook(_call(run)).encode(),
    }


def _call(run: runs.RunView) -> export.Call:
    said = {parameter.name: parameter.title for parameter in runs.parameters(run.recipe)}
    threads = {"threads": run.threads} if run.threads else {}
    return export.Call(
        function=train_in_process,
        parameters={**(run.settings.model_dump() if run.settings else {}), **threads},
        result=runs.samples(run.id, run.epochs[-1].epoch),
        precomputed=run.shipped,
        name=run.id,
        recipe=place_of(run.recipe),
        said={**said, "threads": "Threads that calculate; others round otherwise"},
    )
