"""B2.5.1 · The learning-rate schedule: how far the noise of the steps carries the weights."""

from __future__ import annotations

import functools
from collections.abc import Generator
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn

from lessons.diffusion.flow import euler
from lessons.diffusion.noise import NoiseSource, stream
from lessons.images.captioned import CaptionedImage, Progress
from lessons.measure.trained import results
from lessons.measure.trained.results import AVERAGED, LAST, RATE_SCHEDULE, RATES
from lessons.part_b.flow_matching import following
from lessons.part_b.sampled_digits import captioned
from models.unet import ClassConditionalUNet

WEIGHTS: Final = RATE_SCHEDULE.with_suffix(".safetensors")
STEP_CHOICES: Final = (5, 10, 20, 50)

WALKERS: Final = 256
"""Minimisations of the same function at once, each with noises of its own."""

BOWL_STEPS: Final = 800
CONSTANT, DECAYING = "constant rate", "decaying rate"
_POINTS: Final = 100
_BETA_1, _BETA_2, _EPSILON = 0.9, 0.999, 1e-8


def adam_step(
    theta: Tensor, gradient: Tensor, m: Tensor, v: Tensor, k: int, eta: float
) -> tuple[Tensor, Tensor, Tensor]:
    r"""Take a step whose length is the learning rate, whatever the size of the gradient.

    $$
    m_k = \beta_1 m_{k-1} + (1 - \beta_1)\, g_k, \qquad
    v_k = \beta_2 v_{k-1} + (1 - \beta_2)\, g_k^2
    $$

    $$
    \theta_k = \theta_{k-1} - \eta_k\,
        \frac{m_k / (1 - \beta_1^k)}{\sqrt{v_k / (1 - \beta_2^k)} + \varepsilon}
    $$

    The gradient $g$ of a batch is the mean gradient and noise. Near the minimum the mean is small
    and the noise stays, but the fraction does not: it is divided by the size of the noise itself.
    So only the learning rate $\eta$ can make the steps smaller. AdamW does the same, and shrinks
    the weights a little at each step.

    Source: Kingma and Ba 2014 (arXiv:1412.6980), algorithm 1, with β₁ = 0.9, β₂ = 0.999 and
    ε = 1e-8.

    Args:
        theta: the weights θ, (N,).
        gradient: g, of the loss of one batch, (N,).
        m: running mean of the gradients, (N,), 0 at first.
        v: running mean of their squares, (N,), 0 at first.
        k: number of the step, ≥ 1.
        eta: learning rate η of this step, > 0.

    Returns:
        The new θ, m and v.
    """
    m = _BETA_1 * m + (1 - _BETA_1) * gradient
    v = _BETA_2 * v + (1 - _BETA_2) * gradient.square()
    mean, size = m / (1 - _BETA_1**k), (v / (1 - _BETA_2**k)).sqrt()
    return theta - eta * mean / (size + _EPSILON), m, v


def averaged_weights(average: Tensor, theta: Tensor, mu: float, k: int) -> Tensor:
    r"""Let an average follow the weights slowly: EMA, the exponential moving average.

    $$
    \bar\theta_k = \mu_k\, \bar\theta_{k-1} + (1 - \mu_k)\, \theta_k,
    \qquad \mu_k = \min\!\left(\mu, \frac{1 + k}{10 + k}\right)
    $$

    It holds about the last $1 / (1 - \mu)$ steps. Training never sees it: only who samples does.
    Noise of many steps averages out, as it does where a decaying rate makes the last steps small.
    Both cost something: a small rate can't go far any more, and an average lags behind. That is
    why a young average follows faster.

    Source: Polyak and Juditsky 1992, "Acceleration of stochastic approximation by averaging";
    the start is that of TensorFlow's `ExponentialMovingAverage`.

    Args:
        average: the average so far, (N,).
        theta: the weights after this step, (N,).
        mu: how slowly it follows, 0 (not at all) to 1.
        k: steps averaged before, ≥ 0.
    """
    mu = min(mu, (1 + k) / (10 + k))
    return mu * average + (1 - mu) * theta


