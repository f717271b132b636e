"""What a page can see of training runs."""

from __future__ import annotations

import functools
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lessons.runs import files, processes

if TYPE_CHECKING:  # torch is slow to import, and a worker that waits in line does without
    from lessons.picture import Picture
    from lessons.training import Settings


_IN_LABEL: Final = {"sigma": "σ = {:g}", "sample_steps": "{} steps", "gamma": "γ = {:g}"}
"""What a label says of the settings that only some recipes have."""


@dataclass(frozen=True)
class Epoch:
    """What was measured after one epoch (0: before training)."""

    epoch: int
    step: int
    images: int
    numbers: dict[str, float]


@dataclass(frozen=True)
class Peek:
    """Pictures that a run made in passing.

    Attributes:
        step: after which step.
        images: images seen until then.
        row: the pictures.
    """

    step: int
    images: int
    row: tuple[Picture, ...]


@dataclass(frozen=True)
class RunView:
    """A run as it stands.

    Attributes:
        id: its name, unique on this machine.
        recipe: which lesson trains it.
        settings: what it is; None if damaged.
        state: queued, running, paused, stopped, finished, failed, interrupted or damaged.
        reason: one sentence where something went wrong, else "".
        step: optimiser steps done.
        seconds: time spent in steps.
        device: the hardware's name.
        place: place in the line of waiting runs, 1 = next; 0 if not waiting.
        shipped: whether it came with the project.
        fork: where it branched off another run, None if it began from scratch.
        curve: loss by step.
        epochs: what was measured after each epoch.
    """

    id: str
    recipe: str
    settings: Settings | None
    state: files.State
    reason: str = ""
    step: int = 0
    seconds: float = 0.0
    device: str = ""
    place: int = 0
    shipped: bool = False
    fork: files.Fork | None = None
    curve: files.Curve = field(default_factory=files.Curve)
    epochs: tuple[Epoch, ...] = ()

    @property
    def label(self) -> str:
        """The run's true settings in one line."""
        if self.settings is None:
            return self.id
        own, s = self.settings.model_dump(), self.settings
        parts = [f"D = {s.num_hiddens}", f"{s.epochs} × {s.images_per_epoch:,} images"]
        parts += [f"batch {s.batch_size}", f"rate {s.learning_rate:g}"]
        parts += [f"EMA {s.ema:g}"] if s.ema else []
        parts += [words.format(own[name]) for name, words in _IN_LABEL.items() if name in own]
        parts += [s.precision, f"seed {s.seed}"]
        if self.fork:
            parts.append(f"fork of {self.fork.run_id[-4:]} after epoch {self.fork.epoch}")
        return " · ".join(parts)

    @property
    def images_before(self) -> int:
        """Images that the weights it began with had seen; 0 from scratch."""
        return self.fork.images if self.fork else 0

    @property
    def images_per_second(self) -> float:
        """Speed over the last 50 steps; 0 before the second step."""
        images, seconds = self.curve.images[-50:], self.curve.seconds[-50:]
        if len(images) < 2 or seconds[-1] <= seconds[0]:
            return 0.0
        return (images[-1] - images[0]) / (seconds[-1] - seconds[0])

    @property
    def seconds_left(self) -> float | None:
        """Time to the last step at the present speed; None while unknown."""
        if self.settings is None or not self.images_per_second:
            return None
        left = self.settings.total_images - self.settings.images_after(self.step)
        return left / self.images_per_second


def all_runs(recipe: str) -> list[RunView]:
    """The runs of one recipe: shipped ones first, then the newest."""
    folders = [folder for root in (files.root(), files.SHIPPED) for folder in _folders(root)]
    ours = {path.name: path for path in folders if path.name.startswith(f"{recipe}-")}
    views = []
    for folder in sorted(ours.values(), key=_rank):
        with suppress(FileNotFoundError):  # deleted meanwhile
            views.append(_view(folder))
    return views


def view(run_id: str) -> RunView:
    """One run. Damage is told in the view, never raised.

    Raises:
        ValueError: no such run.
    """
    try:
        return _view(files.folder_of(run_id))
    except FileNotFoundError as error:
        raise ValueError(str(error)) from None


