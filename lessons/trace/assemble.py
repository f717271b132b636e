"""What the traces share: both predictions of a guided network, and one noise."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor

from lessons.diffusion.denoise import split
from lessons.diffusion.guidance import Conditional, Time
from lessons.diffusion.noise import Noise, NoiseSource
from lessons.diffusion.samplers import ANCESTRAL, Sampler
from lessons.trace.microscope import SamplingTrace, StepNumbers, TermSum, Values, stacked
from lessons.trace.trace import StepRecord, estimate_equation, guidance_equation, step_equation

Answers = list[tuple[Tensor, Tensor]]
"""What a network predicted with the condition and without, step by step."""


def recorded(predict: Conditional[Time], answers: Answers) -> Conditional[Time]:
    """The network of a guided predictor, with a record of both its predictions."""

    def recording(x: Tensor, t: Time, conditions: Tensor) -> Tensor:
        both = predict(x, t, conditions)
        with_condition, without = (split(half, x)[0] for half in both.chunk(2))
        answers.append((with_condition, without))
        return both

    return recording


def guidance_of(
    answers: Answers, followed: Values, gamma: float | None, letter: str
) -> tuple[TermSum, ...]:
    if gamma is None or not answers:
        return ()
    with_condition, without = (stacked(side) for side in zip(*answers, strict=True))
    return (guidance_equation(with_condition, without, followed, gamma, letter),)


def trace_of(
    records: Sequence[StepRecord],
    answers: Answers,
    gamma: float | None = None,
    sampler: Sampler = ANCESTRAL,
    *,
    first: int = 0,
    truth: Values | None = None,
    limited: bool = False,
) -> SamplingTrace:
    """Assemble a trace from its records; `first` is the lesson's name for timestep 0."""
    times = [records[0].t, *(one.s for one in records)]
    places = stacked([records[0].state.x_t, *(one.x_s for one in records)])
    eps = stacked([one.eps for one in records])
    levels = [one.state.alpha_bar_t for one in records]
    return SamplingTrace(
        labels=tuple(f"t = {t + first} → {s + first}" for t, s in pairwise(times)),
        times=tuple(float(t + first) for t in times),
        places=places,
        estimates=stacked([one.state.x_0 for one in records]),
        truth=truth,
        equations=(
            *guidance_of(answers, eps, gamma, r"\epsilon"),
            estimate_equation(places[:-1], eps, levels),
            step_equation(records, sampler),
        ),
        limited=limited,
        numbers=tuple(numbers_of(one, sampler) for one in records),
    )


def numbers_of(record: StepRecord, sampler: Sampler) -> StepNumbers:
    """What the schedule and the sampler make of one step."""
    alpha_bar_t, alpha_bar_s = float(record.state.alpha_bar_t), float(record.state.alpha_bar_s)
    alpha = alpha_bar_t / alpha_bar_s
    sigma = 0.0 if record.z is None else float(sampler.step(record.state)[1].mean())
    return StepNumbers(alpha_bar_t, alpha_bar_s, alpha, 1 - alpha, sigma)


def only_last(source: NoiseSource) -> Noise:
    """The noise of the last image of a source alone, (1, C, H, W)."""
    return lambda: source()[-1:]
