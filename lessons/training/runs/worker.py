"""The process that trains one run: `python -m lessons.training.runs.worker [FOLDER]`.

Without a folder it loads what any training needs, and waits for one (`lessons.training.spare`). It
reads wishes from the run's folder and writes results there. Pages only watch, so a run survives the
page, the browser and the server. A kill at any moment costs the steps since the last checkpoint.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, get_args

from filelock import FileLock

from lessons.training import spare
from lessons.training.runs import files, notes, processes
from lessons.training.runs.notes import threads_of
from lessons.training.runs.recipes import NAMES, recipe
from lessons.training.runs.threads import fixed_threads, usual_threads

if TYPE_CHECKING:
    from lessons.training.loop import Step, TrainingState
    from lessons.training.runs.recorder import Recorder

PAUSE_PATIENCE: Final = 120.0
"""How long a paused worker keeps its network in memory, unless another run waits."""

_asked_to_leave = False


def main(folder: Path | None) -> None:
    """Wait for a slot, then train until done, paused, stopped or failed.

    Args:
        folder: the run's; None waits until one is handed over.
    """
    if hasattr(os, "nice"):
        os.nice(5)  # pages come first; no process can take more again than it has
    if folder is None:
        folder = spare.wait_for_run(_load, _is_a_run)
    signal.signal(signal.SIGTERM, _leave)
    with FileLock(folder / ".worker.lock"):  # one worker a run, whatever befell its starter
        try:
            processes.sign(folder, os.getpid())
            _work_while_wanted(folder)
        except OSError as error:
            status = replace(notes.status_of(folder), state="failed", reason=_refusal(error))
            status.overwrite(folder)


def _is_a_run(folder: Path) -> bool:
    """Whether this is the folder of a run of this server."""
    known = folder.parent == files.root() and files.is_run_name(folder.name)
    return known and (folder / "settings.json").is_file()


def _load() -> None:
    """Import what a training needs, and read MNIST."""
    import torch._dynamo  # noqa: F401 - the first optimiser imports it

    import lessons.training.runs.recorder  # noqa: F401
    from models import mnist

    with fixed_threads(1):  # no pool of threads is made whose number is not the run's
        for name in NAMES:
            recipe(name)
        for part in get_args(mnist.Part):
            mnist.load(part)


def _work_while_wanted(folder: Path) -> None:
    while True:
        slot = _wait_for_slot(folder)
        if slot is not None:
            with slot:
                _work(folder)
        if processes.resign(folder, lambda: _more_is_wanted(folder)):
            return


def _more_is_wanted(folder: Path) -> bool:
    """Whether a paused run was asked to go on, or to end, while its worker was leaving."""
    status, control = notes.status_of(folder), notes.RunControl.read(folder)
    if _asked_to_leave or status.state != "paused":
        return False
    return control.stop or control.until_step > status.step


def _leave(*_: object) -> None:
    global _asked_to_leave
    _asked_to_leave = True


def _wait_for_slot(folder: Path) -> AbstractContextManager[object] | None:
    if not processes.in_line(folder):  # else its place counts from the wish
        processes.queue_up(folder)
    status = notes.status_of(folder)
    while True:
        control = notes.RunControl.read(folder)
        if control.stop and (folder / "checkpoint.safetensors").exists():
            processes.leave_line(folder)
            return nullcontext()  # only its weights are left to be written, which needs no slot
        if control.stop or _asked_to_leave or control.until_step <= status.step:
            replace(status, state="stopped" if control.stop else "paused").write(folder)
            processes.leave_line(folder)
            return None
        slot = processes.take_slot(folder)
        if slot is not None:
            replace(status, state="running").write(folder)  # out of the line, while torch loads
            return slot
        time.sleep(0.2)


def _work(folder: Path) -> None:
    from lessons.training.runs.recorder import NotFinite, Recorder  # torch is imported from here on

    recorder = Recorder(folder)
    try:
        # Before the first tensor: a network's start and a preview are rounded as its steps are.
        with fixed_threads(threads_of(folder) or usual_threads()), recorder.opened() as training:
            _train(folder, training, recorder)
    except NotFinite as error:
        recorder.say("failed", reason=str(error))
    except OSError as error:
        recorder.say("failed", reason=_refusal(error))
    except MemoryError:
        recorder.say("failed", reason="Out of memory: try a smaller width or batch.")
    except Exception as error:
        logging.exception("the run failed")
        recorder.say("failed", reason=_sentence(error))


def _train(folder: Path, training: TrainingState, recorder: Recorder) -> None:
    from lessons.training.loop import train

    recorder.say("running")
    steps = train(training)
    total = training.settings.total_steps
    while training.step < total:
        control = notes.RunControl.read(folder)
        if control.stop:
            recorder.finish("stopped")
            return
        if _asked_to_leave:
            recorder.pause()
            return
        if training.step >= control.until_step:
            recorder.pause()
            if not _wait_for_wish(folder, training.step):
                return
            recorder.say("running")
            continue
        _one_step(steps, recorder)
    recorder.finish("finished")


def _one_step(steps: Iterator[Step], recorder: Recorder) -> None:
    start = time.perf_counter()
    step = next(steps)
    recorder.note(step, time.perf_counter() - start)


def _wait_for_wish(folder: Path, step: int) -> bool:
    """Wait in a pause; False when it is time to give the memory back."""
    deadline = time.monotonic() + PAUSE_PATIENCE
    while time.monotonic() < deadline and not _asked_to_leave:
        control = notes.RunControl.read(folder)
        if control.stop or control.until_step > step:
            return True
        if processes.line(folder.parent):
            return False
        time.sleep(0.05)
    return False


def _refusal(error: OSError) -> str:
    return f"The run could not be written to disk: {error}."


def _sentence(error: Exception) -> str:
    first_line = str(error).strip().splitlines()[0] if str(error).strip() else repr(error)
    if "memory" in first_line.lower():
        return f"Out of memory: try a smaller width or batch. ({first_line})"
    return first_line


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    main(Path(sys.argv[1]) if sys.argv[1:] else None)
