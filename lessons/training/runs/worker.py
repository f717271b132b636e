"""The process that trains one run: `python -m lessons.training.runs.worker [FOLDER | SLOT CREW]`.

Without a folder it loads what any training needs, and waits for one (`lessons.training.spare`). On
a cluster it has a slot, and takes the next run out of the line (`models.cluster.trainers`).

It reads wishes from the run's folder and writes results there. Pages only watch, so a run outlives
the page, the browser and the server. A kill at any moment costs the steps since its checkpoint.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, get_args

from filelock import FileLock

from lessons.training import claims, spare
from lessons.training.runs import files, notes, processes
from lessons.training.runs.notes import threads_of
from lessons.training.runs.recipes import NAMES, recipe
from lessons.training.runs.threads import fixed_threads, usual_threads
from models.atomic import stamp
from models.cluster import trainers

if TYPE_CHECKING:
    from lessons.training.loop import Step, TrainingState
    from lessons.training.runs.recorder import Recorder

PAUSE_PATIENCE: Final = 120.0
"""How long a paused worker keeps its network in memory, unless another run waits."""

MOST_TRIES: Final = 3
"""Processes that may end without a word, one after the other, before a run gets a checkpoint."""

DEADLY: Final = (
    f"{MOST_TRIES} processes ended while they trained this run. A smaller width or batch may need "
    "less memory."
)
TakeSlot = Callable[[Path], AbstractContextManager[object] | None]

_asked_to_leave = False


def main(folder: Path | None) -> None:
    """Wait for a slot, then train until done, paused, stopped or failed.

    Args:
        folder: the run's; None waits until one is handed over.
    """
    _come_after_pages()
    if folder is None:
        folder = spare.wait_for_run(_load, _is_a_run)
    signal.signal(signal.SIGTERM, _leave)
    with FileLock(folder / ".worker.lock"):  # one worker a run, whatever befell its starter
        _work_or_say_why(folder, processes.take_slot)


def main_of_slot(slot: int, crew: str) -> None:
    """Train the run that a slot of the cluster had, or the next in line, as `main` does.

    Args:
        slot: the trainer's number.
        crew: what the trainers are called that it is one of; when others come, it ends.
    """
    _come_after_pages()
    spare.end_with_input()
    signal.signal(signal.SIGTERM, _leave)
    root, code = files.root(), spare.code()
    with FileLock(root / f".slot-{slot}.lock"):  # one run a slot, whatever befell its trainer
        folder = _claim(root, slot)
        spare.load_or_log(_load)
        while folder is None:
            if _asked_to_leave or trainers.crew_of(root)[0] != crew:
                return
            time.sleep(0.2)
            folder = _claim(root, slot)
        if spare.code() != code:
            return  # the next process finds the claim, and has the new code
        with FileLock(folder / ".worker.lock"):
            _train_for_slot(folder, slot)


def _claim(root: Path, slot: int) -> Path | None:
    """Take, for a trainer of the cluster, the run that it had, or else one that none has.

    The run that it had is one whose process, or machine, ended without a word.

    Raises:
        OSError: the disk refused.
    """
    with claims.lock(root):
        mine = claims.holder(root, slot)
        if mine and _is_wanted(root / mine):
            return root / mine
        claims.let_go(root, slot)
        for name in claims.free_for_trainers(root):
            if _is_wanted(root / name):
                claims.hold(root, slot, name)
                return root / name
            claims.leave_line(root / name)
    return None


def _is_wanted(folder: Path) -> bool:
    """Whether a run is there that waits, was at work, or was asked to go on in a pause."""
    if not (folder / "settings.json").exists():
        return False
    with suppress(files.DamagedRun), FileLock(folder / ".spawn.lock"):
        status = notes.status_of(folder)
        return status.state in notes.ACTIVE or notes.more_is_wanted(folder)
    return False


def _train_for_slot(folder: Path, slot: int) -> None:
    if not _is_wanted(folder):  # a server has ended it meanwhile
        processes.resign(folder, lambda: False, slot)
        return
    spare.speak_into(folder / "worker.log")
    checkpoint = list(stamp(folder / "checkpoint.safetensors") or ())
    last = files.read_json(folder / "worker.json")  # who ended without a word has left it
    tries = int(last.get("tries", 0)) + 1 if last.get("checkpoint") == checkpoint else 1
    if tries > MOST_TRIES:
        replace(notes.status_of(folder), state="failed", reason=DEADLY).write(folder)
        processes.resign(folder, lambda: False, slot)
        return
    _work_or_say_why(folder, _slot_of_trainer, slot, tries=tries, checkpoint=checkpoint)


def _slot_of_trainer(folder: Path) -> AbstractContextManager[object]:
    claims.leave_line(folder)
    return nullcontext()


def _come_after_pages() -> None:
    if hasattr(os, "nice"):
        os.nice(5)  # pages come first; no process can take more again than it has


def _work_or_say_why(
    folder: Path, take: TakeSlot, slot: int | None = None, **signed: object
) -> None:
    try:
        processes.sign(folder, os.getpid(), **signed)
        _work_while_wanted(folder, take, slot)
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


def _work_while_wanted(folder: Path, take: TakeSlot, slot: int | None) -> None:
    while True:
        taken = _wait_for_slot(folder, take)
        if taken is not None:
            with taken:
                _work(folder)
        if processes.resign(folder, lambda: _more_is_wanted(folder), slot):
            return


def _more_is_wanted(folder: Path) -> bool:
    """Whether a paused run was asked to go on, or to end, while its worker was leaving."""
    return not _asked_to_leave and notes.more_is_wanted(folder)


def _leave(*_: object) -> None:
    global _asked_to_leave
    _asked_to_leave = True


def _wait_for_slot(folder: Path, take: TakeSlot) -> AbstractContextManager[object] | None:
    if not claims.in_line(folder):  # else its place counts from the wish
        processes.queue_up(folder)
    status = notes.status_of(folder)
    while True:
        control = notes.RunControl.read(folder)
        if control.stop and (folder / "checkpoint.safetensors").exists():
            claims.leave_line(folder)
            return nullcontext()  # only its weights are left to be written, which needs no slot
        if control.stop or _asked_to_leave or control.until_step <= status.step:
            replace(status, state="stopped" if control.stop else "paused").write(folder)
            claims.leave_line(folder)
            return None
        slot = take(folder)
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
    if len(sys.argv) == 3:
        main_of_slot(int(sys.argv[1]), sys.argv[2])
    else:
        main(Path(sys.argv[1]) if sys.argv[1:] else None)
