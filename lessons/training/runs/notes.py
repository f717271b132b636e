"""What a run's page and its worker tell each other, in small files of the run's folder.

Like `files` this needs no torch, so that waiting in line is cheap.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, get_args

from lessons.training.runs.files import (
    NONSENSE,
    DamagedRun,
    LossCurve,
    curve,
    read_json,
    write_json,
)
from lessons.training.runs.threads import MOST_THREADS

State = Literal[
    "queued", "running", "paused", "stopped", "finished", "failed", "interrupted", "damaged"
]

ACTIVE: Final[frozenset[State]] = frozenset({"queued", "running"})


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
        except NONSENSE as error:
            raise DamagedRun(f"settings.json tells no fork: {error}") from error


@dataclass(frozen=True)
class RunControl:
    """What the reader wants of a worker.

    Attributes:
        until_step: go on until this many steps are done, then pause; 0 pauses at once.
        stop: end the run for good where it stands.
    """

    until_step: int = 0
    stop: bool = False

    @classmethod
    def read(cls, folder: Path) -> RunControl:
        """The last wish; pause if there is none.

        Raises:
            DamagedRun: the file makes no sense.
        """
        content = read_json(folder / "control.json")
        try:
            return cls(int(content.get("until_step", 0)), bool(content.get("stop", False)))
        except NONSENSE as error:
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
    """

    state: State
    step: int = 0
    seconds: float = 0.0
    reason: str = ""
    device: str = ""

    @classmethod
    def read(cls, folder: Path) -> Status:
        """The worker's last word.

        Raises:
            DamagedRun: the file is missing or makes no sense.
        """
        content = read_json(folder / "status.json")
        try:
            content.pop("queued_at", None)  # older runs have it
            said = cls(**content)
            if said.state not in get_args(State):
                raise ValueError(f"there is no state {str(said.state)[:40]!r}")
            numbers = int(said.step), float(said.seconds)
            words = str(said.reason), str(said.device)
            return cls(said.state, *numbers, *words)
        except NONSENSE as error:
            raise DamagedRun(f"status.json can't be understood: {error}") from error

    def write(self, folder: Path) -> None:
        """Make this the last word."""
        write_json(folder / "status.json", self.__dict__)

    def overwrite(self, folder: Path) -> None:
        """Say it in the file's own place, which a full disk still allows; not atomic."""
        with (folder / "status.json").open("r+") as file:
            file.write(json.dumps(self.__dict__) + "\n")
            file.truncate()


def status_of(folder: Path) -> Status:
    """A worker's last word on its run; where it is lost, what the rest of the folder says.

    A run whose word was lost was interrupted: whoever resumes it goes on from its checkpoint, and
    comes to its end at once if it was there.
    """
    try:
        return Status.read(folder)
    except DamagedRun:
        try:
            known = curve(folder)
        except DamagedRun:
            known = LossCurve()
        if not known.steps:
            return Status("interrupted")
        return Status("interrupted", step=known.steps[-1], seconds=known.seconds[-1])


def threads_of(folder: Path) -> int | None:
    """The number of threads that a run was set up with; None for one that does not say it.

    Raises:
        DamagedRun: the run's settings can't be read.
    """
    said = read_json(folder / "settings.json").get("threads")
    return said if type(said) is int and 1 <= said <= MOST_THREADS else None


def more_is_wanted(folder: Path) -> bool:
    """Whether a paused run was asked to go on, or to end.

    Raises:
        DamagedRun: the last wish can't be read.
    """
    status, control = status_of(folder), RunControl.read(folder)
    return status.state == "paused" and (control.stop or control.until_step > status.step)
