"""Worker processes: who works on a run, and whose turn it is."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

import psutil
from filelock import FileLock, Timeout

from lessons.training import claims, spare
from lessons.training.runs import files, notes
from lessons.training.runs.threads import slots, usual_threads
from models.cluster import trainers
from models.cluster.settings import AUTO, is_wanted, settings, training_gpus

_PROJECT: Final = Path(__file__).parents[3]
FOR_TRAINERS: Final = (
    "DIFFUSION_DATA",
    "DIFFUSION_TRAINING_SLOTS",
    "DIFFUSION_TRAINING_THREADS",
)
"""What a training on another machine finds in its environment as it is here."""

PATIENT_THREADS: Final = {"OMP_WAIT_POLICY": "PASSIVE"}
"""Threads that wait must sleep: spinning, two trainings on two cores crawl."""

ROOM_FOR_SPARE: Final = 2 * 2**30
"""Bytes that have to be free before a process is made in advance."""

_children: list[subprocess.Popen[bytes]] = []
_children_lock = threading.Lock()


def spawn(folder: Path) -> None:
    """Start a worker on a run, unless one is at it already: here, or where DIFFUSION_RAY says.

    The worker is no child that ends with the server: it has a session of its own, and its word
    reaches pages through the run's folder alone.

    Raises:
        FileNotFoundError: the run was deleted.
        ValueError: a setting is none, so that the worker would not come far, or the cluster is not
            to be reached.
        OSError: the process could not be started, or the disk refused.
    """
    slots()
    if not (folder / "settings.json").exists():  # a lock would make the folder of a deleted run
        raise FileNotFoundError(f"there is no run in {folder.name}")
    with FileLock(folder / ".spawn.lock"):
        if alive(folder):
            return
        if is_wanted() and not notes.RunControl.read(folder).stop:  # to end a run is little work
            _have_trainers(folder.parent)
            queue_up(folder)
            return
        # Said before the worker can say it, so that a page answers its reader at once.
        queue_up(folder)
        child = _spare_for(folder) or _new(folder)
        with _children_lock:
            _children.append(child)
        sign(folder, child.pid)


def _new(folder: Path) -> subprocess.Popen[bytes]:
    """A process that loads what it needs when it is this run's turn."""
    with (folder / "worker.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "lessons.training.runs.worker", str(folder)],
            cwd=_PROJECT,
            env=_environment(folder.parent),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            creationflags=spare.ALONE,
        )


def _spare_for(folder: Path) -> subprocess.Popen[bytes] | None:
    """The process made in advance, where this run begins at once; who waits in line needs none."""
    if line(folder.parent) or not slot_is_free(folder.parent):
        return None
    return spare.take(folder, _environment(folder.parent))


def keep_spare() -> None:
    """Make a process ready for the next run, if a run could begin here now and there is room.

    Raises:
        ValueError: a setting is none.
        OSError: the process could not be started, or the disk refused.
    """
    root = files.root()
    if is_wanted() or spare.pid() or not slot_is_free(root) or line(root):
        return
    if psutil.virtual_memory().available < ROOM_FOR_SPARE:
        return
    root.mkdir(parents=True, exist_ok=True)
    spare.make(
        [sys.executable, "-m", "lessons.training.runs.worker"],
        _environment(root),
        root / ".spare.log",
    )


def _environment(root: Path) -> dict[str, str]:
    """What a worker finds in its environment."""
    return {**PATIENT_THREADS, **os.environ, "DIFFUSION_RUNS": str(root)}


def _have_trainers(root: Path) -> None:
    """Have the cluster keep a process for every slot, which takes runs out of the line."""
    asked = settings()
    if asked is None:
        raise ValueError("DIFFUSION_RAY names no cluster")
    root.mkdir(parents=True, exist_ok=True)
    said = {name: value for name, value in os.environ.items() if name in FOR_TRAINERS}
    trainers.gather(
        root,
        slots(),
        trainers.TrainerNeeds(usual_threads(), training_gpus()),
        ["-m", "lessons.training.runs.worker"],
        {**said, "DIFFUSION_RUNS": str(root), "DIFFUSION_RAY": AUTO, **PATIENT_THREADS},
        asked.address,
    )


