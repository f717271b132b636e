"""A training process made in advance: it has loaded all that a training needs, and waits.

To load torch takes seconds, which a reader who presses Start would wait for. So a server keeps one
process ready. The two talk through pipes: the server writes the folder of a run in one line, the
process says `ready` and `taken`. From then on it is a worker like any other, with no tie to the
server. While it waits it ends as soon as its input does, however the server came to its end.

A spare is used only by who would start the same process now: with the same environment, from the
same code. It calculates nothing before it has a run, so that the run's own number of threads holds.
"""

from __future__ import annotations

import json
import logging
import os
import queue
import subprocess
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

READY: Final = b"ready\n"
TAKEN: Final = b"taken\n"
PATIENCE: Final = 2.0
"""Seconds in which a spare that is ready has to take a run; else a new process does."""

# On Windows Ctrl+C reaches every process of a console, so a worker gets one of its own, unseen.
ALONE: Final = sum(
    getattr(subprocess, name, 0) for name in ("CREATE_NEW_PROCESS_GROUP", "CREATE_NO_WINDOW")
)
_PROJECT: Final = Path(__file__).parents[2]
log = logging.getLogger(__name__)


@dataclass
class _Spare:
    """A process that waits, as the server sees it."""

    process: subprocess.Popen[bytes]
    environment: Mapping[str, str]
    code: tuple[int, int]
    ready: threading.Event = field(default_factory=threading.Event)
    taken: threading.Event = field(default_factory=threading.Event)

    def listen(self) -> None:
        """Note what the process says, until it says no more."""
        said = self.process.stdout
        if said is None:
            return
        with said:
            for line in said:
                if line == READY:
                    self.ready.set()
                if line == TAKEN:
                    self.taken.set()


_spare: _Spare | None = None
_lock = threading.Lock()


# -- in the server --------------------------------------------------------------------------------


def make(command: list[str], environment: Mapping[str, str], errors: Path) -> None:
    """Start a process that waits for a run, unless one does already.

    Args:
        command: starts it; it has to call `wait_for_run`.
        environment: all of its variables.
        errors: the file for what it complains of before it has a run.

    Raises:
        OSError: the process could not be started, the last one ended by itself, or the disk
            refused.
    """
    global _spare
    with _lock:
        if _spare is not None and _spare.process.poll() is None:
            return
        if _spare is not None:
            dead, _spare = _spare, None
            _put_away(dead)
            raise OSError(f"the process that was to wait ended; {errors} may say why")
        loaded = code()
        with errors.open("wb") as stderr:
            process = subprocess.Popen(
                command,
                cwd=_PROJECT,
                env=dict(environment),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                start_new_session=True,
                creationflags=ALONE,
            )
        _spare = _Spare(process, dict(environment), loaded)
        threading.Thread(target=_spare.listen, name="spare-words", daemon=True).start()


def take(folder: Path, environment: Mapping[str, str]) -> subprocess.Popen[bytes] | None:
    """Hand a run to the spare; None if there is none that a new process would be like.

    Args:
        folder: the run's, which the caller has made sure of.
        environment: what a new process would get.

    Returns:
        The process that works on the run from now on, a child to be waited for.
    """
    global _spare
    with _lock:
        spare, _spare = _spare, None
    if spare is None:
        return None
    if spare.process.poll() is not None or not _still_fits(spare, environment):
        _put_away(spare)
        return None
    if not _hand_over(spare, folder):
        log.warning("the spare training process did not take %s; another one does", folder.name)
        _put_away(spare)
        return None
    return spare.process


def pid() -> int | None:
    """The number of the process that waits, made ready or in the making; None if there is none."""
    with _lock:
        alive = _spare is not None and _spare.process.poll() is None
        return _spare.process.pid if _spare is not None and alive else None


def is_ready() -> bool:
    """Whether a process has loaded everything and waits."""
    with _lock:
        return _spare is not None and _spare.process.poll() is None and _spare.ready.is_set()


def end() -> None:
    """Let the spare go, if there is one, and wait until it has gone."""
    global _spare
    with _lock:
        spare, _spare = _spare, None
    if spare is not None:
        _put_away(spare)


def _still_fits(spare: _Spare, environment: Mapping[str, str]) -> bool:
    return spare.environment == environment and spare.code == code()


def _hand_over(spare: _Spare, folder: Path) -> bool:
    """Whether the spare took the run. One that still loads is believed: it hears when it can."""
    pipe = spare.process.stdin
    try:
        if pipe is None:
            return False
        pipe.write(json.dumps(str(folder)).encode() + b"\n")
        pipe.close()
    except OSError:  # it has died
        return False
    return not spare.ready.is_set() or spare.taken.wait(PATIENCE)


def _put_away(spare: _Spare) -> None:
    """End a process that has no run, and reap it."""
    spare.process.kill()
    spare.process.wait()
    if spare.process.stdin:
        with suppress(OSError):
            spare.process.stdin.close()


def code() -> tuple[int, int]:
    """Which code a process would load: how many files there are, and when the newest changed."""
    changed = [
        path.stat().st_mtime_ns
        for top in ("lessons", "models")
        for path in (_PROJECT / top).rglob("*.py")
    ]
    return len(changed), max(changed)


# -- in the process that waits --------------------------------------------------------------------


def wait_for_run(load: Callable[[], None], allowed: Callable[[Path], bool]) -> Path:
    """Load what a training needs, and wait for a run; end this process where none comes.

    Args:
        load: loads it. What fails here fails again in the run, which says so.
        allowed: whether a folder may be a run's.

    Returns:
        The run's folder, whose `worker.log` takes all that this process says from now on.
    """
    runs: queue.SimpleQueue[Path] = queue.SimpleQueue()
    threading.Thread(target=_hear, args=(runs, allowed), name="spare-ears", daemon=True).start()
    load_or_log(load)
    with suppress(OSError):
        os.write(1, READY)
    folder = runs.get()
    speak_into(folder / "worker.log")
    return folder


def load_or_log(load: Callable[[], None]) -> None:
    """Load what a training needs; what fails here fails again in the run, which says so."""
    try:
        load()
    except Exception:
        log.exception("a training process could not load everything in advance")


def end_with_input() -> None:
    """End this process, from now on, when its input ends, as it does when its starter dies."""
    ours = os.dup(0)

    def listen() -> None:
        while os.read(ours, 65536):
            pass
        os._exit(0)

    threading.Thread(target=listen, name="starter", daemon=True).start()


def _hear(runs: queue.SimpleQueue[Path], allowed: Callable[[Path], bool]) -> None:
    """Wait for one line; its end without one is the server's, and this process's too."""
    line = b""
    while not line.endswith(b"\n"):
        more = os.read(0, 65536)
        if not more:
            os._exit(0)
        line += more
    folder = Path(str(json.loads(line)))
    if not allowed(folder):
        os._exit(2)
    with suppress(OSError):  # the server may be gone again; the run is not
        os.write(1, TAKEN)
    runs.put(folder)


def speak_into(path: Path) -> None:
    """Let go of the starter's pipes: this process reads nothing, and writes into a file."""
    with path.open("ab") as file:
        for descriptor in (1, 2):
            os.dup2(file.fileno(), descriptor)
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
