"""B2.6 · One step: samples of a teacher and its students, and how their trajectories bend."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn

from lessons.beyond.rectified.reflow import (
    SHAPE,
    Pairs,
    Plan,
    collected,
    end_point,
    one_step,
    pairs_of,
    train,
)
from lessons.beyond.rectified.straightness import departures
from lessons.beyond.rectified.velocities import (
    CALLS,
    DISTILLED,
    GAMMA,
    RECTIFIED,
    TEACHER,
    velocity,
    velocity_of,
)
from lessons.diffusion.flow import PredictVelocity, euler
from lessons.diffusion.noise import NoiseSource
from lessons.images.captioned import CaptionedImage, Progress
from lessons.part_b.sampled_digits import captioned
from lessons.training import networks
from models import students

OWN: Final = "your student"
MANY: Final = 50
"""Steps after which the teacher's samples hardly change any more."""

STEP_CHOICES: Final = (2, 4, 10)
ALL_DIGITS: Final = "0 to 9"
DIGITS: Final = (ALL_DIGITS, *map(str, range(10)))
COUNT: Final = 10
"""Noises at once."""

PAIR_CHOICES: Final = (50, 200, 500)
TRAINING_CHOICES: Final = (30, 60, 150)
TEACHER_STEPS: Final = 10
"""Of the pairs that a reader's student learns from."""

_BATCH: Final = 32
_EVERY: Final = 10
_PIXELS: Final = 3


@dataclass(frozen=True)
class FewSteps:
    """Digits of a teacher and its students from the same noises.

    Attributes:
        rows: the samples by who made them and in how many steps, one a noise.
        calls: predictions of the network that each row's images took.
        apart: root mean square distance of each row's pixels from those of the last row, white
            minus black being 1, mean over the images.
    """

    rows: dict[str, tuple[CaptionedImage, ...]]
    calls: dict[str, int]
    apart: dict[str, float]


@dataclass(frozen=True)
class Bends:
    """How trajectories bend.

    Attributes:
        times: t at the beginning of each step.
        departures: by network, at each of these times, mean over the noises.
        straightness: S by network, mean over the noises.
        places: t at every sample, one more than `times`.
        pixels: by network, the values of some pixels of the first digit at these places.
        where: row and column of these pixels, those that bend most with the teacher.
    """

    times: tuple[float, ...]
    departures: dict[str, tuple[float, ...]]
    straightness: dict[str, float]
    places: tuple[float, ...]
    pixels: dict[str, tuple[tuple[float, ...], ...]]
    where: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class OwnStudent:
    """A student for one step that the reader trained.

    Attributes:
        losses: one a training step.
        rows: new noises in one step by the teacher and by the student, and in as many steps as
            the pairs by the teacher.
        apart: distance of the first two rows from the third, as in `FewSteps`.
    """

    losses: tuple[float, ...]
    rows: dict[str, tuple[CaptionedImage, ...]]
    apart: dict[str, float]


def weights_hash() -> str:
    """What changes with the weights of the shipped students; "" if there are none."""
    return students.weights_hash()


def requested(digits: str) -> Tensor:
    """The digits of the columns, (COUNT,): one of DIGITS says which.

    Raises:
        ValueError: there is no such choice.
    """
    if digits not in DIGITS:
        raise ValueError(f"There are digits 0 to 9, no {digits!r}.")
    return torch.arange(10) if digits == ALL_DIGITS else torch.full((COUNT,), int(digits))


def demo(
    run_id: str,
    digits: str,
    steps: int,
    seed: int,
    weights_hash: str = "",  # noqa: ARG001 - new weights, new result
) -> Generator[Progress, None, FewSteps]:
    """Sample the same noises with a teacher and its students, in one step and in more.

    Args:
        run_id: the run that is the teacher.
        digits: one of DIGITS.
        steps: of the rows between one step and MANY.
        seed: of the noises.
        weights_hash: which weights.

    Yields:
        Progress after each step.

    Raises:
        ValueError: no such run or digit.
    """
    labels, x_0 = requested(digits), NoiseSource(seed, COUNT, SHAPE)()
    ways = [
        (TEACHER, 1),
        (DISTILLED, 1),
        (RECTIFIED, 1),
        (RECTIFIED, steps),
        (TEACHER, steps),
        (TEACHER, MANY),
    ]
    done, total = 0, sum(count for _, count in ways)
    ends: dict[str, Tensor] = {}
    for name, count in ways:
        predict, row = velocity(name, run_id, labels), in_steps(name, count)
        for x_t in _frames(x_0, predict, count):
            done += 1
            ends[row] = x_t
            yield Progress(done, total, row)
    return FewSteps(
        {row: captioned(x, labels) for row, x in ends.items()},
        {in_steps(name, count): CALLS[name] * count for name, count in ways},
        {row: _apart(x, x_t) for row, x in ends.items()},
    )


