"""Which runs wait for a training slot, and which have one: small files in the folder of all runs.

    .line/NUMBER.NAME     an empty file for each run that waits, the first in line first
    .holder-0             the name of the run that took the first slot last
    .alive-0              where a cluster trains: what its trainer of that slot said last

Whoever shares the folder sees the same, on whichever machine.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from filelock import FileLock

from lessons.training.runs import files
from models.cluster import trainers

_LINE: Final = ".line"


def join_line(folder: Path) -> None:
    """Give a run the last place in the line, and no other.

    Raises:
        OSError: the disk refused.
    """
    line = folder.parent / _LINE
    line.mkdir(exist_ok=True)
    with FileLock(folder.parent / ".line.lock"):
        leave_line(folder)
        # Counted and not timed: clocks differ from machine to machine, and are set.
        numbers = [place.partition(".")[0] for place in places(folder.parent)]
        last = max((int(number) for number in numbers if number.isdecimal()), default=0)
        (line / f"{last + 1:020d}.{folder.name}").touch()


def in_line(folder: Path) -> bool:
    """Whether a run has a place in the line."""
    return folder.name in waiting(folder.parent)


def leave_line(folder: Path) -> None:
    """Give up a run's place in the line, if it has one."""
    for place in places(folder.parent):
        if place.partition(".")[2] == folder.name:
            (folder.parent / _LINE / place).unlink(missing_ok=True)


def waiting(root: Path) -> list[str]:
    """The names that have a place, first come first; whether they are alive is another question."""
    names = [place.partition(".")[2] for place in places(root)]
    return [name for name in names if files.is_run_name(name)]


def places(root: Path) -> list[str]:
    """The line is a folder with one empty file a run; those that are over left nothing there."""
    try:
        return sorted(os.listdir(root / _LINE))
    except OSError:
        return []


def lock(root: Path) -> FileLock:
    """What a trainer holds that takes a run, and who takes one out of the line."""
    return FileLock(root / ".claims.lock")


def holder(root: Path, slot: int) -> str:
    """The name of the run that took a slot last; "" if none has."""
    with suppress(OSError, ValueError):
        name = _holder(root, slot).read_text()
        return name if files.is_run_name(name) else ""
    return ""


def hold(root: Path, slot: int, name: str) -> None:
    """Put down that a run has a slot, and no other one.

    Raises:
        OSError: the disk refused.
    """
    for other in range(trainers.crew_of(root)[1]):
        if other != slot and holder(root, other) == name:
            let_go(root, other)
    _holder(root, slot).write_text(name)


def let_go(root: Path, slot: int) -> None:
    """Put down that no run has a slot."""
    _holder(root, slot).unlink(missing_ok=True)


def held_by_trainers(root: Path) -> set[str]:
    """The names of the runs that a trainer of the cluster has, and which it answers for."""
    return {holder(root, slot) for slot in trainers.alive(root)} - {""}


def free_for_trainers(root: Path) -> list[str]:
    """The runs that a trainer without one may take: those of trainers that are gone come first."""
    slots, living = range(trainers.crew_of(root)[1]), trainers.alive(root)
    left = [name for slot in slots if slot not in living and (name := holder(root, slot))]
    taken = held_by_trainers(root)
    return [name for name in dict.fromkeys((*left, *waiting(root))) if name not in taken]


def has_trainer(folder: Path) -> bool:
    """Whether a trainer of the cluster has this run, or will take it from the line."""
    root = folder.parent
    return folder.name in held_by_trainers(root) or (bool(trainers.alive(root)) and in_line(folder))


def _holder(root: Path, slot: int) -> Path:
    return root / f".holder-{slot}"
