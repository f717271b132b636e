"""The folder of a training run: what stands in it, and how it is read and written.

    settings.json            which recipe, which settings; written once
    owner.json               the hash of the token of the browser that started it
    status.json              what the worker last said: state, step, seconds, reason
    control.json             what the reader last asked for: run up to which step, or stop
    worker.json              the process that works on it
    metrics.jsonl            one line a step
    epochs.jsonl             one line an epoch: what was measured on test digits
    probes.jsonl             now and then a line: what the run measured of itself
    fork.safetensors         the weights of another run that this one began with, if it did
    samples/epoch-003.png    rows of images after epoch 3
    peeks/step-000123.png    a row of images made in passing, after step 123
    weights/epoch-003.safetensors   the weights after epoch 3, in float16
    checkpoint.safetensors   weights, optimiser and step: enough to go on
    weights.safetensors      the finished weights alone

Everything is plain text, PNG or safetensors, nothing is ever unpickled, and no file that is
replaced is ever half written. This module needs no torch, so that waiting in line is cheap.
"""

from __future__ import annotations

import json
import re
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO, Final

from models import environment
from models.atomic import parsed, read_text, write_atomically

SHIPPED: Final = Path(__file__).parents[3] / "models" / "reference"
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,80}")
NONSENSE: Final = (ValueError, KeyError, TypeError, OverflowError)
"""What conversions raise when a file holds something else than it should."""


class DamagedRun(ValueError):
    """A run's folder holds something unreadable; the message says what."""


def root() -> Path:
    """The folder of all runs: DIFFUSION_RUNS, or `runs` beside the app.

    Raises:
        ValueError: the setting is none.
    """
    return environment.folder("DIFFUSION_RUNS", Path(__file__).parents[3] / "runs")


def is_run_name(name: str) -> bool:
    """Whether a folder's name could be a run's."""
    return _NAME.fullmatch(name) is not None


def folder_of(run_id: str) -> Path:
    """The folder of a run, which need not exist.

    Raises:
        ValueError: the name could not be one of ours (it may come from an address bar).
    """
    if not _NAME.fullmatch(run_id):
        raise ValueError(f"{run_id[:80]!r} is not the name of a run")
    shipped = SHIPPED / run_id
    return shipped if shipped.is_dir() else root() / run_id


def write_json(path: Path, content: Mapping[str, object]) -> None:
    """Replace a small JSON file in one move.

    Raises:
        OSError: the disk refused; the old file is untouched.
    """
    text = json.dumps(content, indent=1) + "\n"
    write_atomically(path, lambda part: part.write_text(text))


def read_json(path: Path) -> dict[str, Any]:
    """Read a small JSON file; {} if there is none.

    Raises:
        DamagedRun: it is no JSON object.
    """
    try:
        content = parsed(read_text(path))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise DamagedRun(f"{path.name} can't be read: {error}") from error
    if not isinstance(content, dict):
        raise DamagedRun(f"{path.name} holds no JSON object")
    return content


@dataclass
class LossCurve:
    """The metrics of a run so far, one entry a step, oldest first."""

    steps: list[int] = field(default_factory=list)
    images: list[int] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    offset: int = 0
    """Bytes of the file already read."""

    ends: tuple[bytes, bytes] = (b"", b"")
    """The first line of these bytes and the last; a file that has others is another file."""

    def begins(self, file: BinaryIO) -> bool:
        """Whether a file still begins with what was read of it."""
        first, last = self.ends
        if file.read(len(first)) != first:
            return False
        file.seek(self.offset - len(last))
        return file.read(len(last)) == last


_curves: OrderedDict[Path, LossCurve] = OrderedDict()
_curves_lock = threading.Lock()


def curve(folder: Path) -> LossCurve:
    """A copy of the run's metrics; only what was appended is read, however many pages watch.

    Raises:
        DamagedRun: a line can't be read.
    """
    path = folder / "metrics.jsonl"
    with _curves_lock:
        known = _read_on(path, _curves.pop(path, LossCurve()))
        _curves[path] = known
        while len(_curves) > 64:
            _curves.popitem(last=False)
        return replace(
            known,
            steps=known.steps[:],
            images=known.images[:],
            losses=known.losses[:],
            seconds=known.seconds[:],
        )