def sign(folder: Path, pid: int, **more: object) -> None:
    """Put down which process works on a run, and `more` that the next one shall know.

    Raises:
        OSError: the disk refused.
    """
    files.write_json(folder / "worker.json", {"pid": pid, "started": _birth(pid), **more})


def resign(folder: Path, wanted: Callable[[], bool], slot: int | None = None) -> bool:
    """Take this worker's name off its run, unless there is more to do: then False.

    `spawn` waits meanwhile, so that no wish falls between a worker that leaves and the next.

    Args:
        folder: the run's.
        wanted: whether there is more to do.
        slot: that of the trainer which had the run, on a cluster.
    """
    with FileLock(folder / ".spawn.lock"):
        if wanted():
            return False
        (folder / "worker.json").unlink(missing_ok=True)
        if slot is not None:
            claims.let_go(folder.parent, slot)
        return True


def queue_up(folder: Path) -> None:
    """Say that a run waits for its turn from now on, and let it join the end of the line.

    Raises:
        OSError: the disk refused.
    """
    replace(notes.status_of(folder), state="queued", reason="").write(folder)
    claims.join_line(folder)


def line(root: Path) -> list[str]:
    """The names of the waiting runs, first come first."""
    return [name for name in claims.waiting(root) if alive(root / name)]


def alive(folder: Path) -> bool:
    """Whether a process works on the run (or waits its turn) right now, here or on the cluster."""
    return _lives_here(folder) or (is_wanted() and claims.has_trainer(folder))


def _lives_here(folder: Path) -> bool:
    with _children_lock:
        for child in _children[:]:
            if child.poll() is not None:  # reaps it, so that no zombie looks alive
                _children.remove(child)
    try:
        worker = files.read_json(folder / "worker.json")
        pid = int(worker["pid"])
        # A process number is used again; together with its birth it is unique.
        return worker["started"] == _birth(pid) and not _is_zombie(pid)
    except (KeyError, ValueError, TypeError, OverflowError, OSError, psutil.Error):
        return False


def _birth(pid: int) -> str:
    """When a process began: on Linux in ticks since the start of the machine, which is named too.

    The time of day won't do, since it is reckoned from a clock that may be set meanwhile.
    """
    if sys.platform != "linux":
        return repr(psutil.Process(pid).create_time())
    machine = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return f"{machine} {after_name[19]}"


def _is_zombie(pid: int) -> bool:
    return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)


def join(folder: Path, timeout: float) -> bool:
    """Wait until no process works on the run; False if one still does after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while alive(folder):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def take_slot(folder: Path) -> FileLock | None:
    """Take a training slot if it is this run's turn; None if it has to wait on.

    The system gives a slot back however its holder ends, `kill -9` included.
    """
    for name in claims.waiting(folder.parent):
        if name == folder.name:
            break
        if alive(folder.parent / name):
            return None
        _clear(folder.parent / name)
    for number in range(slots()):
        lock = FileLock(folder.parent / f".slot-{number}.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            continue
        claims.leave_line(folder)
        claims.hold(folder.parent, number, folder.name)
        return lock
    return None


def slot_is_free(root: Path) -> bool:
    """Whether fewer processes train than may."""
    return sum(alive(folder) for folder in holders(root)) < slots()


def holders(root: Path) -> list[Path]:
    """The folders of the runs that took a slot last; some may have given it back."""
    names = [claims.holder(root, slot) for slot in range(slots())]
    return [root / name for name in names if name]


def _clear(folder: Path) -> None:
    """Take a dead worker's run out of the line, unless the next one is being started."""
    if not folder.is_dir():
        claims.leave_line(folder)
        return
    with suppress(Timeout, OSError), FileLock(folder / ".spawn.lock", timeout=0):
        if not alive(folder):
            claims.leave_line(folder)
