"""A trace of the sampling loop: its equations as terms, the numbers read off its own functions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lessons.diffusion.denoise import Limit, PredictNoise, clean_estimate, split
from lessons.diffusion.flow import euler
from lessons.diffusion.noise import Noise
from lessons.diffusion.samplers import ANCESTRAL, Sampler, State, sampling_trajectory
from lessons.images.captioned import Symbol
from lessons.trace.microscope import Term, TermSum, Values, constant, stacked, total


class Image(NamedTuple):
    """How an image of a step is written.

    Attributes:
        symbol: what it is.
        name: the same as one line of plain text.
        tex: in an equation.
    """

    symbol: Symbol
    name: str
    tex: str


_IMAGES: Final = {
    "x_0": Image("x_0_hat", "x̂₀, clean estimate", r"\hat x_0"),
    "x_0_before": Image("x_0_hat", "x̂₀ of the previous step", r"\hat x_0^\text{before}"),
    "eps": Image("eps", "ε̂, predicted noise", r"\hat\epsilon"),
    "x_t": Image("x_t", "x_t, current sample", "x_t"),
    "z": Image("z", "z, fresh noise", "z"),
}
"""All that a sampler can add up, in the order in which it is shown."""


class StepRecord(NamedTuple):
    """One step of the loop, of one image.

    Attributes:
        t: where it began.
        s: where it ended.
        eps: the noise that was predicted, (1, C, H, W).
        state: what the sampler was given.
        z: the unit noise that was added; None on the last step.
        x_s: the sample that was reached.
    """

    t: int
    s: int
    eps: Tensor
    state: State
    z: Tensor | None
    x_s: Tensor


def trace(
    start: Tensor,
    timesteps: Sequence[int],
    alpha_bars: Tensor,
    predict_noise: PredictNoise,
    noise: Noise,
    sampler: Sampler = ANCESTRAL,
    limit: Limit | None = None,
) -> Iterator[StepRecord]:
    """Run the sampling loop and record its steps; arguments as those of the loop."""
    predictions: list[Tensor] = []

    def recorded(x_t: Tensor, t: int) -> Tensor:
        predictions.append(predict_noise(x_t, t))
        return predictions[-1]

    t = timesteps[0]
    for frame in sampling_trajectory(start, timesteps, alpha_bars, recorded, noise, sampler, limit):
        assert frame.state is not None
        eps, _ = split(predictions.pop(), frame.state.x_t)
        yield StepRecord(t, frame.t, eps, frame.state, frame.z, frame.x_t)
        t = frame.t


def weights_of(sampler: Sampler, state: State) -> dict[str, Tensor]:
    """What a step multiplies each image of its state with, read off the sampler itself.

    A step is a weighted sum, so a 1 in the place of one image, with 0 in those of the others, gives
    that image's weight. A batch of such states gives all weights at once.

    Returns:
        A number for each of "x_0", "x_0_before", "eps" and "x_t", float64; and for "z" the σ of the
        noise, which may be one a pixel.
    """
    names = ("x_0", "x_0_before", "eps", "x_t")
    ones = dict(zip(names, torch.eye(4, dtype=torch.float64).view(4, 4, 1, 1, 1), strict=True))
    if state.x_0_before is None:
        del ones["x_0_before"]
    mean, sigma = sampler.step(state._replace(**ones))
    return {**dict(zip(names, mean.flatten(), strict=True)), "z": sigma}


def estimate_equation(places: Values, eps: Values, levels: Sequence[Tensor]) -> TermSum:
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
    return TermSum(
        "Clean estimate",
        (
            Term(
                *_IMAGES["x_t"],
                r"\frac{1}{\sqrt{\bar\alpha_t}}",
                _numbers([clean_estimate(one, zero, level) for level in levels]),
                places,
            ),
            Term(
                *_IMAGES["eps"],
                r"-\sqrt{\frac{1 - \bar\alpha_t}{\bar\alpha_t}}",
                _numbers([clean_estimate(zero, one, level) for level in levels]),
                eps,
            ),
        ),
        total(*_IMAGES["x_0"], stacked(raw)),
    )


def step_equation(records: Sequence[StepRecord], sampler: Sampler = ANCESTRAL) -> TermSum:
    """The sum that the sampler made at every step, its numbers read off the sampler itself."""
    weights = [weights_of(sampler, one.state) for one in records]
    images: list[dict[str, Tensor | None]] = [
        {name: getattr(one.state, name, None) for name in _IMAGES} | {"z": one.z} for one in records
    ]
    none, nothing = torch.zeros((), dtype=torch.float64), torch.zeros_like(records[0].x_s)
    terms = []
    for name, image in _IMAGES.items():
        here = [one[name] is not None for one in images]
        factors = [w[name] if there else none for w, there in zip(weights, here, strict=True)]
        if not any(bool(factor.any()) for factor in factors):
            continue
        values = [nothing if (found := one[name]) is None else found for one in images]
        written = sampler.written.get(name, rf"a_{{{image.tex}}}")
        terms.append(Term(*image, written, _spreads(factors), stacked(values)))
    return TermSum(
        "The step from t to s",
        tuple(terms),
        total("x_t", "x_s, next sample", "x_s", stacked([one.x_s for one in records])),
    )


def guidance_equation(
    with_condition: Values, without: Values, followed: Values, gamma: float, letter: str
) -> TermSum:
    r"""Guidance: one prediction out of two.

    Args:
        with_condition: the network's prediction with the condition, (K, H, W, C).
        without: the prediction without it.
        followed: what came of both.
        gamma: guidance scale.
        letter: how the prediction is written, `\epsilon` or `u`.
    """
    name = "u" if letter == "u" else "ε"
    guided, written = ("u", "u") if letter == "u" else ("ε̂", r"\hat\epsilon")
    symbol: Symbol = "u" if letter == "u" else "eps"
    count = len(without)
    return TermSum(
        "Guidance",
        (
            Term(
                "eps_u",
                f"{name}ᵤ, prediction without the condition",
                f"{letter}_u",
                "",
                constant(1.0, count),
                without,
            ),
            Term(
                "eps_c",
                "the difference that the condition makes",
                f"({letter}_c - {letter}_u)",
                r"\gamma",
                constant(gamma, count),
                with_condition - without,
            ),
        ),
        total(symbol, f"{guided}, guided prediction", written, followed),
    )


def flow_equations(
    places: Values, velocities: Values, estimates: Values
) -> tuple[TermSum, TermSum]:
    """One step of `euler`, and where its velocity would lead; the numbers read off `euler`.

    Args:
        places: x_t before each step and at the end, (K + 1, H, W, C).
        velocities: u at each step, (K, H, W, C).
        estimates: where each velocity would lead at t = 1.
    """
    steps = len(velocities)
    here = Term(*_IMAGES["x_t"], "", constant(1.0, steps), places[:-1])
    # From 0, and with a velocity of 1, every step is as long as the number before u.
    one, zero = _unit()
    frames = list(euler(zero, lambda _x_t, _t: one, steps))
    starts = [zero, *(frame.x_t for frame in frames)]
    h = _numbers([after - before for before, after in pairwise(starts)])
    left = _numbers([frame.x_0 - start for frame, start in zip(frames, starts, strict=False)])
    name = "u, the velocity"
    return (
        TermSum(
            "The step",
            (here, Term("u", name, "u", "h", h, velocities)),
            total("x_t", "x_t+h, next sample", "x_{t+h}", places[1:]),
        ),
        TermSum(
            "Where this velocity would lead",
            (here, Term("u", name, "u", "(1 - t)", left, velocities)),
            total("x_0_hat", "x̂₁, clean estimate", r"\hat x_1", estimates),
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
