"""How far a learned field is from the exact one, and what no network can learn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor

from lessons.beyond.plane import network as small
from lessons.beyond.plane.points import Cloud
from lessons.beyond.plane.trajectories import ALPHA_BARS, TIMES
from lessons.diffusion.denoise import PredictNoise
from lessons.diffusion.forward import add_noise
from lessons.diffusion.noise import stream
from lessons.part_a.perfect_denoiser import perfect

MEASURED: Final = 1024
"""Noisy points over which a field's error is a mean."""


def differences(network: PredictNoise, points: Tensor, seed: int) -> tuple[float, ...]:
    """Hold a network's noise against the exact one, where the noised data are.

    Args:
        network: its predictor.
        points: the data, (N, 2).
        seed: the reader's seed.

    Returns:
        Root mean square difference of a coordinate at each of `TIMES` but the last.
    """
    best = perfect(points, ALPHA_BARS)
    random = stream(seed, "plane", "measured")
    errors = []
    for t in TIMES[:-1]:
        x_t, _ = noisy(points, t, random)
        errors.append(float((network(x_t, t) - best(x_t, t)).square().mean().sqrt()))
    return tuple(errors)


def least_loss(data: Cloud, seed: int) -> float:
    """The loss of the exact fields, which no network can go below except by chance.

    A network that knows the class of a point has less to estimate, so both classes have a floor of
    their own, and the floor of the training is the mean of what it asks for.

    Args:
        data: the points and their classes.
        seed: the reader's seed.
    """
    random = stream(seed, "plane", "floor")
    shares = [(data.points, small.DROPPED)]
    for label in (0, 1):
        own = data.points[data.labels == label]
        shares.append((own, (1 - small.DROPPED) * len(own) / len(data.points)))
    floor = 0.0
    for points, share in shares:
        best = perfect(points, ALPHA_BARS)
        for t in TIMES[:-1]:
            x_t, eps = noisy(points, t, random)
            # The loss is one of v, whose error is that of the noise over √ᾱ.
            loss = (best(x_t, t) - eps).square().mean() / ALPHA_BARS[t]
            floor += share * float(loss) / len(TIMES[:-1])
    return floor


def noisy(points: Tensor, t: int, random: torch.Generator) -> tuple[Tensor, Tensor]:
    """Noised data points of one timestep, and their noise, (1024, 2) each."""
    x_0 = points[torch.randint(len(points), (MEASURED,), generator=random)]
    eps = torch.randn(x_0.shape, generator=random)
    return add_noise(x_0, ALPHA_BARS[t].float(), eps), eps


def root_mean_square(values: Sequence[float]) -> float:
    """The root of the mean of the squares."""
    return math.sqrt(sum(value**2 for value in values) / len(values))
