"""Lesson A 1.0 in time: `python -m benchmarks.plane`.

Times what the page calculates with its own defaults where no result is stored: the exact field with
its particles, which is all that the first picture needs, and the training of the small network,
with all that the page shows of it and without (the optimiser's steps alone). One thread; every
repeat has another seed. Printed are seconds on the clock and of the processor, medians: on a core
with nothing else to do the two are nearly the same, on a busy machine only the second says what the
lesson costs. Exits with 1 if that is more than a lesson may take: 1 s until the first picture, 10 s
for the training.
"""

from __future__ import annotations

import argparse
import collections
import statistics
import sys
import time
from collections.abc import Callable
from typing import Final, NamedTuple

from lessons.beyond import diffusion_in_the_plane as lesson
from lessons.beyond.plane import network, points, trajectories
from lessons.training.runs.threads import fixed_threads
from models.catalog import finish

SHAPE: Final = points.SHAPES[0]
COUNT: Final = points.COUNTS[-1]
"""The page's defaults."""


class Taken(NamedTuple):
    """Seconds on the clock and of the processor."""

    clock: float
    processor: float


def first_picture(seed: int) -> None:
    """What the page shows first."""
    lesson.exact(SHAPE, "", (), COUNT, seed)


def training(seed: int) -> None:
    """Train, and calculate all that the page shows of it."""
    finish(lesson.learned(SHAPE, "", (), COUNT, network.STEPS, seed))


def steps_alone(seed: int) -> None:
    """Train, and look at nothing."""
    data = points.cloud(SHAPE, "", (), COUNT, seed)
    collections.deque(network.train(data, trajectories.ALPHA_BARS, network.STEPS, seed), maxlen=0)


CASES: Final[tuple[tuple[str, Callable[[int], None], float], ...]] = (
    ("first picture", first_picture, 1.0),
    ("training with all that is shown", training, 10.0),
    ("its steps alone", steps_alone, 10.0),
)
"""Name, what is done, and how many seconds of the processor it may take."""


def taken(work: Callable[[int], None], seed: int) -> Taken:
    """How long something takes once."""
    clock, processor = time.perf_counter(), time.process_time()
    work(seed)
    return Taken(time.perf_counter() - clock, time.process_time() - processor)


def main() -> None:
    """Time all, print, and hold them against what they may take."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    repeats = parser.parse_args().repeats
    slow = []
    with fixed_threads(1):
        first_picture(0)  # to warm up
        for name, work, most in CASES:
            times = [taken(work, seed) for seed in range(1, repeats + 1)]
            median = Taken(*map(statistics.median, zip(*times, strict=True)))
            print(f"{name}: {median.clock:.2f} s, {median.processor:.2f} s of the processor")
            sys.stdout.flush()
            if median.processor > most:
                slow.append(name)
    sys.exit(f"too slow: {', '.join(slow)}" if slow else 0)


if __name__ == "__main__":
    main()
