"""The folder of a training run: what stands in it, and how it is read and written.

    settings.json            which recipe, which settings; written once
    status.json              what the worker last said: state, step, seconds, reason
    control.json             what the reader last asked for: run up to which step, or stop
    worker.json              the process that works on it
    metrics.jsonl            one line a step
    epochs.jsonl             one line an epoch: what was measured on test digits
    fork.safetensors         the weights of another run that this one began with, if it did
    samples/epoch-003.png    rows of pictures after epoch 3
    peeks/step-000123.png    a row of pictures made in passing, after step 123
    weights/epoch-003.safetensors   the weights after epoch 3, in float16
    checkpoint.safetensors   weights, optimiser and step: enough to go on
    weights.safetensors      the finished weights alone

Everything is plain text, PNG or safetensors, nothing is ever unpickled, and no file that is
replaced is ever half written. This module needs no torch, so that waiting in line is cheap.
"""

from __future__ import annotations

import json
import os
import re
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, get_args

State = Literal[
    "queued", "running", "paused", "stopped", "finished", "failed", "interrupted", "damaged"
]

ACTIVE: Final[frozenset[State]] = frozenset({"queued", "running"})
SHIPPED: Final = Path(__file__).parents[2] / "models" / "reference"
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,80}")
_NONSENSE: Final = (ValueError, KeyError, TypeError, OverflowError)
"""What conversions raise when a file holds something else than it should."""


class DamagedRun(ValueError):
    """A run's folder holds something unreadable; the message says what."""


def root() -> Path:
    """The folder of all runs: DIFFUSION_RUNS, or `runs` beside the app."""
    chosen = os.environ.get("DIFFUSION_RUNS")
    return Path(chosen) if chosen else Path(__file__).parents[2] / "runs"


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
    part = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.part")
    try:
        part.write_text(json.dumps(content, indent=1) + "\n")
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def read_json(path: Path) -> dict[str, Any]:
    """Read a small JSON file; {} if there is none.

    Raises:
        DamagedRun: it is no JSON object.
    """
    try:
        content = json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise DamagedRun(f"{path.name} can't be read: {error}") from error
    if not isinstance(content, dict):
        raise DamagedRun(f"{path.name} holds no JSON object")
    return content


@dataclass(frozen=True)
class Fork:
    """Where a run branched off another.

    Attributes:
        run_id: the other run.
        epoch: after which of its epochs.
        images: images that its weights had seen by then, its own origins included.
    """

    run_id: str
    epoch: int
    images: int

    @classmethod
    def read(cls, folder: Path) -> Fork | None:
        """Where the run of this folder branched off, or None if it began from scratch.

        Raises:
            DamagedRun: the file makes no sense.
        """
        content = read_json(folder / "settings.json").get("fork")
        try:
            return cls(**content) if content else None
        except _NONSENSE as error:
            raise DamagedRun(f"settings.json tells no fork: {error}") from error


@dataclass(frozen=True)
class Control:
    """What the reader wants of a worker.

    Attributes:
        until_step: go on until this many steps are done, then pause; 0 pauses at once.
        stop: end the run for good where it stands.
    """

    until_step: int = 0
    stop: bool = False

    @classmethod
    def read(cls, folder: Path) -> Control:
        """The last wish; pause if there is none.

        Raises:
            DamagedRun: the file makes no sense.
        """
        content = read_json(folder / "control.json")
        try:
            return cls(int(content.get("until_step", 0)), bool(content.get("stop", False)))
        except _NONSENSE as error:
            raise DamagedRun(f"control.json can't be understood: {error}") from error

    def write(self, folder: Path) -> None:
        """Make this the last wish."""
        write_json(folder / "control.json", {"until_step": self.until_step, "stop": self.stop})


