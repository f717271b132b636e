"""The sampling loop taken apart: its equations as terms, the numbers read off its own functions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lessons.iterative_denoising import (
    Limit,
    PredictNoise,
    Variance,
    clean_estimate,
    denoise,
    learned_variance,
    posterior_mean,
    posterior_variance,
    signal_left,
    split,
)
from lessons.microscope import Equation, Term, Values, constant, stacked, total
from lessons.picture import Symbol


class Seen(NamedTuple):
    """One step of the loop, all tensors (1, C, H, W) but the levels.

    Attributes:
        t: where it began.
        s: where it ended.
        x_t: the picture there.
        eps: the noise that was predicted in it.
        x_0: the guess that was used.
        sigma: of the noise that was added, one number or one a pixel; 0 on the last step.
        z: the unit noise that was added; 0 on the last step.
        x_s: the picture that was reached.
    """

    t: int
    s: int
    x_t: Tensor
    eps: Tensor
    x_0: Tensor
    sigma: Tensor
    z: Tensor
    x_s: Tensor


def watched(
    start: Tensor,
    timesteps: Sequence[int],
    alpha_bars: Tensor,
    predict_noise: PredictNoise,
    noise: Callable[[], Tensor],
    variance: Variance = posterior_variance,
    limit: Limit = lambda x_0: x_0,
) -> Iterator[Seen]:
    """Walk the sampling loop and note what goes through it; arguments as those of `denoise`."""
    predictions: list[Tensor] = []
    drawn: list[Tensor] = []

    def asked(x_t: Tensor, t: int) -> Tensor:
        predictions.append(predict_noise(x_t, t))
        return predictions[-1]

    def heard() -> Tensor:
        drawn.append(noise())
        return drawn[-1]

    x_t, t = start, timesteps[0]
    for frame in denoise(start, timesteps, alpha_bars, asked, heard, variance, limit):
        eps, between = split(predictions.pop(), x_t)
        sigma, z = torch.zeros((), dtype=torch.float64), torch.zeros_like(x_t)
        if drawn:
            levels = signal_left(alpha_bars, t), signal_left(alpha_bars, frame.t)
            how = variance(*levels) if between is None else learned_variance(between, *levels)
            sigma, z = how.sqrt(), drawn.pop()
        yield Seen(t, frame.t, x_t, eps, frame.x_0, sigma, z, frame.x_t)
        x_t, t = frame.x_t, frame.t


def guess_equation(places: Values, eps: Values, levels: Sequence[Tensor]) -> Equation:
    """`clean_estimate` at every step, its numbers read off by giving it 1 and 0.

    Args:
        places: x_t before each step, (K, H, W, C).
        eps: the noise predicted in them.
        levels: ᾱ_t of each step, float64.
    """
    one, zero = _unit()
    raw = [
        clean_estimate(_image(x), _image(e), a) for x, e, a in zip(places, eps, levels, strict=True)
    ]
    return Equation(
        "The guess",
        (
            Term(
                "x_t",
                "x_t, where the walk stands",
                "x_t",
                r"\frac{1}{\sqrt{\bar\alpha_t}}",
                _numbers([clean_estimate(one, zero, level) for level in levels]),
                places,
            ),
            Term(
                "eps",
                "ε, the noise that the network sees",
                r"\epsilon",
                r"-\sqrt{\frac{1 - \bar\alpha_t}{\bar\alpha_t}}",
                _numbers([clean_estimate(zero, one, level) for level in levels]),
                eps,
            ),
        ),
        total("x_0_hat", "x̂₀, the guess", r"\hat x_0", stacked(raw)),
    )


def step_equation(seen: Sequence[Seen], alpha_bars: Tensor) -> Equation:
    """`posterior_mean` and the noise of every step, the numbers read off likewise."""
    one, zero = _unit()
    levels = [(signal_left(alpha_bars, s.t), signal_left(alpha_bars, s.s)) for s in seen]
    return Equation(
        "The step",
        (
            Term(
                "x_0_hat",
                "x̂₀, the guess",
                r"\hat x_0",
                r"\frac{\sqrt{\bar\alpha_{t'}}\,\beta}{1 - \bar\alpha_t}",
                _numbers([posterior_mean(zero, one, *level) for level in levels]),
                stacked([s.x_0 for s in seen]),
            ),
            Term(
                "x_t",
                "x_t, where the walk stands",
                "x_t",
                r"\frac{\sqrt{\alpha}\,(1 - \bar\alpha_{t'})}{1 - \bar\alpha_t}",
                _numbers([posterior_mean(one, zero, *level) for level in levels]),
                stacked([s.x_t for s in seen]),
            ),
            Term(
                "z",
                "z, fresh noise",
                "z",
                r"\sigma",
                _spreads([s.sigma for s in seen]),
                stacked([s.z for s in seen]),
            ),
        ),
        total("x_t", "x_t′, one step on", "x_{t'}", stacked([s.x_s for s in seen])),
    )


def guidance_equation(
    with_condition: Values, without: Values, followed: Values, gamma: float, letter: str
) -> Equation:
    r"""What γ makes of two answers.

    Args:
        with_condition: the network's answer with the condition, (K, H, W, C).
        without: the answer without it.
        followed: what came of both.
        gamma: guidance strength.
        letter: how the answer is written, `\epsilon` or `u`.
    """
    name = "u" if letter == "u" else "ε"
    symbol: Symbol = "u" if letter == "u" else "eps"
    count = len(without)
    return Equation(
        "Guidance",
        (
            Term(
                "eps_u",
                f"{name}ᵤ, the answer without the condition",
                f"{letter}_u",
                "",
                constant(1.0, count),
                without,
            ),
            Term(
                "eps_c",
                "what the condition changes",
                f"({letter}_c - {letter}_u)",
                r"\gamma",
                constant(gamma, count),
                with_condition - without,
            ),
        ),
        total(symbol, f"{name}, the answer that is followed", letter, followed),
    )


def flow_equations(
    places: Values, velocities: Values, guesses: Values
) -> tuple[Equation, Equation]:
    """One step of `euler`, and where its velocity would lead.

    Args:
        places: x_t before each step and at the end, (K + 1, H, W, C).
        velocities: u at each step, (K, H, W, C).
        guesses: where each velocity would lead at t = 1.
    """
    steps = len(velocities)
    here = Term("x_t", "x_t, where the walk stands", "x_t", "", constant(1.0, steps), places[:-1])
    left = np.array([1 - k / steps for k in range(steps)]).reshape(-1, 1, 1, 1)
    name = "u, the velocity"
    return (
        Equation(
            "The step",
            (here, Term("u", name, "u", "h", constant(1 / steps, steps), velocities)),
            total("x_t", "x_t+h, one step on", "x_{t+h}", places[1:]),
        ),
        Equation(
            "Where this velocity would lead",
            (here, Term("u", name, "u", "(1 - t)", left, velocities)),
            total("x_0_hat", "x̂₁, the guess", r"\hat x_1", guesses),
        ),
    )


def _unit() -> tuple[Tensor, Tensor]:
    return torch.ones((), dtype=torch.float64), torch.zeros((), dtype=torch.float64)


def _numbers(numbers: Sequence[Tensor]) -> NDArray[np.float64]:
    return np.array([float(number) for number in numbers]).reshape(-1, 1, 1, 1)


def _spreads(sigmas: Sequence[Tensor]) -> NDArray[np.float64]:
    if all(sigma.ndim == 0 for sigma in sigmas):
        return _numbers(sigmas)
    shape = max(sigmas, key=lambda sigma: sigma.ndim).shape
    whole = torch.cat([sigma.double().expand(shape) for sigma in sigmas])
    return whole.movedim(1, -1).cpu().numpy()


def _image(values: Values) -> Tensor:
    return torch.from_numpy(values).movedim(-1, 0).unsqueeze(0)
