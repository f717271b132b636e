"""Guidance in the plane: one class asked for, at every strength, from the same noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from lessons.beyond.plane.network import ANY, Conditional
from lessons.beyond.plane.points import Cloud
from lessons.beyond.plane.trajectories import ALPHA_BARS, ODE, Numbers, numbers, sampled
from lessons.diffusion.denoise import PredictNoise
from lessons.diffusion.guidance import guide, guided
from lessons.part_a.perfect_denoiser import perfect

GAMMAS: Final = tuple(float(gamma) for gamma in range(13))
"""Guidance scales over which the samples are shown."""

GUIDED: Final = 128
"""Particles of each guidance scale."""

WANTED: Final = 0
"""The class that is asked for."""


@dataclass(frozen=True)
class Sweep:
    """Samples of one class over the guidance scale, from the same noise, by the ODE.

    Attributes:
        ends: (13, 128, 2), one row for each of `GAMMAS`.
        away: median distance of a sample to the nearest data point of its class.
        spread: root mean square distance of the samples from their mean.
    """

    ends: Numbers
    away: tuple[float, ...]
    spread: tuple[float, ...]


def with_network(predict: Conditional, cloud: Cloud, seed: int) -> Sweep:
    """Guide a network that knows the classes.

    Args:
        predict: (x_t, t, labels) → the noise in x_t.
        cloud: what it was trained on.
        seed: the reader's seed.
    """
    classes = torch.tensor([WANTED]), torch.tensor([ANY])
    return _swept(guided(predict, *classes, _gammas()), cloud, seed)


def with_exact_scores(cloud: Cloud, seed: int) -> Sweep:
    """Guide with the exact fields of the class and of all points; arguments as above."""
    of_class = perfect(cloud.points[cloud.labels == WANTED], ALPHA_BARS)
    of_all = perfect(cloud.points, ALPHA_BARS)
    gammas = _gammas()

    def predict_noise(x_t: Tensor, t: int) -> Tensor:
        return guide(of_class(x_t, t), of_all(x_t, t), gammas)

    return _swept(predict_noise, cloud, seed)


def _gammas() -> Tensor:
    return torch.tensor(GAMMAS).repeat_interleave(GUIDED)[:, None]


def _swept(predict: PredictNoise, cloud: Cloud, seed: int) -> Sweep:
    """Sample all guidance scales at once, each from the same noises."""
    starts = GUIDED, len(GAMMAS)
    last = sampled(predict, ODE, seed, *starts)[-1].view(len(GAMMAS), GUIDED, 2)
    nearest = torch.cdist(last, cloud.points[cloud.labels == WANTED]).amin(dim=2)
    from_mean = last - last.mean(dim=1, keepdim=True)
    return Sweep(
        numbers(last),
        tuple(nearest.median(dim=1).values.tolist()),
        tuple(from_mean.square().sum(dim=2).mean(dim=1).sqrt().tolist()),
    )