@dataclass(frozen=True)
class Status:
    """What a worker last said of its run.

    Attributes:
        state: where the run stands.
        step: optimiser steps done.
        seconds: time spent in steps, pauses left out.
        reason: why it failed, one sentence; else "".
        device: the hardware's name.
        queued_at: when it joined the line, seconds since 1970.
    """

    state: State
    step: int = 0
    seconds: float = 0.0
    reason: str = ""
    device: str = ""
    queued_at: float = 0.0

    @classmethod
    def read(cls, folder: Path) -> Status:
        """The worker's last word.

        Raises:
            DamagedRun: the file is missing or makes no sense.
        """
        content = read_json(folder / "status.json")
        try:
            said = cls(**content)
            if said.state not in get_args(State):
                raise ValueError(f"there is no state {str(said.state)[:40]!r}")
            numbers = int(said.step), float(said.seconds)
            words = str(said.reason), str(said.device)
            return cls(said.state, *numbers, *words, float(said.queued_at))
        except _NONSENSE as error:
            raise DamagedRun(f"status.json can't be understood: {error}") from error

    def write(self, folder: Path) -> None:
        """Make this the last word."""
        write_json(folder / "status.json", self.__dict__)

    def overwrite(self, folder: Path) -> None:
        """Say it in the file's own place, which a full disk still allows; not atomic."""
        with (folder / "status.json").open("r+") as file:
            file.write(json.dumps(self.__dict__) + "\n")
            file.truncate()


@dataclass
class Curve:
    """The metrics of a run so far, one entry a step, oldest first."""

    steps: list[int] = field(default_factory=list)
    images: list[int] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    offset: int = 0
    """Bytes of the file already read."""

    def read_on(self, path: Path) -> None:
        """Take in the whole lines that were appended since the last call.

        Raises:
            DamagedRun: a whole line is no metrics line.
        """
        try:
            with path.open("rb") as file:
                file.seek(self.offset)
                new = file.read()
        except FileNotFoundError:
            return
        except OSError as error:
            raise DamagedRun(f"metrics.jsonl can't be read: {error}") from error
        whole = new[: new.rfind(b"\n") + 1]
        try:
            for line in whole.splitlines():
                entry = json.loads(line)
                self.steps.append(int(entry["step"]))
                self.images.append(int(entry["images"]))
                self.losses.append(float(entry["loss"]))
                self.seconds.append(float(entry["seconds"]))
        except _NONSENSE as error:
            raise DamagedRun(f"metrics.jsonl, line {len(self.steps) + 1}: {error!r}") from error
        self.offset += len(whole)


_curves: OrderedDict[Path, tuple[tuple[int, int], Curve]] = OrderedDict()
_curves_lock = threading.Lock()


def curve(folder: Path) -> Curve:
    """A copy of the run's metrics; only what was appended is read, however many pages watch.

    Raises:
        DamagedRun: a line can't be read.
    """
    path = folder / "metrics.jsonl"
    with _curves_lock:
        identity, known = _curves.pop(path, ((0, 0), Curve()))
        try:
            stat = path.stat()
        except FileNotFoundError:
            return Curve()
        if (stat.st_ino, stat.st_dev) != identity or stat.st_size < known.offset:
            known = Curve()  # replaced by a resumed run
        known.read_on(path)
        _curves[path] = ((stat.st_ino, stat.st_dev), known)
        while len(_curves) > 64:
            _curves.popitem(last=False)
        return Curve(
            known.steps[:], known.images[:], known.losses[:], known.seconds[:], known.offset
        )


def peek_path(folder: Path, step: int) -> Path:
    """Where the pictures lie that a run made in passing after a step."""
    return folder / "peeks" / f"step-{step:06d}.png"


def peek_steps(folder: Path) -> list[int]:
    """The steps after which a run made pictures in passing, rising."""
    names = (path.stem for path in (folder / "peeks").glob("step-*.png"))
    return sorted(int(name[5:]) for name in names if name[5:].isdecimal())


def forget_peeks_after(folder: Path, step: int) -> None:
    """Remove the pictures of steps later than `step`, which a resumed run takes again."""
    for later in peek_steps(folder):
        if later > step:
            peek_path(folder, later).unlink(missing_ok=True)


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
        entries = [json.loads(line) for line in lines]
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
    except _NONSENSE as error:
        raise DamagedRun(f"{path.name} holds a line without a step: {error}") from error
    part = path.with_name(f".{path.name}.part")
    part.write_text("".join(json.dumps(entry) + "\n" for entry in kept))
    os.replace(part, path)
