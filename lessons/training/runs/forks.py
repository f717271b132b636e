"""Branching a run off another: the same weights, from there on with other settings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from lessons.training.runs import files, notes
from lessons.training.runs.recipes import read_settings

if TYPE_CHECKING:  # torch is slow to import, and a worker that waits in line does without
    from lessons.training.recipe import Settings


def fork_at(run_id: str, epoch: int) -> notes.Fork:
    """Name the place where a run was after an epoch, to start another run there.

    Raises:
        ValueError: no such run, or its weights after that epoch were not kept.
    """
    epoch_weights(run_id, epoch)
    folder = files.folder_of(run_id)
    entries = files.read_lines(folder / "epochs.jsonl")
    images = next((int(e["images"]) for e in entries if e.get("epoch") == epoch), None)
    if images is None:
        raise ValueError(f"The run {run_id} has not told of an epoch {epoch}.")
    earlier = notes.Fork.read(folder)
    return notes.Fork(run_id, epoch, images + (earlier.images if earlier else 0))


def epoch_weights(run_id: str, epoch: int) -> Path:
    """Where a run's weights after an epoch lie (safetensors, float16 or more).

    Raises:
        ValueError: no such run, or they were not kept.
    """
    folder = files.folder_of(run_id)
    kept = folder / "weights" / f"epoch-{int(epoch):03d}.safetensors"
    if kept.is_file():
        return kept
    finished = folder / "weights.safetensors"
    is_last = finished.is_file() and epoch == read_settings(folder)[1].epochs
    if is_last and notes.status_of(folder).state == "finished":
        return finished
    raise ValueError(f"The weights of {run_id} after epoch {epoch} were not kept.")


def continuation(run_id: str, epoch: int) -> dict[str, Any]:
    """Settings with which a fork does what the run itself did after that epoch.

    After its last epoch there is nothing to repeat: then the fork trains as long again, at the
    learning rate that the run ended with.

    Raises:
        ValueError: no such run, or it is damaged.
    """
    from lessons.training.loop import learning_rate

    _, settings = read_settings(files.folder_of(run_id))
    left = settings.epochs - epoch
    rate = learning_rate(settings, epoch * settings.steps_per_epoch)
    end = settings.learning_rate * settings.decay
    return {
        **settings.model_dump(),
        "epochs": left if left > 0 else settings.epochs,
        "learning_rate": float(f"{rate:.6g}"),
        "decay": float(f"{min(1.0, end / rate):.6g}") if left > 0 else 1.0,
    }


def check_fork(name: str, settings: Settings, fork: notes.Fork) -> None:
    """Refuse what can't go on with the other run's weights.

    Raises:
        ValueError: the other run is of another kind or width, or its weights were not kept.
    """
    epoch_weights(fork.run_id, fork.epoch)
    other, theirs = read_settings(files.folder_of(fork.run_id))
    if other != name:
        raise ValueError(f"A run of {name} can't go on with the weights of {other}.")
    if theirs.num_hiddens != settings.num_hiddens:
        raise ValueError(
            f"The weights are those of width {theirs.num_hiddens}; "
            f"width {settings.num_hiddens} has to start from scratch."
        )
