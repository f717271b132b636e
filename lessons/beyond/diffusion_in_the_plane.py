"""A1.0 · All of diffusion where it can be seen whole: in the plane."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn

from lessons.beyond.plane import guidance
from lessons.beyond.plane import network as small
from lessons.beyond.plane.error import differences, least_loss, root_mean_square
from lessons.beyond.plane.image import dots
from lessons.beyond.plane.points import Drawn, cloud
from lessons.beyond.plane.score import by_chance
from lessons.beyond.plane.trajectories import (
    ALPHA_BARS,
    ODE,
    PARTICLES,
    SDE,
    TIMES,
    Numbers,
    Trajectories,
    field,
    numbers,
    sampled,
    trajectories,
    under_noise,
)
from lessons.diffusion.denoise import PredictNoise
from lessons.diffusion.guidance import conditional
from lessons.diffusion.noise import stream
from lessons.images.captioned import CaptionedImage, Progress
from lessons.part_a.perfect_denoiser import perfect

WEIGHTS_HASH: Final = "plane"
"""The name that stored results go by: no shipped weights are in them."""

STEP_CHOICES: Final = (100, 500, small.STEPS)
FEW: Final = (1, 3, 10, 30)
"""Known points of which particles can make only copies."""

_SHOWN: Final = 25
_CURVE: Final = 50
_HALF_WAY: Final = 26
_MOMENTS: Final = (10, 25, 50, 100, 200, 400, 800, 1500)


@dataclass(frozen=True)
class Exact:
    """The exact field of a set, and what it does.

    Attributes:
        points: the data, (N, 2).
        labels: their classes, 0 or 1.
        arrows: σ times the score on the grid, (41, 225, 2).
        noised: the data under noise, (41, N, 2).
        sde: particles by ancestral sampling.
        ode: particles from the same noise by DDIM with η = 0.
        chance: how far as many points drawn from the data themselves are from the data.
        copied: median distance of the ODE's particles to the nearest data point.
        images: noise, half-way, samples of both kinds, and the data, for a report.
    """

    points: Numbers
    labels: tuple[int, ...]
    arrows: Numbers
    noised: Numbers
    sde: Trajectories
    ode: Trajectories
    chance: float
    copied: float
    images: tuple[CaptionedImage, ...]


def exact(shape: str, word: str, drawn: Drawn, count: int, seed: int) -> Exact:
    """Compute the score field of a noised set, and let particles go along it.

    Args:
        shape: which set of points, see `cloud`; so the other arguments.
        word: what "a word" spells.
        drawn: the points of "your drawing".
        count: how many points.
        seed: the reader's seed.
    """
    data, labels = cloud(shape, word, drawn, count, seed)
    predict = perfect(data, ALPHA_BARS)
    sde, ode = sampled(predict, SDE, seed), sampled(predict, ODE, seed)
    return Exact(
        numbers(data),
        tuple(labels.tolist()),
        field(predict),
        numbers(under_noise(data, seed)),
        trajectories(sde, data),
        trajectories(ode, data),
        by_chance(data, PARTICLES, seed),
        to_nearest(ode[-1], data),
        (
            dots(sde[0], "noise", "x_t"),
            dots(sde[_HALF_WAY], f"SDE, t = {TIMES[_HALF_WAY]}", "x_t"),
            dots(sde[-1], "SDE, the end", "x_t"),
            dots(ode[-1], "ODE, the end", "x_t"),
            dots(data, "the data", "x_0"),
        ),
    )


def to_nearest(ends: Tensor, points: Tensor) -> float:
    """How far from the data samples are: the median distance to the nearest point."""
    return float(torch.cdist(ends, points).amin(dim=1).median())


@dataclass(frozen=True)
class Learned:
    """What a network learnt of a set.

    Attributes:
        arrows: −ε̂ of the network on the grid, (41, 225, 2).
        sde: particles by ancestral sampling.
        ode: particles from the same noise by DDIM with η = 0.
        errors: root mean square difference between the network's noise and the exact one, over
            noisy data, at each of `TIMES` but the last.
        error: the same over all of them.
        steps: of the training, where the loss was noted.
        losses: mean of the loss since the step before.
        floor: the loss of the exact field, which nothing can go below.
        parts: steps of training at which samples were drawn.
        growing: where the ODE then ended, (len(parts), 256, 2).
        copied: median distance of the ODE's particles to the nearest data point.
        guided: samples of class 0 over the guidance scale.
        parameters: of the network.
    """

    arrows: Numbers
    sde: Trajectories
    ode: Trajectories
    errors: tuple[float, ...]
    error: float
    steps: tuple[int, ...]
    losses: tuple[float, ...]
    floor: float
    parts: tuple[int, ...]
    growing: Numbers
    copied: float
    guided: guidance.Sweep
    parameters: int


def learned(
    shape: str,
    word: str,
    drawn: Drawn,
    count: int,
    steps: int,
    seed: int,
    weights_hash: str = WEIGHTS_HASH,  # noqa: ARG001 - by this name the result is stored
) -> Generator[Progress, None, Learned]:
    """Train a network on noised points of a set, and hold its field against the exact one.

    Args:
        shape: which set of points, see `cloud`; so the next three.
        word: what "a word" spells.
        drawn: the points of "your drawing".
        count: how many points.
        steps: of training.
        seed: the reader's seed.
        weights_hash: what stored results go by.

    Yields:
        How far it is.
    """
    data = cloud(shape, word, drawn, count, seed)
    parts = moments(steps)
    losses: list[float] = []
    curve: list[tuple[int, float]] = []
    growing: list[Tensor] = []
    for step, network, loss in small.train(data, ALPHA_BARS, steps, seed):
        if step:
            losses.append(loss)
        if step in parts:
            growing.append(sampled(of_all(network), ODE, seed)[-1])
        if step and step % max(steps // _CURVE, 1) == 0:
            curve.append((step, sum(losses) / len(losses)))
            losses.clear()
        if step % _SHOWN == 0:
            yield Progress(step, steps, "" if not curve else f"loss {curve[-1][1]:.3f}")
    predict = of_all(network)
    ode = sampled(predict, ODE, seed)
    errors = differences(predict, data.points, seed)
    return Learned(
        field(predict),
        trajectories(sampled(predict, SDE, seed), data.points),
        trajectories(ode, data.points),
        errors,
        root_mean_square(errors),
        tuple(step for step, _ in curve),
        tuple(loss for _, loss in curve),
        least_loss(data, seed),
        parts,
        numbers(torch.stack(growing)),
        to_nearest(ode[-1], data.points),
        guidance.with_network(small.predictor(network, ALPHA_BARS), data, seed),
        sum(one.numel() for one in network.parameters()),
    )


def moments(steps: int) -> tuple[int, ...]:
    """Steps of a training at which samples are drawn: close together where most happens."""
    return (0, *(step for step in _MOMENTS if step < steps), steps)


def of_all(network: nn.Module) -> PredictNoise:
    """The network's field of all points, no class being asked for."""
    return conditional(small.predictor(network, ALPHA_BARS), torch.tensor([small.ANY]))


