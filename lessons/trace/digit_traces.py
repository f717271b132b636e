"""B2.2 to B2.5 · The trajectory of one digit, kept whole for the microscope."""

from __future__ import annotations

from collections.abc import Generator
from itertools import pairwise
from typing import Final

import torch
from torch import Tensor, nn

from lessons.diffusion.flow import euler
from lessons.diffusion.guidance import guided
from lessons.diffusion.noise import NoiseSource
from lessons.diffusion.posterior import step_variance
from lessons.diffusion.samplers import ddpm
from lessons.images.captioned import Progress
from lessons.part_b import flow_matching, train_class_ddpm, train_ddpm
from lessons.part_b.sampled_digits import FLOWS, WITH_CLASSES
from lessons.trace.assemble import Answers, guidance_of, only_last, recorded, trace_of
from lessons.trace.microscope import SamplingTrace, stacked
from lessons.trace.trace import flow_equations, trace
from lessons.training import networks
from lessons.training.labels import NO_LABEL

_DIGIT: Final = (1, 28, 28)


def digit(
    run_id: str,
    seed: int,
    steps: int,
    gamma: float = 5.0,
    digit: int = 0,
    among: int = 10,
    weights_hash: str = "",  # noqa: ARG001 - new weights, new result
) -> Generator[Progress, None, SamplingTrace]:
    """B2.2 to B2.5: the trajectory of one of the digits that `sampled_digits.sampled` makes.

    Args:
        run_id: a finished DDPM or flow.
        seed: of the noises.
        steps: sampling steps, 1 to 300.
        gamma: guidance scale, for a run with classes.
        digit: which, 0 to 9; without classes only its place in the row.
        among: how many are made in all, as many of each digit, one digit after the other.
        weights_hash: which weights; see `networks.weights_hash`.

    Yields:
        Progress after each step.

    Raises:
        ValueError: no such run or digit, or not so many steps.
    """
    if not 0 <= digit <= 9:
        raise ValueError(f"There are digits 0 to 9, no {digit}.")
    name, network = networks.kind_of(run_id)[0], networks.load_network(run_id)
    noise = only_last(NoiseSource(seed, digit * (among // 10) + 1, _DIGIT))
    followed = gamma if name in WITH_CLASSES else None
    if name in FLOWS:
        return (yield from _flow(network, noise(), steps, digit, followed))
    if name not in ("ddpm", "class-ddpm"):
        raise ValueError(f"The run {run_id} makes no digits out of noise.")
    label, answers = torch.tensor([digit]), Answers()
    predict = train_ddpm.predictor(network)
    if followed is not None:
        conditioned = recorded(train_class_ddpm.labelled(network), answers)
        predict = guided(conditioned, label, torch.full_like(label, NO_LABEL), gamma)
    times = train_ddpm.timesteps(steps)
    sampler, records = ddpm(step_variance), []
    for one in trace(noise(), times, train_ddpm.ALPHA_BARS, predict, noise, sampler):
        records.append(one)
        yield Progress(len(records), steps, "sampling")
    return trace_of(records, answers, followed, sampler, first=1)


def _flow(
    network: nn.Module, start: Tensor, steps: int, digit: int, gamma: float | None
) -> Generator[Progress, None, SamplingTrace]:
    if not 1 <= steps <= train_ddpm.STEPS:
        raise ValueError(f"between 1 and {train_ddpm.STEPS} steps, not {steps}")
    label, answers = torch.tensor([digit]), Answers()
    predict = flow_matching.predictor(network)
    if gamma is not None:
        conditioned = recorded(flow_matching.labelled(network), answers)
        predict = guided(conditioned, label, torch.full_like(label, NO_LABEL), gamma)
    velocities: list[Tensor] = []

    def recording(x_t: Tensor, t: float) -> Tensor:
        velocities.append(predict(x_t, t))
        return velocities[-1]

    places, estimates = [start], []
    for frame in euler(start, recording, steps):
        places.append(frame.x_t)
        estimates.append(frame.x_0)
        yield Progress(frame.t, steps, "sampling")
    u, x_t, x_1 = stacked(velocities), stacked(places), stacked(estimates)
    times = tuple(k / steps for k in range(steps + 1))
    return SamplingTrace(
        labels=tuple(f"t = {t:.2f} → {after:.2f}" for t, after in pairwise(times)),
        times=times,
        places=x_t,
        estimates=x_1,
        truth=None,
        equations=(*guidance_of(answers, u, gamma, "u"), *flow_equations(x_t, u, x_1)),
    )
