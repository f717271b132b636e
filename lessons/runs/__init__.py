"""Training runs: started and steered from a page, worked on by a process of their own.

`control` is what a page can ask, `watch` what it can see, `worker` the process, `files` the folder
that they share.
"""

from lessons.runs.control import (
    delete,
    nearest_settings,
    one_epoch,
    one_step,
    pause,
    resume,
    start,
    stop,
)
from lessons.runs.files import Fork
from lessons.runs.forks import continuation, fork_at
from lessons.runs.options import Knob, check_memory, knobs, presets
from lessons.runs.watch import (
    Epoch,
    Peek,
    RunView,
    all_runs,
    busy,
    peeks,
    samples,
    view,
    weights_file,
)

__all__ = [
    "Epoch",
    "Fork",
    "Knob",
    "Peek",
    "RunView",
    "all_runs",
    "busy",
    "check_memory",
    "continuation",
    "delete",
    "fork_at",
    "knobs",
    "nearest_settings",
    "one_epoch",
    "one_step",
    "pause",
    "peeks",
    "presets",
    "resume",
    "samples",
    "start",
    "stop",
    "view",
    "weights_file",
]