def exact_guidance(shape: str, word: str, drawn: Drawn, count: int, seed: int) -> guidance.Sweep:
    """Ask for class 0 with exact scores; arguments as `exact`."""
    return guidance.with_exact_scores(cloud(shape, word, drawn, count, seed), seed)


@dataclass(frozen=True)
class Memorised:
    """What becomes of particles in the exact field of a few points.

    Attributes:
        known: the few points, (n, 2).
        arrows: σ times their score on the grid, (41, 225, 2).
        sde: particles by ancestral sampling.
        farthest: how far from the nearest of the points the last particle ends.
        shares: how many particles end at each point.
    """

    known: Numbers
    arrows: Numbers
    sde: Trajectories
    farthest: float
    shares: tuple[int, ...]


def copies(shape: str, word: str, drawn: Drawn, count: int, known: int, seed: int) -> Memorised:
    """Sample with the exact score of a few points of a set.

    Args:
        shape: which set of points, see `cloud`; so the next three.
        word: what "a word" spells.
        drawn: the points of "your drawing".
        count: how many points.
        known: how many of them are known, at most.
        seed: the reader's seed.
    """
    data = cloud(shape, word, drawn, count, seed).points
    order = torch.randperm(len(data), generator=stream(seed, "plane", "few"))
    few = data[order[:known]]
    predict = perfect(few, ALPHA_BARS)
    places = sampled(predict, SDE, seed)
    distance, which = torch.cdist(places[-1], few).min(dim=1)
    return Memorised(
        numbers(few),
        field(predict),
        trajectories(places, few),
        float(distance.max()),
        tuple(which.bincount(minlength=len(few)).tolist()),
    )
