"""B2.2 to B2.5 · The walk of one digit, kept whole for the microscope."""

from __future__ import annotations

from collections.abc import Generator
from itertools import pairwise
from typing import Final

import torch
from torch import Tensor, nn

from lessons import flow_matching, train_class_ddpm, train_ddpm, trained
from lessons.iterative_denoising import NoiseSource, step_variance
from lessons.microscope import Walk, stacked
from lessons.picture import Progress
from lessons.put_together import Answers, guidance_of, guided_aloud, only_last, walk_of
from lessons.sampled_digits import FLOWS, WITH_CLASSES
from lessons.taken_apart import flow_equations, watched

_DIGIT: Final = (1, 28, 28)


def digit(
    run_id: str,
    seed: int,
    steps: int,
    gamma: float = 5.0,
    digit: int = 0,
    among: int = 10,
    edition: str = "",  # noqa: ARG001 - new weights, new result
) -> Generator[Progress, None, Walk]:
    """B2.2 to B2.5: the walk of one of the digits that `sampled_digits.sampled` makes.

    Args:
        run_id: a finished DDPM or flow.
        seed: of the noises.
        steps: sampling steps, 1 to 300.
        gamma: guidance strength, for a run with classes.
        digit: which, 0 to 9; without classes only its place in the row.
        among: how many are made in all, as many of each digit, one digit after the other.
        edition: which weights; see `trained.edition`.

    Yields:
        Progress after each step.

    Raises:
        ValueError: no such run or digit, or not so many steps.
    """
    if not 0 <= digit <= 9:
        raise ValueError(f"There are digits 0 to 9, no {digit}.")
    name, network = trained.kind_of(run_id)[0], trained.load_network(run_id)
    noise = only_last(NoiseSource(seed, digit * (among // 10) + 1, _DIGIT))
    followed = gamma if name in WITH_CLASSES else None
    if name in FLOWS:
        return (yield from _flow(network, noise(), steps, digit, followed))
    if name not in ("ddpm", "class-ddpm"):
        raise ValueError(f"The run {run_id} makes no digits out of noise.")
    label, answers = torch.tensor([digit]), Answers()
    predict = train_ddpm.predictor(network)
    if followed is not None:
        asked = train_class_ddpm.guided(network, label, 1.0)
        predict = guided_aloud(asked, train_class_ddpm.guided(network, label, 0.0), gamma, answers)
    times = train_ddpm.timesteps(steps)
    seen = []
    for one in watched(noise(), times, train_ddpm.ALPHA_BARS, predict, noise, step_variance):
        seen.append(one)
        yield Progress(len(seen), steps, "sampling")
    return walk_of(seen, train_ddpm.ALPHA_BARS, answers, followed, first=1)


def _flow(
    network: nn.Module, start: Tensor, steps: int, digit: int, gamma: float | None
) -> Generator[Progress, None, Walk]:
    if not 1 <= steps <= train_ddpm.STEPS:
        raise ValueError(f"between 1 and {train_ddpm.STEPS} steps, not {steps}")
    label, answers = torch.tensor([digit]), Answers()
    predict = flow_matching.predictor(network)
    if gamma is not None:
        asked = flow_matching.guided(network, label, 1.0)
        predict = guided_aloud(asked, flow_matching.guided(network, label, 0.0), gamma, answers)
    velocities: list[Tensor] = []

    def heard(x_t: Tensor, t: float) -> Tensor:
        velocities.append(predict(x_t, t))
        return velocities[-1]

    places, guesses = [start], []
    for frame in flow_matching.euler(start, heard, steps):
        places.append(frame.x_t)
        guesses.append(frame.x_0)
        yield Progress(frame.t, steps, "sampling")
    u, x_t, x_1 = stacked(velocities), stacked(places), stacked(guesses)
    times = tuple(k / steps for k in range(steps + 1))
    return Walk(
        labels=tuple(f"t = {t:.2f} → {after:.2f}" for t, after in pairwise(times)),
        times=times,
        places=x_t,
        guesses=x_1,
        truth=None,
        equations=(*guidance_of(answers, u, gamma, "u"), *flow_equations(x_t, u, x_1)),
    )
