"""What a class needs one reader to leave to the others. Each limit is a setting of the server."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lessons.classroom.readers import Reader, teachers_key
from models.environment import whole_number

WAITING: Final = "DIFFUSION_MOST_WAITING"
MEGABYTES: Final = "DIFFUSION_RUNS_MEGABYTES"
IMAGES: Final = "DIFFUSION_LONGEST_RUN"


@dataclass(frozen=True)
class Limits:
    """How much is allowed; 0 is as much as anybody likes.

    Attributes:
        waiting: runs that one reader may have in line.
        megabytes: what all runs together may take on disk, 10⁶ bytes each.
        images: the length of a run.
    """

    waiting: int
    megabytes: int
    images: int

    @property
    def words(self) -> str:
        """One sentence for a page; "" where nothing is limited."""
        parts = [f"{self.waiting} waiting runs a reader"] if self.waiting else []
        parts += [f"{self.images:,} images a run"] if self.images else []
        parts += [f"{self.megabytes / 1000:g} GB for all runs"] if self.megabytes else []
        return f"At most, on this server: {', '.join(parts)}." if parts else ""


def limits() -> Limits:
    """Read them. Where there is a teacher's key there is a class, which has limits by itself.

    Raises:
        ValueError: a setting is none.
    """
    a_class = teachers_key() is not None
    return Limits(
        waiting=whole_number(WAITING, 3 if a_class else 0, low=0, high=1000),
        megabytes=whole_number(MEGABYTES, 20_000 if a_class else 0, low=0, high=100_000_000),
        images=whole_number(IMAGES, 0, low=0, high=100_000_000),
    )


def check_waiting(by: Reader, owners: Sequence[str]) -> None:
    """Refuse one more run in line.

    Args:
        by: who asks; the teacher has no such limit.
        owners: whose the runs are that wait now.

    Raises:
        ValueError: this reader has as many there as allowed.
    """
    most, own = limits().waiting, owners.count(by.browser)
    if most and by.browser and not by.teacher and own >= most:
        raise ValueError(
            f"{own} of your runs wait for their turn, and {most} are allowed on this server. Wait, "
            f"or stop one of them. {_who(WAITING)}"
        )


def check_length(by: Reader, images: int) -> None:
    """Refuse a run that is too long.

    Raises:
        ValueError: it is longer than allowed; the teacher has no such limit.
    """
    most = limits().images
    if most and not by.teacher and images > most:
        raise ValueError(
            f"This run would take {images:,} images, and {most:,} are allowed on this server. "
            f"Choose fewer epochs. {_who(IMAGES)}"
        )


def check_size(root: Path) -> None:
    """Refuse another run where all of them take too much of the disk, whoever asks.

    Raises:
        ValueError: they do.
    """
    most = limits().megabytes
    if most and (size := size_of(root)) >= most * 1_000_000:
        raise ValueError(
            f"All runs together take {size / 1e9:.3g} GB, and {most / 1000:g} GB are allowed on "
            "this server. Delete a run of yours that you no longer need, or ask the teacher to "
            f"delete some. The limit is {MEGABYTES}, set by whoever starts the server."
        )


def size_of(folder: Path) -> int:
    """Bytes of all files below a folder; what vanishes meanwhile counts nothing."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                total += os.lstat(os.path.join(place, name)).st_size
    return total


def _who(setting: str) -> str:
    return f"The teacher may start more; the limit is {setting}, set by whoever starts the server."
