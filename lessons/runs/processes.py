"""Worker processes: who works on a run, and whose turn it is."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

import psutil
from filelock import FileLock, Timeout

from lessons.runs import files

_PROJECT: Final = Path(__file__).parents[2]
_children: list[subprocess.Popen[bytes]] = []


def spawn(folder: Path) -> None:
    """Start a worker on a run, unless one is at it already.

    The worker is no child that ends with the server: it has a session of its own, and its word
    reaches pages through the run's folder alone.

    Raises:
        DamagedRun: the run's status can't be read.
        OSError: the process could not be started, or the disk refused.
    """
    with FileLock(folder / ".spawn.lock"):
        if alive(folder):
            return
        # Said before the worker can say it, so that a page answers its reader at once.
        queue_up(folder)
        with (folder / "worker.log").open("wb") as log:
            child = subprocess.Popen(
                [sys.executable, "-m", "lessons.runs.worker", str(folder)],
                cwd=_PROJECT,
                # Threads that wait must sleep: spinning, two trainings on two cores crawl.
                env={"OMP_WAIT_POLICY": "PASSIVE", **os.environ},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        _children.append(child)
        sign(folder, child.pid)


def sign(folder: Path, pid: int) -> None:
    """Put down which process works on a run.

    Raises:
        OSError: the disk refused.
    """
    started = psutil.Process(pid).create_time()
    files.write_json(folder / "worker.json", {"pid": pid, "started": started})


def resign(folder: Path, wanted: Callable[[], bool]) -> bool:
    """Take this worker's name off its run, unless there is more to do: then False.

    `spawn` waits meanwhile, so that no wish falls between a worker that leaves and the next.
    """
    with FileLock(folder / ".spawn.lock"):
        if wanted():
            return False
        (folder / "worker.json").unlink(missing_ok=True)
        return True


def queue_up(folder: Path) -> None:
    """Say that a run waits for its turn from now on.

    Raises:
        DamagedRun: its status can't be read.
        OSError: the disk refused.
    """
    status = files.Status.read(folder)
    replace(status, state="queued", queued_at=time.time(), reason="").write(folder)


def alive(folder: Path) -> bool:
    """Whether a process works on the run (or waits its turn) right now."""
    return _process(folder) is not None


def _process(folder: Path) -> psutil.Process | None:
    for child in _children[:]:
        if child.poll() is not None:  # reaps it, so that no zombie looks alive
            _children.remove(child)
    try:
        worker = files.read_json(folder / "worker.json")
        process = psutil.Process(int(worker["pid"]))
        # A process number is used again; together with the start time it is unique.
        if abs(process.create_time() - float(worker["started"])) > 0.05:
            return None
        return None if process.status() == psutil.STATUS_ZOMBIE else process
    except (KeyError, ValueError, TypeError, OverflowError, psutil.Error):
        return None


def join(folder: Path, timeout: float) -> bool:
    """Wait until no process works on the run; False if one still does after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while alive(folder):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def line(root: Path) -> list[str]:
    """The names of the waiting runs, first come first."""
    waiting = []
    for folder in root.iterdir() if root.is_dir() else ():
        try:
            status = files.Status.read(folder)
        except (files.DamagedRun, OSError):
            continue
        if status.state == "queued" and alive(folder):
            waiting.append((status.queued_at, folder.name))
    return [name for _, name in sorted(waiting)]


def take_slot(folder: Path) -> FileLock | None:
    """Take a training slot if it is this run's turn; None if it has to wait on.

    The system gives a slot back however its holder ends, `kill -9` included.
    """
    ahead = line(folder.parent)
    if ahead and ahead[0] != folder.name:
        return None
    for number in range(int(os.environ.get("DIFFUSION_TRAINING_SLOTS", "1"))):
        lock = FileLock(folder.parent / f".slot-{number}.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            continue
        return lock
    return None
