"""B2.5 · What do fewer steps cost? `python -m lessons.step_quality RUN`"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Final

from lessons import judge
from lessons.class_guidance import Quality, measure
from lessons.runs import files

STEPS: Final = (1, 2, 5, 10, 20, 50)
GAMMA: Final = 2.0
_MEASURED: Final = "steps.json"


@dataclass(frozen=True)
class Sweep:
    """What samples of a run are worth by the number of steps that made them.

    Attributes:
        steps: numbers of steps, rising.
        qualities: one for each.
        count: samples for each.
        floor: the Fréchet distance between two halves of the test digits.
    """

    steps: tuple[int, ...]
    qualities: tuple[Quality, ...]
    count: int
    floor: float


def measured(run_id: str) -> Sweep | None:
    """What was measured of a shipped run; None if it wasn't.

    Raises:
        ValueError: the file is damaged.
    """
    try:
        content = files.read_json(files.folder_of(run_id) / _MEASURED)
        if not content:
            return None
        qualities = tuple(Quality(**quality) for quality in content.pop("qualities"))
        return Sweep(tuple(content.pop("steps")), qualities, **content)
    except (files.DamagedRun, TypeError, KeyError) as error:
        raise ValueError(f"The measurements of {run_id} are damaged: {error}") from error


def sweep(run_id: str, count: int) -> Iterator[tuple[int, Quality]]:
    """Judge `count` samples of a run, all classes alike, for each number of steps."""
    for steps in STEPS:
        yield steps, next(measure(run_id, (GAMMA,), count, steps))


def main() -> None:
    """Measure a shipped run with classes over the number of steps."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("run")
    parser.add_argument("--count", type=int, default=1000)
    chosen = parser.parse_args()
    found = {}
    for steps, quality in sweep(chosen.run, chosen.count):
        print(steps, quality, flush=True)
        found[steps] = asdict(quality)
    files.write_json(
        files.folder_of(chosen.run) / _MEASURED,
        {
            "steps": list(found),
            "qualities": list(found.values()),
            "count": chosen.count,
            "floor": judge.frechet_floor(),
        },
    )


if __name__ == "__main__":
    main()
