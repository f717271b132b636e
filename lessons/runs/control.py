"""What a page can ask of training runs. Every wish is checked here, whatever a browser sends."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from filelock import FileLock
from pydantic import TypeAdapter, ValidationError

from lessons.runs import files, processes
from lessons.runs.forks import check_fork, epoch_weights
from lessons.runs.options import check_memory
from lessons.runs.recipes import recipe

if TYPE_CHECKING:  # torch is slow to import, and a worker that waits in line does without
    from lessons.training import Settings

ENDED: Final = ("finished", "stopped")


def nearest_settings(name: str, wanted: Mapping[str, object]) -> tuple[Settings, tuple[str, ...]]:
    """Turn wishes into allowed settings, and say what had to change.

    Args:
        name: the recipe.
        wanted: values by field name, from anywhere; missing ones take their defaults.

    Returns:
        Valid settings, and one sentence for every value that was replaced by the nearest allowed.

    Raises:
        ValueError: there is no such recipe.
    """
    model = recipe(name).settings
    values = dict(wanted)
    for _ in range(3 * len(model.model_fields) + len(values)):
        try:
            return model.model_validate(values), _changes(model, wanted, values)
        except ValidationError as error:
            _mend(model, values, error.errors()[0])
    raise ValueError("these settings can't be understood")


def _mend(model: type[Settings], values: dict[str, object], problem: Mapping[str, Any]) -> None:
    """Bring one refused value nearer to what is allowed."""
    name, limits = str(problem["loc"][0]), problem.get("ctx", {})
    refused = values.pop(name)
    if problem["type"] == "greater_than_equal":
        values[name] = limits["ge"]
    elif problem["type"] == "less_than_equal":
        values[name] = limits["le"]
    elif problem["type"] == "multiple_of":
        step = limits["multiple_of"]
        values[name] = (TypeAdapter(int).validate_python(refused) + step // 2) // step * step
    elif name in model.model_fields:
        values[name] = model.model_fields[name].default


def _changes(
    model: type[Settings], wanted: Mapping[str, object], values: Mapping[str, object]
) -> tuple[str, ...]:
    """One sentence for every wish that was not granted as it was."""
    sentences = []
    for name, wish in wanted.items():
        field = model.model_fields.get(name)
        if field is None:
            sentences.append(f"There is no setting “{_shown(name)}”; it was left out.")
        elif values[name] is not wish:
            sentences.append(
                f"{field.title} can't be {_shown(wish)}; {values[name]} is used instead."
            )
    return tuple(sentences)


def _shown(wish: object) -> str:
    """A wish in one short line, whatever it is."""
    return " ".join(str(wish).split())[:40] or "empty"


def start(name: str, settings: Settings, fork: files.Fork | None = None) -> str:
    """Start the run with these settings, or go on with it: equal settings are one run.

    Args:
        name: the recipe.
        settings: what it shall be.
        fork: begin with the weights of another run, as `forks.fork_at` says; None is from scratch.

    Returns:
        The run's name.

    Raises:
        ValueError: there is no such recipe, the machine lacks the memory, or the other run's
            weights don't fit.
        OSError: the disk refused.
    """
    recipe(name)
    check_memory(settings)
    if fork:
        check_fork(name, settings, fork)
    origin = f"{fork.run_id}@{fork.epoch}" if fork else ""
    run_id = f"{name}-{settings.fingerprint(origin)}"
    folder = files.folder_of(run_id)
    if folder.parent == files.SHIPPED:
        return run_id  # it was finished before the reader came
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / ".start.lock"):
        if not (folder / "settings.json").exists():
            _set_up(folder, name, settings, fork)
    resume(run_id)
    return run_id


def _set_up(folder: Path, name: str, settings: Settings, fork: files.Fork | None = None) -> None:
    files.Status("queued", queued_at=time.time()).write(folder)
    content: dict[str, object] = {
        "recipe": name,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "settings": settings.model_dump(),
    }
    if fork:  # a copy, so that the other run may be deleted
        shutil.copyfile(epoch_weights(fork.run_id, fork.epoch), folder / "fork.safetensors")
        content["fork"] = asdict(fork)
    files.write_json(folder / "settings.json", content)


def resume(run_id: str) -> None:
    """Let a run go on to its end."""
    _go_on(run_id, until_step=10**9)


def one_step(run_id: str) -> None:
    """Let a run make one more step, then pause."""
    _go_on(run_id, until_step=_own(run_id)[1] + 1)


def one_epoch(run_id: str) -> None:
    """Let a run go on to the end of the current epoch, then pause."""
    from lessons.runs.recorder import read_settings

    folder, step = _own(run_id)
    per_epoch = read_settings(folder)[1].steps_per_epoch
    _go_on(run_id, until_step=(step // per_epoch + 1) * per_epoch)


def pause(run_id: str) -> None:
    """Let a run pause after its current step; a waiting one leaves the line."""
    folder, _ = _own(run_id)
    files.Control(until_step=0).write(folder)


def stop(run_id: str) -> None:
    """End a run for good; what it has learnt stays."""
    folder, _ = _own(run_id)
    if files.Status.read(folder).state in ENDED:
        return
    files.Control(stop=True).write(folder)
    processes.spawn(folder)  # a paused run needs someone to write its weights


def delete(run_id: str) -> None:
    """Remove a run's folder. A run at work is stopped first.

    Raises:
        ValueError: no such run, or it ships with the project.
        TimeoutError: its worker did not leave within 20 s.
    """
    folder, _ = _own(run_id)
    files.Control(stop=True).write(folder)
    if not processes.join(folder, timeout=20.0):
        raise TimeoutError("The run is still finishing a step; try again in a moment.")
    shutil.rmtree(folder)


def _go_on(run_id: str, until_step: int) -> None:
    folder, _ = _own(run_id)
    if files.Status.read(folder).state in ENDED:
        return
    files.Control(until_step=until_step).write(folder)
    processes.spawn(folder)


def _own(run_id: str) -> tuple[Path, int]:
    """The folder of a run of this machine, and the steps it has done."""
    folder = files.folder_of(run_id)
    if folder.parent == files.SHIPPED:
        raise ValueError("This run ships with the project and can't be changed.")
    if not folder.is_dir():
        raise ValueError("There is no such run; it may have been deleted.")
    try:
        steps = files.curve(folder).steps
    except files.DamagedRun:
        steps = []
    return folder, steps[-1] if steps else 0
