"""What the walks under the microscope share: both answers of a guided network, and one noise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TypeVar

from torch import Tensor

from lessons.guidance import guide
from lessons.iterative_denoising import NoiseSource, joined, signal_left, split
from lessons.microscope import Equation, Values, Walk, stacked
from lessons.taken_apart import Seen, guess_equation, guidance_equation, step_equation

Noise = Callable[[], Tensor]

Answers = list[tuple[Tensor, Tensor]]
"""What a network answered with the condition and without, step by step."""


T = TypeVar("T")


def guided_aloud(
    with_condition: Callable[[Tensor, T], Tensor],
    without: Callable[[Tensor, T], Tensor],
    gamma: float,
    answers: Answers,
) -> Callable[[Tensor, T], Tensor]:
    """The predictor of `guidance.guided` that notes both answers."""

    def predict(x_t: Tensor, t: T) -> Tensor:
        eps_c, between = split(with_condition(x_t, t), x_t)
        eps_u, _ = split(without(x_t, t), x_t)
        answers.append((eps_c, eps_u))
        return joined(guide(eps_c, eps_u, gamma), between)

    return predict


def guidance_of(
    answers: Answers, followed: Values, gamma: float | None, letter: str
) -> tuple[Equation, ...]:
    if gamma is None or not answers:
        return ()
    with_condition, without = (stacked(side) for side in zip(*answers, strict=True))
    return (guidance_equation(with_condition, without, followed, gamma, letter),)


def walk_of(
    seen: Sequence[Seen],
    alpha_bars: Tensor,
    answers: Answers,
    gamma: float | None = None,
    *,
    first: int = 0,
    truth: Values | None = None,
    limited: bool = False,
) -> Walk:
    """Put together what was seen; `first` is how the lesson calls the timestep at index 0."""
    times = [seen[0].t, *(one.s for one in seen)]
    places = stacked([seen[0].x_t, *(one.x_s for one in seen)])
    eps = stacked([one.eps for one in seen])
    levels = [signal_left(alpha_bars, one.t) for one in seen]
    return Walk(
        labels=tuple(f"t = {t + first} → {s + first}" for t, s in pairwise(times)),
        times=tuple(float(t + first) for t in times),
        places=places,
        guesses=stacked([one.x_0 for one in seen]),
        truth=truth,
        equations=(
            *guidance_of(answers, eps, gamma, r"\epsilon"),
            guess_equation(places[:-1], eps, levels),
            step_equation(seen, alpha_bars),
        ),
        limited=limited,
    )


def only_last(source: NoiseSource) -> Noise:
    """The noise of the last picture of a source alone, (1, C, H, W)."""
    return lambda: source()[-1:]
