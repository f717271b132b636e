"""What a page can ask of training runs. Every wish is checked here, whatever a browser sends.

Here alone runs are changed, so here it is seen whose a run is: without the teacher's key on the
server everybody may change every run, with it only its owner and the teacher may (`by`).
"""

from __future__ import annotations

import functools
import os
import shutil
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Concatenate, Final, ParamSpec, TypeVar

from filelock import FileLock

from lessons.classroom import limits, readers, state
from lessons.classroom.readers import NOBODY, Reader
from lessons.training import claims
from lessons.training.runs import files, notes, processes
from lessons.training.runs.forks import check_fork, epoch_weights
from lessons.training.runs.options import check_data, check_memory
from lessons.training.runs.recipes import read_settings, recipe
from lessons.training.runs.run_view import ENDED
from lessons.training.runs.threads import usual_threads
from models.cluster.settings import is_wanted

if TYPE_CHECKING:  # torch is slow to import, and a worker that waits in line does without
    from lessons.training.recipe import Settings

GONE: Final = "This run is no longer here: it was deleted meanwhile."
P = ParamSpec("P")
R = TypeVar("R")


def _in_one_sentence(ask: Callable[Concatenate[str, P], R]) -> Callable[Concatenate[str, P], R]:
    """Let a wish for a run that vanishes while it is granted end in one sentence."""

    @functools.wraps(ask)
    def asked(run_id: str, /, *rest: P.args, **named: P.kwargs) -> R:
        try:
            return ask(run_id, *rest, **named)
        except (files.DamagedRun, FileNotFoundError) as error:
            if not files.folder_of(run_id).is_dir():
                raise ValueError(GONE) from error
            if isinstance(error, files.DamagedRun):
                raise ValueError(f"This run is damaged: {error}.") from error
            raise

    return asked


def start(
    name: str,
    settings: Settings,
    fork: notes.Fork | None = None,
    *,
    again: bool = False,
    by: Reader = NOBODY,
) -> str:
    """Start the run with these settings, or go on with it: equal settings are one run.

    A run of another reader is not touched: then its name alone is given, to watch it.

    Args:
        name: the recipe.
        settings: what it shall be.
        fork: begin with the weights of another run, as `forks.fork_at` says; None is from scratch.
        again: train a new one although such a run is here; the older one stays, and the new one's
            name ends with a number.
        by: who asks, and whose it will be.

    Returns:
        The run's name.

    Raises:
        ValueError: there is no such recipe, the machine lacks the memory, the data set is not
            here, the other run's weights don't fit, the run with these settings is damaged, or a
            limit is reached.
        OSError: the disk refused.
    """
    recipe(name)
    check_memory(settings)
    check_data(name, settings)
    if fork:
        check_fork(name, settings, fork)
    known = [] if again else same_runs(name, settings, fork)
    if known and files.folder_of(known[-1]).parent == files.SHIPPED:
        return known[-1]  # it was finished before the reader came
    with _one_after_the_other():
        here = [] if again else same_runs(name, settings, fork)
        own = [run_id for run_id in here if not _refusal(files.folder_of(run_id), by)]
        if own:
            _go_on(own[-1], by, until_step=10**9)
        return (own or here or [_begin(name, settings, fork, by)])[-1]


def _begin(name: str, settings: Settings, fork: notes.Fork | None, by: Reader) -> str:
    """Make a new run and let it wait for its turn."""
    limits.check_length(by, settings.total_images)
    limits.check_size(files.root())
    _check_turn(by)
    run_id = _next_name(name, settings, fork, len(same_runs(name, settings, fork)))
    folder = files.folder_of(run_id)
    folder.mkdir(parents=True, exist_ok=True)
    readers.note_owner(folder, by)
    _set_up(folder, name, settings, fork)
    _go_on(run_id, by, until_step=10**9)
    return run_id


def refusal(run_id: str, by: Reader) -> str:
    """Why a reader may not change this run, in one sentence; "" if they may.

    Raises:
        ValueError: the name could not be one of ours.
    """
    return _refusal(files.folder_of(run_id), by)


def same_runs(name: str, settings: Settings, fork: notes.Fork | None = None) -> list[str]:
    """The names of the runs that are here with these settings and this origin, oldest first."""
    found = []
    first = _first_name(name, settings, fork)
    known = [first, *(path.name for path in files.root().glob(f"{first}-*"))]
    for run_id in sorted(known, key=lambda run_id: (len(run_id), run_id)):
        if files.is_run_name(run_id) and (files.folder_of(run_id) / "settings.json").exists():
            found.append(run_id)
    return found


def _first_name(name: str, settings: Settings, fork: notes.Fork | None) -> str:
    origin = f"{fork.run_id}@{fork.epoch}" if fork else ""
    return f"{name}-{settings.fingerprint(origin)}"


def _next_name(name: str, settings: Settings, fork: notes.Fork | None, number: int) -> str:
    """A name that no folder has; two who ask at the same moment get the same run."""
    first = _first_name(name, settings, fork)
    run_id = first
    while (files.folder_of(run_id) / "settings.json").exists():
        number += 1
        run_id = f"{first}-{number}"
    return run_id


