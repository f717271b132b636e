"""What a page can see of training runs."""

from __future__ import annotations

import functools
import threading
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lessons.training.runs import files, notes, processes
from lessons.training.runs.notes import threads_of
from lessons.training.runs.recipes import read_settings
from lessons.training.runs.run_view import ENDED, EarlyPreview, Epoch, RunView
from models.atomic import stamp

if TYPE_CHECKING:  # torch is slow to import, and a worker that waits in line does without
    from lessons.images.captioned import CaptionedImage


_SAID: Final = ("settings.json", "status.json", "metrics.jsonl", "epochs.jsonl", "probes.jsonl")
_MOST_KEPT: Final = 512
_over: dict[Path, tuple[tuple[object, ...], RunView]] = {}
_over_lock = threading.Lock()


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
    """A run as it stands; one that is over is read once, until one of its files is another."""
    now = _stamps(folder)
    with _over_lock:
        known = _over.get(folder)
    if known and known[0] == now:
        return known[1]
    found = _read(folder)
    if found.state in ENDED:
        with _over_lock:
            _over[folder] = now, found
            while len(_over) > _MOST_KEPT:
                _over.pop(next(iter(_over)))
    return found


def _stamps(folder: Path) -> tuple[object, ...]:
    return tuple(stamp(folder / name) for name in _SAID)


def _read(folder: Path) -> RunView:
    if not folder.is_dir():
        raise FileNotFoundError("This run is no longer here: it was deleted meanwhile.")
    run_id, shipped = folder.name, folder.parent == files.SHIPPED
    try:
        recipe, settings = read_settings(folder)
        status = notes.status_of(folder)
        fork = notes.Fork.read(folder)
        created = _created(folder)
        curve = files.curve(folder)
        epochs = tuple(_epoch(entry) for entry in files.read_lines(folder / "epochs.jsonl"))
    except files.DamagedRun as error:
        return RunView(run_id, "", None, "damaged", str(error), shipped=shipped)
    waiting = processes.line(folder.parent) if status.state == "queued" else []
    place = waiting.index(run_id) + 1 if run_id in waiting else 0
    return RunView(
        id=run_id,
        recipe=recipe,
        settings=settings,
        state=_true_state(status, folder),
        reason=status.reason,
        step=curve.steps[-1] if curve.steps else 0,
        seconds=status.seconds,
        device=status.device,
        place=place,
        behind=(*_training(folder.parent), *waiting[: place - 1]) if place else (),
        shipped=shipped,
        created=created,
        threads=threads_of(folder),
        fork=fork,
        curve=curve,
        epochs=epochs,
        probes=files.probes(folder),
    )


def samples(run_id: str, epoch: int) -> tuple[tuple[CaptionedImage, ...], ...]:
    """The rows of images that a run showed after an epoch.

    Raises:
        ValueError: no such run or epoch, or its file is damaged.
    """
    from lessons.training.runs.recorder import load_rows

    path = files.folder_of(run_id) / "samples" / f"epoch-{int(epoch):03d}.png"
    try:
        return load_rows(path)
    except files.DamagedRun as error:
        raise ValueError(str(error)) from error


def early_previews(run_id: str) -> list[EarlyPreview]:
    """The images that a run made in passing, the first ones first; damaged ones are left out.

    Raises:
        ValueError: no such run.
    """
    folder = files.folder_of(run_id)
    steps = files.early_preview_steps(folder)
    settings = read_settings(folder)[1] if steps else None
    found = []
    for step in steps:
        with suppress(files.DamagedRun, OSError):
            path = files.early_preview_path(folder, step)
            row = _row(path, stamp(path))
            found.append(EarlyPreview(step, settings.images_after(step) if settings else 0, row))
    return found


@functools.lru_cache(maxsize=2048)
def _row(path: Path, weights_hash: object) -> tuple[CaptionedImage, ...]:  # noqa: ARG001 - new file, new entry
    from lessons.training.runs.recorder import load_rows

    return load_rows(path)[0]


def busy() -> bool:
    """Whether a run trains on this machine right now."""
    return bool(_training(files.root()))


def training_now(recipe: str) -> list[RunView]:
    """The runs of one recipe that train on this machine right now."""
    names = [name for name in _training(files.root()) if name.startswith(f"{recipe}-")]
    views = []
    for name in names:
        with suppress(ValueError):  # deleted meanwhile
            views.append(view(name))
    return views


def _training(root: Path) -> tuple[str, ...]:
    return tuple(folder.name for folder in processes.holders(root) if _trains(folder))


def _created(folder: Path) -> datetime | None:
    try:
        return datetime.fromisoformat(str(files.read_json(folder / "settings.json")["created"]))
    except (KeyError, ValueError):
        return None


def weights_file(run_id: str) -> Path | None:
    """Where a run's finished weights lie (safetensors), or None before its end."""
    path = files.folder_of(run_id) / "weights.safetensors"
    return path if path.is_file() else None


def _trains(folder: Path) -> bool:
    return notes.status_of(folder).state == "running" and processes.alive(folder)


def _true_state(status: notes.Status, folder: Path) -> notes.State:
    """What the worker last said, unless it died without a word."""
    if status.state in notes.ACTIVE and not processes.alive(folder):
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