def _view(folder: Path) -> RunView:
    from lessons.runs.recorder import read_settings

    if not folder.is_dir():
        raise FileNotFoundError("There is no such run; it may have been deleted.")
    run_id, shipped = folder.name, folder.parent == files.SHIPPED
    try:
        recipe, settings = read_settings(folder)
        status = files.Status.read(folder)
        fork = files.Fork.read(folder)
        curve = files.curve(folder)
        epochs = tuple(_epoch(entry) for entry in files.read_lines(folder / "epochs.jsonl"))
    except files.DamagedRun as error:
        return RunView(run_id, "", None, "damaged", str(error), shipped=shipped)
    waiting = processes.line(folder.parent) if status.state == "queued" else []
    return RunView(
        id=run_id,
        recipe=recipe,
        settings=settings,
        state=_true_state(status, folder),
        reason=status.reason,
        step=curve.steps[-1] if curve.steps else 0,
        seconds=status.seconds,
        device=status.device,
        place=waiting.index(run_id) + 1 if run_id in waiting else 0,
        shipped=shipped,
        fork=fork,
        curve=curve,
        epochs=epochs,
    )


def samples(run_id: str, epoch: int) -> tuple[tuple[Picture, ...], ...]:
    """The rows of pictures that a run showed after an epoch.

    Raises:
        ValueError: no such run or epoch, or its file is damaged.
    """
    from lessons.runs.recorder import load_rows

    path = files.folder_of(run_id) / "samples" / f"epoch-{int(epoch):03d}.png"
    try:
        return load_rows(path)
    except files.DamagedRun as error:
        raise ValueError(str(error)) from error


def peeks(run_id: str) -> list[Peek]:
    """The pictures that a run made in passing, the first ones first; damaged ones are left out.

    Raises:
        ValueError: no such run.
    """
    from lessons.runs.recorder import read_settings

    folder = files.folder_of(run_id)
    steps = files.peek_steps(folder)
    settings = read_settings(folder)[1] if steps else None
    found = []
    for step in steps:
        with suppress(files.DamagedRun, OSError):
            path = files.peek_path(folder, step)
            row = _row(path, path.stat().st_mtime_ns)
            found.append(Peek(step, settings.images_after(step) if settings else 0, row))
    return found


@functools.lru_cache(maxsize=2048)
def _row(path: Path, edition: int) -> tuple[Picture, ...]:  # noqa: ARG001 - new file, new entry
    from lessons.runs.recorder import load_rows

    return load_rows(path)[0]


def busy() -> bool:
    """Whether a run trains on this machine right now."""
    return any(_trains(folder) for folder in _folders(files.root()))


def weights_file(run_id: str) -> Path | None:
    """Where a run's finished weights lie (safetensors), or None before its end."""
    path = files.folder_of(run_id) / "weights.safetensors"
    return path if path.is_file() else None


def _trains(folder: Path) -> bool:
    try:
        return files.Status.read(folder).state == "running" and processes.alive(folder)
    except files.DamagedRun:
        return False


def _true_state(status: files.Status, folder: Path) -> files.State:
    """What the worker last said, unless it died without a word."""
    if status.state in files.ACTIVE and not processes.alive(folder):
        return "interrupted"
    return status.state


def _epoch(entry: dict[str, Any]) -> Epoch:
    fixed = ("epoch", "step", "images")
    try:
        numbers = {name: float(value) for name, value in entry.items() if name not in fixed}
        epoch, step, images = (int(entry[name]) for name in fixed)
        return Epoch(epoch, step, images, numbers)
    except (KeyError, TypeError, ValueError) as error:
        raise files.DamagedRun(f"epochs.jsonl holds a line that makes no sense: {error}") from error


def _folders(root: Path) -> list[Path]:
    if not root.is_dir():
        return []
    return [path for path in root.iterdir() if path.is_dir() and files.is_run_name(path.name)]


def _rank(folder: Path) -> tuple[bool, float]:
    try:
        begun = (folder / "settings.json").stat().st_mtime  # it is written once
    except OSError:
        begun = 0.0
    return folder.parent != files.SHIPPED, -begun
