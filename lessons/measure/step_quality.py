"""B2.5 · What do fewer steps cost? `python -m lessons.measure.step_quality RUN`"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Final

from lessons.measure import classifier
from lessons.measure.sample_quality import Quality, quality
from lessons.measure.step_kinds import DDIM, SAMPLERS
from lessons.part_b.sampled_digits import FLOWS, many
from lessons.training import networks
from lessons.training.runs import files

STEPS: Final = (1, 2, 5, 10, 20, 50)
GAMMA: Final = 2.0
EULER: Final = "flow matching"
"""A flow has Euler's steps alone."""

_MEASURED: Final = "steps.json"


@dataclass(frozen=True)
class StepsSweep:
    """The quality of a run's samples by sampler and number of steps.

    Attributes:
        qualities: by the sampler's name, then by the number of steps, rising.
        count: samples for each.
        floor: the Fréchet distance of as many training digits.
    """

    qualities: dict[str, dict[int, Quality]]
    count: int
    floor: float


def measured(run_id: str) -> StepsSweep | None:
    """What was measured of a shipped run; None if it wasn't.

    Raises:
        ValueError: the file is damaged.
    """
    try:
        content = files.read_json(files.folder_of(run_id) / _MEASURED)
        if not content:
            return None
        qualities = {
            name: {int(steps): Quality(**quality) for steps, quality in each.items()}
            for name, each in content.pop("qualities").items()
        }
        return StepsSweep(qualities, **content)
    except (files.DamagedRun, TypeError, KeyError, ValueError, AttributeError) as error:
        raise ValueError(f"The measurements of {run_id} are damaged: {error}") from error


def sweep(run_id: str, count: int) -> Iterator[tuple[str, int, Quality]]:
    """Measure `count` samples of a run, all classes alike, by sampler and number of steps.

    Args:
        run_id: a finished run with classes.
        count: samples for each number of steps.

    Yields:
        The sampler's name, the number of steps, the quality of the samples.
    """
    flow = networks.kind_of(run_id)[0] in FLOWS
    for name, sampler in ({EULER: SAMPLERS[DDIM]} if flow else SAMPLERS).items():
        for steps in STEPS:
            images, labels = many(run_id, count, GAMMA, steps, sampler=sampler)
            yield name, steps, quality(images, labels, GAMMA)


def main() -> None:
    """Measure a shipped run with classes over the number of steps."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("run")
    parser.add_argument("--count", type=int, default=1000)
    chosen = parser.parse_args()
    found: dict[str, dict[int, dict[str, float]]] = {}
    for name, steps, worth in sweep(chosen.run, chosen.count):
        print(name, steps, worth, flush=True)
        found.setdefault(name, {})[steps] = asdict(worth)
    files.write_json(
        files.folder_of(chosen.run) / _MEASURED,
        {
            "qualities": found,
            "count": chosen.count,
            "floor": classifier.frechet_floor(chosen.count),
        },
    )


if __name__ == "__main__":
    main()
