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

from lessons.training import spare
from lessons.training.runs import files, notes
from lessons.training.runs.threads import slots

_LINE: Final = ".line"
_PROJECT: Final = Path(__file__).parents[3]
ROOM_FOR_SPARE: Final = 2 * 2**30
"""Bytes that have to be free before a process is made in advance."""

_children: list[subprocess.Popen[bytes]] = []
_children_lock = threading.Lock()


def spawn(folder: Path) -> None:
    """Start a worker on a run, unless one is at it already.

    The worker is no child that ends with the server: it has a session of its own, and its word
    reaches pages through the run's folder alone.

    Raises:
        FileNotFoundError: the run was deleted.
        ValueError: the number of slots is none, so that the worker would not come far.
        OSError: the process could not be started, or the disk refused.
    """
    slots()
    if not (folder / "settings.json").exists():  # a lock would make the folder of a deleted run
        raise FileNotFoundError(f"there is no run in {folder.name}")
    with FileLock(folder / ".spawn.lock"):
        if alive(folder):
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
    """Make a process ready for the next run, if a run could begin now and there is room.

    Raises:
        ValueError: a setting is none.
        OSError: the process could not be started, or the disk refused.
    """
    root = files.root()
    if spare.pid() or not slot_is_free(root) or line(root):
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
    # Threads that wait must sleep: spinning, two trainings on two cores crawl.
    return {"OMP_WAIT_POLICY": "PASSIVE", **os.environ, "DIFFUSION_RUNS": str(root)}


def sign(folder: Path, pid: int) -> None:
    """Put down which process works on a run.

    Raises:
        OSError: the disk refused.
    """
    files.write_json(folder / "worker.json", {"pid": pid, "started": _birth(pid)})


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
    """Say that a run waits for its turn from now on, and let it join the end of the line.

    Raises:
        OSError: the disk refused.
    """
    leave_line(folder)
    replace(notes.status_of(folder), state="queued", reason="").write(folder)
    # This clock is the same for all processes, and nobody sets it.
    place = f"{time.monotonic_ns():020d}.{folder.name}"
    (folder.parent / _LINE).mkdir(exist_ok=True)
    (folder.parent / _LINE / place).touch()


def in_line(folder: Path) -> bool:
    """Whether a run has a place in the line."""
    return any(place.endswith(f".{folder.name}") for place in _places(folder.parent))


def leave_line(folder: Path) -> None:
    """Give up a run's place in the line, if it has one."""
    for place in _places(folder.parent):
        if place.endswith(f".{folder.name}"):
            (folder.parent / _LINE / place).unlink(missing_ok=True)


def line(root: Path) -> list[str]:
    """The names of the waiting runs, first come first."""
    names = [place.partition(".")[2] for place in _places(root)]
    return [name for name in names if files.is_run_name(name) and alive(root / name)]


def _places(root: Path) -> list[str]:
    """The line is a folder with one empty file a run; those that are over left nothing there."""
    try:
        return sorted(os.listdir(root / _LINE))
    except OSError:
        return []


def alive(folder: Path) -> bool:
    """Whether a process works on the run (or waits its turn) right now."""
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
    for place in _places(folder.parent):
        name = place.partition(".")[2]
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
        leave_line(folder)
        _holder(folder.parent, number).write_text(folder.name)
        return lock
    return None


def slot_is_free(root: Path) -> bool:
    """Whether fewer processes train than may."""
    return sum(alive(folder) for folder in holders(root)) < slots()


def holders(root: Path) -> list[Path]:
    """The folders of the runs that took a slot last; some may have given it back."""
    found = []
    for number in range(slots()):
        with suppress(OSError, ValueError):
            name = _holder(root, number).read_text()
            found += [root / name] if files.is_run_name(name) else []
    return found


def _holder(root: Path, number: int) -> Path:
    return root / f".holder-{number}"


def _clear(folder: Path) -> None:
    """Take a dead worker's run out of the line, unless the next one is being started."""
    if not folder.is_dir():
        leave_line(folder)
        return
    with suppress(Timeout, OSError), FileLock(folder / ".spawn.lock", timeout=0):
        if not alive(folder):
            leave_line(folder)
