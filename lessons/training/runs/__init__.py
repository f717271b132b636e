"""Training runs: started and steered from a page, worked on by a process of their own.

`control` is what a page can ask, `watch` what it can see, `worker` the process, `files` the folder
that they share.
"""

from lessons.training.runs.control import (
    delete,
    one_epoch,
    one_step,
    pause,
    refusal,
    resume,
    same_runs,
    start,
    stop,
)
from lessons.training.runs.forks import continuation, fork_at
from lessons.training.runs.names import names
from lessons.training.runs.notes import Fork
from lessons.training.runs.options import (
    Option,
    check_memory,
    nearest_settings,
    parameters,
    presets,
)
from lessons.training.runs.run_view import EarlyPreview, Epoch, RunView
from lessons.training.runs.watch import (
    all_runs,
    busy,
    early_previews,
    samples,
    training_now,
    view,
    weights_file,
)

__all__ = [
    "EarlyPreview",
    "Epoch",
    "Fork",
    "Option",
    "RunView",
    "all_runs",
    "busy",
    "check_memory",
    "continuation",
    "delete",
    "early_previews",
    "fork_at",
    "names",
    "nearest_settings",
    "one_epoch",
    "one_step",
    "parameters",
    "pause",
    "presets",
    "refusal",
    "resume",
    "same_runs",
    "samples",
    "start",
    "stop",
    "training_now",
    "view",
    "weights_file",
]
