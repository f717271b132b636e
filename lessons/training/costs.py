"""What a run will cost here: this machine's speed, measured in the background.

A page never waits for it. The measurement is a process of its own, so that it trains with the
threads of a run, and neither it nor what it imports is in the way of the server.
"""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from lessons.training.runs import watch

MOST_AGE: Final = 60.0
"""Seconds after which a speed is measured again."""

_PATIENCE: Final = 120.0
_PROJECT: Final = Path(__file__).parents[2]
_measured: dict[Kind, TrainingSpeed] = {}
_asked: set[Kind] = set()
_lock = threading.Lock()
_one_at_a_time = threading.Lock()

Kind = tuple[str, int, str]
"""What the speed of a run depends on: recipe, width and precision."""


@dataclass(frozen=True)
class TrainingSpeed:
    """How fast runs of one kind train here.

    Attributes:
        images_per_second: 0 if it could not be measured.
        busy: whether something else needed the machine meanwhile.
        live: whether it is that of a run that trains now.
        at: when it was measured, in seconds of `time.monotonic`.
    """

    images_per_second: float
    busy: bool
    live: bool
    at: float

    @property
    def is_due(self) -> bool:
        """Whether to measure again: it is old, or the machine was busy and no longer is."""
        if self.live:
            return False
        return time.monotonic() - self.at > MOST_AGE or (self.busy and not _busy())


def known_speed(kind: Kind) -> TrainingSpeed | None:
    """The speed of a run of this kind that trains now, else what was measured last, if anything."""
    for run in watch.training_now(kind[0]):
        settings = run.settings
        same = settings and (settings.num_hiddens, settings.precision) == kind[1:]
        if same and run.images_per_second:
            return TrainingSpeed(run.images_per_second, busy=False, live=True, at=time.monotonic())
    with _lock:
        return _measured.get(kind)


def measure_soon(kind: Kind) -> None:
    """Measure the speed of runs of this kind in the background, one kind after the other."""
    with _lock:
        if kind in _asked:
            return
        _asked.add(kind)
    threading.Thread(target=_measure, args=(kind,), daemon=True).start()


def measuring() -> bool:
    """Whether a speed is being measured, or waits to be."""
    with _lock:
        return bool(_asked)


def _measure(kind: Kind) -> None:
    with _one_at_a_time:
        busy = _busy()
        rate = _rate(kind)
        with _lock:
            _measured[kind] = TrainingSpeed(rate, busy, live=False, at=time.monotonic())
            _asked.discard(kind)


def _rate(kind: Kind) -> float:
    command = [sys.executable, "-m", "lessons.training.speed", *map(str, kind)]
    try:
        said = subprocess.run(
            command, cwd=_PROJECT, capture_output=True, text=True, timeout=_PATIENCE, check=True
        )
        return float(said.stdout)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        logging.getLogger(__name__).warning("the speed was not measured: %s", error)
        return 0.0


def _busy() -> bool:
    """Whether a run trains, or more programs want the processor than it has cores."""
    return watch.busy() or psutil.getloadavg()[0] > (psutil.cpu_count() or 1)
