"""B2.6 · What few steps cost teacher and students: `python -m lessons.beyond.rectified.measure`."""

from __future__ import annotations

import argparse
import math
import time
from dataclasses import asdict, dataclass
from typing import Final

import torch
from torch import Tensor

from lessons.beyond.rectified.reflow import SHAPE
from lessons.beyond.rectified.straightness import straightness
from lessons.beyond.rectified.velocities import DISTILLED, RECTIFIED, TEACHER, teacher_run, velocity
from lessons.diffusion.flow import euler
from lessons.diffusion.noise import NoiseSource
from lessons.measure import classifier
from lessons.measure.sampler_quality import jackknife
from lessons.training.runs import files
from models import students

FILE: Final = students.FOLDER / "measured.json"
STEPS: Final = {TEACHER: (50, 1, 2, 4, 10), RECTIFIED: (1, 2, 4, 50), DISTILLED: (1,)}
"""What is measured; first comes what all others are compared with."""

SEED: Final = 276
_GROUPS: Final = 10
"""Parts of the samples, of which the jackknife leaves out one after the other."""

_AT_ONCE: Final = 50


@dataclass(frozen=True)
class FewStepQuality:
    """The quality of samples in some number of steps; pairs are a value and its standard error.

    Attributes:
        accuracy: share that the classifier finds to be the digit requested.
        frechet: distance to the test digits in the classifier's features.
        apart: root mean square distance of the pixels from the teacher's samples in 50 steps from
            the same noises, white minus black being 1.
    """

    accuracy: tuple[float, float]
    frechet: tuple[float, float]
    apart: tuple[float, float]


@dataclass(frozen=True)
class OneStepSweep:
    """Teacher and students over the number of steps, and how they were measured.

    Attributes:
        qualities: by network, then by the number of steps, rising.
        straightness: S by network and its standard error, from trajectories of 50 steps.
        count: samples for each.
        seed: of their noises, the same for all.
        floor: the Fréchet distance of as many training digits.
        minutes: what measuring took, in minutes of a processor.
    """

    qualities: dict[str, dict[int, FewStepQuality]]
    straightness: dict[str, tuple[float, float]]
    count: int
    seed: int
    floor: float
    minutes: float


def measured() -> OneStepSweep | None:
    """What was measured of the shipped students; None if it wasn't.

    Raises:
        ValueError: the file is damaged.
    """
    try:
        content = files.read_json(FILE)
        if not content:
            return None
        qualities = {
            name: {int(steps): _quality(one) for steps, one in sorted(each.items(), key=_first)}
            for name, each in content.pop("qualities").items()
        }
        straight = {name: (s, error) for name, (s, error) in content.pop("straightness").items()}
        return OneStepSweep(qualities, straight, **content)
    except (files.DamagedRun, TypeError, KeyError, ValueError, AttributeError) as error:
        raise ValueError(f"The measurements of one step are damaged: {error}") from error


def training_minutes() -> dict[str, float]:
    """What the students' pairs and trainings took, in minutes of a processor.

    Raises:
        ValueError: the file is damaged.
    """
    found = files.read_json(students.FOLDER / "minutes.json")
    return {name: float(minutes) for name, minutes in found.items()}


def _first(item: tuple[str, object]) -> int:
    return int(item[0])


def _quality(content: dict[str, list[float]]) -> FewStepQuality:
    return FewStepQuality(**{name: (value, error) for name, (value, error) in content.items()})


def sampled(name: str, steps: int, count: int) -> tuple[Tensor, Tensor]:
    """Samples of all classes alike, and how straight their trajectories are.

    Args:
        name: TEACHER or one of the students.
        steps: of Euler's method.
        count: how many.

    Returns:
        (count, 1, 28, 28), and S of each trajectory, (count,).
    """
    run, ends, straight = teacher_run(), [], []
    labels, noises = torch.arange(count) % 10, NoiseSource(SEED, count, SHAPE)()
    for x_0, some in zip(torch.split(noises, _AT_ONCE), torch.split(labels, _AT_ONCE), strict=True):
        predict = velocity(name, run, some)
        with torch.no_grad():
            places = torch.stack([x_0, *(frame.x_t for frame in euler(x_0, predict, steps))])
        ends.append(places[-1])
        straight.append(straightness(places))
    return torch.cat(ends), torch.cat(straight)


def quality(images: Tensor, many: Tensor) -> FewStepQuality:
    """Measure samples, all classes alike in turn.

    Args:
        images: (N, 1, 28, 28), N a multiple of 100.
        many: the teacher's in many steps from the same noises, shape of `images`.
    """
    labels = torch.arange(len(images)) % 10
    hits = (classifier.read(images).labels == labels).double()
    squares = (images.clamp(0, 1) - many.clamp(0, 1)).square().flatten(1)
    return FewStepQuality(
        jackknife(hits, _mean, _GROUPS),
        jackknife(images, classifier.frechet, _GROUPS),
        jackknife(squares.mean(1).sqrt(), _mean, _GROUPS),
    )


def _mean(values: Tensor) -> float:
    return float(values.double().mean())


def main() -> None:
    """Measure teacher and students, and keep what was found."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--count", type=int, default=300)
    count, start = parser.parse_args().count, time.process_time()
    qualities = dict[str, dict[int, dict[str, object]]]()
    straight, many = dict[str, tuple[float, float]](), None
    for name, every in STEPS.items():
        for steps in every:
            images, bent = sampled(name, steps, count)
            many = images if many is None else many
            worth = quality(images, many)
            print(name, steps, worth, flush=True)
            qualities.setdefault(name, {})[steps] = asdict(worth)
            if steps == STEPS[TEACHER][0]:
                error = float(bent.std()) / math.sqrt(count)
                straight[name] = float(bent.mean()), error
    about = {
        "qualities": qualities,
        "straightness": straight,
        "count": count,
        "seed": SEED,
        "floor": classifier.frechet_floor(count),
        "minutes": round((time.process_time() - start) / 60, 1),
    }
    files.write_json(FILE, about)


if __name__ == "__main__":
    main()