def _set_up(folder: Path, name: str, settings: Settings, fork: notes.Fork | None = None) -> None:
    notes.Status("queued").write(folder)
    content: dict[str, object] = {
        "recipe": name,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "settings": settings.model_dump(),
        "threads": usual_threads(),
    }
    if fork:  # a copy, so that the other run may be deleted
        shutil.copyfile(epoch_weights(fork.run_id, fork.epoch), folder / "fork.safetensors")
        content["fork"] = asdict(fork)
    files.write_json(folder / "settings.json", content)


@_in_one_sentence
def resume(run_id: str, *, by: Reader = NOBODY) -> None:
    """Let a run go on to its end."""
    _own(run_id, by)
    with _one_after_the_other():
        _go_on(run_id, by, until_step=10**9)


@_in_one_sentence
def one_step(run_id: str, *, by: Reader = NOBODY) -> None:
    """Let a run make one more step, then pause."""
    _, step = _own(run_id, by)
    with _one_after_the_other():
        _go_on(run_id, by, until_step=step + 1)


@_in_one_sentence
def one_epoch(run_id: str, *, by: Reader = NOBODY) -> None:
    """Let a run go on to the end of the current epoch, then pause."""
    folder, step = _own(run_id, by)
    per_epoch = read_settings(folder)[1].steps_per_epoch
    with _one_after_the_other():
        _go_on(run_id, by, until_step=(step // per_epoch + 1) * per_epoch)


@_in_one_sentence
def pause(run_id: str, *, by: Reader = NOBODY) -> None:
    """Let a run pause after its current step; a waiting one leaves the line."""
    folder, _ = _own(run_id, by)
    notes.RunControl(until_step=0).write(folder)
    _withdraw(folder)


@_in_one_sentence
def stop(run_id: str, *, by: Reader = NOBODY) -> None:
    """End a run for good; what it has learnt stays."""
    folder, _ = _own(run_id, by)
    if notes.status_of(folder).state in ENDED:
        return
    notes.RunControl(stop=True).write(folder)
    _withdraw(folder)
    processes.spawn(folder)  # a paused run needs someone to write its weights


@_in_one_sentence
def delete(run_id: str, *, by: Reader = NOBODY) -> None:
    """Remove a run's folder. A run at work is stopped first.

    Raises:
        ValueError: no such run, or it ships with the project.
        TimeoutError: its worker did not leave within 20 s.
    """
    folder, _ = _own(run_id, by)
    notes.RunControl(stop=True).write(folder)
    _withdraw(folder)
    if not processes.join(folder, timeout=20.0):
        raise TimeoutError("The run is still finishing a step; try again in a moment.")
    # Out of sight in one move: no page meets half a run.
    gone = folder.with_name(f".gone-{folder.name}-{os.getpid()}")
    os.replace(folder, gone)
    shutil.rmtree(gone)


@_in_one_sentence
def _go_on(run_id: str, by: Reader, until_step: int) -> None:
    folder, _ = _own(run_id, by)
    if notes.status_of(folder).state in ENDED:
        return
    _check_turn(by, but=run_id)
    notes.RunControl(until_step=until_step).write(folder)
    processes.spawn(folder)


def _withdraw(folder: Path) -> None:
    """Take a run out of the cluster's line that no trainer has; here, its own process does it."""
    if not is_wanted():
        return
    with claims.lock(folder.parent):
        if claims.in_line(folder) and folder.name not in claims.held_by_trainers(folder.parent):
            claims.leave_line(folder)
            replace(notes.status_of(folder), state="paused").write(folder)


def _one_after_the_other() -> FileLock:
    """What two who start at once wait for: equal settings are one run, and limits hold."""
    root = files.root()
    root.mkdir(parents=True, exist_ok=True)
    return FileLock(root / ".start.lock")


def _check_turn(by: Reader, but: str = "") -> None:
    """Refuse one more run in line, where the reader may have no more, apart from `but`."""
    root = files.root()
    if state.read(root).frozen and not by.teacher:
        raise ValueError(state.FROZEN)
    waiting = [root / name for name in processes.line(root) if name != but]
    limits.check_waiting(by, [readers.owner_of(folder) for folder in waiting])


def _refusal(folder: Path, by: Reader) -> str:
    """Why this run is not this reader's to change, or ""."""
    class_runs = state.read(files.root()).class_runs.values()
    return readers.refusal(folder, by, tuple(class_runs))


def _own(run_id: str, by: Reader) -> tuple[Path, int]:
    """The folder of a run that this reader may change, and the steps it has done."""
    folder = files.folder_of(run_id)
    if folder.parent == files.SHIPPED:
        raise ValueError("This run ships with the project and can't be changed.")
    if not folder.is_dir():
        raise ValueError(GONE)
    if said := _refusal(folder, by):
        raise ValueError(said)
    try:
        steps = files.curve(folder).steps
    except files.DamagedRun:
        steps = []
    return folder, steps[-1] if steps else 0