def in_steps(name: str, steps: int) -> str:
    """What a row is called: who sampled, and in how many steps."""
    return f"{name}, {steps} step{'s' if steps > 1 else ''}"


def bends(
    run_id: str,
    digits: str,
    seed: int,
    weights_hash: str = "",  # noqa: ARG001 - new weights, new result
) -> Generator[Progress, None, Bends]:
    """Follow the trajectories of teacher and rectified student step by step; as in `demo`.

    Yields:
        Progress after each step.

    Raises:
        ValueError: no such run or digit.
    """
    labels, x_0 = requested(digits), NoiseSource(seed, COUNT, SHAPE)()
    ways: dict[str, Tensor] = {}
    for name in (TEACHER, RECTIFIED):
        places = [x_0]
        for x_t in _frames(x_0, velocity(name, run_id, labels), MANY):
            places.append(x_t)
            yield Progress(len(ways) * MANY + len(places) - 1, 2 * MANY, name)
        ways[name] = torch.stack(places)
    which = _most_bent(ways[TEACHER][:, 0, 0])
    by_time = {name: departures(places).mean(1) for name, places in ways.items()}
    return Bends(
        tuple(k / MANY for k in range(MANY)),
        {name: tuple(d.tolist()) for name, d in by_time.items()},
        {name: float(d.mean()) for name, d in by_time.items()},
        tuple(k / MANY for k in range(MANY + 1)),
        {
            name: tuple(tuple(places[:, 0, 0, row, column].tolist()) for row, column in which)
            for name, places in ways.items()
        },
        which,
    )


def learn(
    run_id: str,
    count: int,
    steps: int,
    seed: int,
    weights_hash: str = "",  # noqa: ARG001 - new weights, new result
) -> Generator[Progress, None, OwnStudent]:
    """Let a teacher make pairs, and train a student for one step on them.

    Args:
        run_id: the run that is the teacher.
        count: pairs.
        steps: training steps.
        seed: of the pairs, of training, and of the noises that are shown.
        weights_hash: which weights.

    Yields:
        Progress after each part of the pairs and each training step, now and then with what the
        student draws in one step.

    Raises:
        ValueError: no such run.
    """
    teacher, labels = networks.load_network(run_id), requested(ALL_DIGITS)
    parts: list[Pairs] = []
    for pairs in pairs_of(teacher, count, GAMMA, TEACHER_STEPS, seed):
        parts.append(pairs)
        made = sum(len(part.labels) for part in parts)
        yield Progress(made, count + steps, f"the teacher makes pairs: {made:,} of {count:,}")
    x_0, losses = NoiseSource(seed, COUNT, SHAPE)(), list[float]()
    for student in train(teacher, collected(parts), Plan(steps, one_step=True, batch_size=_BATCH)):
        losses.append(student.loss)
        look = student.step % _EVERY == 0 or student.step == steps
        frame = captioned(_drawn(student.network, x_0, labels), labels) if look else None
        yield Progress(count + student.step, count + steps, f"loss {student.loss:.4f}", frame)
    guided = velocity(TEACHER, run_id, labels)
    rows = {
        in_steps(TEACHER, 1): one_step(x_0, guided),
        in_steps(OWN, 1): _drawn(student.network, x_0, labels),
        in_steps(TEACHER, TEACHER_STEPS): end_point(x_0, guided, TEACHER_STEPS),
    }
    *students, target = rows
    return OwnStudent(
        tuple(losses),
        {name: captioned(x, labels) for name, x in rows.items()},
        {name: _apart(rows[name], rows[target]) for name in students},
    )


def _frames(x_0: Tensor, predict: PredictVelocity, steps: int) -> Iterator[Tensor]:
    """The samples after each step; a single step is the equation of the page."""
    if steps == 1:
        yield one_step(x_0, predict)
        return
    for frame in euler(x_0, predict, steps):
        yield frame.x_t


def _drawn(student: nn.Module, x_0: Tensor, labels: Tensor) -> Tensor:
    """What a student on its way draws in one step; training mode is put back."""
    student.eval()
    with torch.no_grad():
        x_1 = one_step(x_0, velocity_of(student, labels))
    student.train()
    return x_1


def _apart(x: Tensor, others: Tensor) -> float:
    squares = (x.clamp(0, 1) - others.clamp(0, 1)).square()
    return float(squares.flatten(1).mean(1).sqrt().mean())


def _most_bent(places: Tensor) -> tuple[tuple[int, int], ...]:
    """Row and column of the pixels whose velocity departs most, (K + 1, H, W) → three of them."""
    velocities = (len(places) - 1) * (places[1:] - places[:-1])
    bent = (places[-1] - places[0] - velocities).square().mean(0)
    return tuple(
        (int(i) // bent.shape[1], int(i) % bent.shape[1])
        for i in bent.flatten().topk(_PIXELS).indices
    )