def _read_on(path: Path, known: LossCurve) -> LossCurve:
    """Take in the whole lines that were appended; all lines of what is another file."""
    try:
        with path.open("rb") as file:
            found = known if known.begins(file) else LossCurve()
            file.seek(found.offset)
            new = file.read()
    except FileNotFoundError:
        return LossCurve()
    except OSError as error:
        raise DamagedRun(f"metrics.jsonl can't be read: {error}") from error
    lines = new[: new.rfind(b"\n") + 1].splitlines(keepends=True)
    try:
        for line in lines:
            entry = parsed(line)
            found.steps.append(int(entry["step"]))
            found.images.append(int(entry["images"]))
            found.losses.append(float(entry["loss"]))
            found.seconds.append(float(entry["seconds"]))
    except NONSENSE as error:
        raise DamagedRun(f"metrics.jsonl, line {len(found.steps) + 1}: {error!r}") from error
    if lines:
        found.ends = found.ends[0] or lines[0], lines[-1]
        found.offset += sum(map(len, lines))
    return found


def early_preview_path(folder: Path, step: int) -> Path:
    """Where the images lie that a run made in passing after a step."""
    return folder / "peeks" / f"step-{step:06d}.png"


def early_preview_steps(folder: Path) -> list[int]:
    """The steps after which a run made images in passing, rising."""
    names = (path.stem for path in (folder / "peeks").glob("step-*.png"))
    return sorted(int(name[5:]) for name in names if name[5:].isdecimal())


def forget_early_previews_after(folder: Path, step: int) -> None:
    """Remove the images of steps later than `step`, which a resumed run takes again."""
    for later in early_preview_steps(folder):
        if later > step:
            early_preview_path(folder, later).unlink(missing_ok=True)


def probes(folder: Path) -> tuple[dict[str, Any], ...]:
    """What the run measured of itself, oldest first; () of an older version or if it is damaged.

    A run is whole without them.
    """
    try:
        lines = read_lines(folder / "probes.jsonl")
    except DamagedRun:
        return ()
    return tuple(line for line in lines if isinstance(line.get("step"), int))


def forget_probes_after(folder: Path, step: int) -> None:
    """Drop what was measured after `step`, which a resumed run measures again.

    Raises:
        OSError: the disk refused; the old file is untouched.
    """
    try:
        forget_after(folder / "probes.jsonl", step)
    except DamagedRun:
        (folder / "probes.jsonl").unlink()


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The whole lines of a .jsonl file; a last line cut off by a kill is left out.

    Raises:
        DamagedRun: a whole line is no JSON object.
    """
    try:
        text = path.read_text()
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        raise DamagedRun(f"{path.name} can't be read: {error}") from error
    lines = text[: text.rfind("\n") + 1].splitlines()
    try:
        entries = [parsed(line) for line in lines]
    except ValueError as error:
        raise DamagedRun(f"{path.name} holds a line that is no JSON: {error}") from error
    if not all(isinstance(entry, dict) for entry in entries):
        raise DamagedRun(f"{path.name} holds a line that is no JSON object")
    return entries


def append_lines(path: Path, entries: list[dict[str, Any]]) -> None:
    """Append entries as lines, in one write.

    Raises:
        OSError: the disk refused.
    """
    with path.open("a") as file:
        file.write("".join(json.dumps(entry) + "\n" for entry in entries))


def forget_after(path: Path, step: int) -> None:
    """Drop the lines of steps later than `step`, which a resumed run writes again.

    Raises:
        DamagedRun: a whole line is no JSON object with a step.
        OSError: the disk refused; the old file is untouched.
    """
    try:
        kept = [entry for entry in read_lines(path) if int(entry["step"]) <= step]
    except DamagedRun:
        raise
    except NONSENSE as error:
        raise DamagedRun(f"{path.name} holds a line without a step: {error}") from error
    text = "".join(json.dumps(entry) + "\n" for entry in kept)
    write_atomically(path, lambda part: part.write_text(text))