@dataclass(frozen=True)
class NoisyDescent:
    """How far from the minimum weights are while they are trained.

    Attributes:
        steps: numbers of steps done.
        distances: by LAST and AVERAGED: the mean squared distance from the minimum after those.
        rates: the learning rate of each of those steps.
    """

    steps: tuple[int, ...]
    distances: dict[str, tuple[float, ...]]
    rates: tuple[float, ...]


def noisy_bowl(rate: float, decay: float, ema: float, seed: int) -> NoisyDescent:
    """Minimise θ²/2 with gradients that are as noisy as a batch's, many times at once.

    The gradient is θ and unit Gaussian noise. All begin at θ = 1, a distance of 1.

    Args:
        rate: learning rate at the beginning, > 0.
        decay: its factor at the end, by ten equal drops of the logarithm as in ten epochs.
        ema: μ of the average, 0 to below 1.
        seed: of the noises, the same whatever the rate.
    """
    random = stream(seed, "noisy bowl")
    theta = torch.ones(WALKERS)
    average, m, v = theta, torch.zeros(WALKERS), torch.zeros(WALKERS)
    steps, rates = [0], [rate]
    kept: dict[str, list[float]] = {LAST: [1.0], AVERAGED: [1.0]}
    for k in range(1, BOWL_STEPS + 1):
        eta = rate * decay ** ((k - 1) * 10 // BOWL_STEPS / 10)
        gradient = theta + torch.randn(WALKERS, generator=random)
        theta, m, v = adam_step(theta, gradient, m, v, k, eta)
        average = averaged_weights(average, theta, ema, k - 1)
        if k % (BOWL_STEPS // _POINTS) == 0:
            steps.append(k)
            rates.append(eta)
            for name, weights in ((LAST, theta), (AVERAGED, average)):
                kept[name].append(float(weights.square().mean()))
    distances = {name: tuple(values) for name, values in kept.items()}
    return NoisyDescent(tuple(steps), distances, tuple(rates))


def bowls(rate: float, decay: float, ema: float, seed: int) -> dict[str, NoisyDescent]:
    """Minimise the same noisy function at a constant rate and at one that decays.

    Args:
        rate: learning rate at the beginning, > 0.
        decay: its factor at the end where it decays.
        ema: μ of the averages.
        seed: of the noises, the same in both.
    """
    return {
        CONSTANT: noisy_bowl(rate, 1.0, ema, seed),
        DECAYING: noisy_bowl(rate, decay, ema, seed),
    }


def ten_digits(
    which: str,
    gamma: float,
    steps: int,
    seed: int,
    weights_hash: str = "",  # noqa: ARG001 - new weights, new result
) -> Generator[Progress, None, dict[str, tuple[CaptionedImage, ...]]]:
    """Sample the digits 0 to 9 with the weights of each rate, all from the same noises.

    Args:
        which: LAST or AVERAGED weights.
        gamma: guidance scale.
        steps: of Euler's method, ≥ 1.
        seed: of the noises.
        weights_hash: which weights; see `results.weights_hash`.

    Yields:
        Progress after each rate.

    Returns:
        A row of ten by the name of the rate.

    Raises:
        ValueError: the weights are missing or damaged, or there are none of that name.
    """
    labels, rows = torch.arange(10), {}
    for done, rate in enumerate(RATES, start=1):
        noise = NoiseSource(seed, len(labels), (1, 28, 28))()
        velocity = following(network(rate, which), labels, gamma)
        with torch.no_grad():
            *_, last = euler(noise, velocity, steps)
        rows[rate] = captioned(last.x_t, labels)
        yield Progress(done, len(RATES), rate)
    return rows


def network(rate: str, which: str) -> nn.Module:
    """The shipped network of a rate, in eval mode. Shared: never change it.

    Args:
        rate: a key of RATES.
        which: LAST or AVERAGED weights.

    Raises:
        ValueError: there is none.
    """
    if rate not in RATES or which not in (LAST, AVERAGED):
        raise ValueError(f"There are no {which} weights of {rate}.")
    return _network(rate, which, results.weights_hash(WEIGHTS))


@functools.lru_cache(maxsize=16)
def _network(rate: str, which: str, _hash: str) -> nn.Module:
    fresh = ClassConditionalUNet(1, 10, int(results.rates().settings["num_hiddens"]))
    return results.with_weights(WEIGHTS, results.weights_name(rate, which), fresh)
