"""Fields and trajectories in the plane, at every noise level that a sampler visits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lessons.beyond.plane.score import sliced_wasserstein
from lessons.diffusion.denoise import PredictNoise
from lessons.diffusion.forward import add_noise
from lessons.diffusion.noise import stream
from lessons.diffusion.samplers import Sampler, ddim, ddpm, sampling_trajectory
from lessons.diffusion.schedules import CLEAN, alpha_bar_at, spread, squaredcos_cap_v2

ALPHA_BARS: Final = squaredcos_cap_v2().alpha_bars
TIMES: Final = (*spread(len(ALPHA_BARS), 40), CLEAN)
"""From the noisiest timestep to none: forty steps."""

PARTICLES: Final = 256
VIEW: Final = 3.0
"""The plane is looked at from −3 to 3 along both axes."""

SIDE: Final = 15
"""Arrows of a field along one side."""

Numbers = NDArray[np.float16]
"""Half precision: its error is a tenth of a pixel, and the browser has half as much to load."""


@dataclass(frozen=True)
class Trajectories:
    """Particles on their way from noise to data.

    Attributes:
        places: (41, B, 2), one row for each of `TIMES`.
        distance: sliced Wasserstein distance of the last places to the data.
    """

    places: Numbers
    distance: float


SDE: Final = ddpm()
ODE: Final = ddim(0.0)


def sampled(
    predict: PredictNoise, sampler: Sampler, seed: int, count: int = PARTICLES, times: int = 1
) -> Tensor:
    """Let particles go from pure noise to data; the same seed begins at the same places.

    Args:
        predict: (x_t, t) → the noise in x_t.
        sampler: `SDE` or `ODE`.
        seed: the reader's seed.
        count: how many particles.
        times: how often each begins, for predictors that treat its copies differently.

    Returns:
        Where they are at each of `TIMES`, (41, times · count, 2) float32.
    """
    start = first_noise(seed, count).repeat(times, 1)
    random = stream(seed, "plane", "steps")
    frames = sampling_trajectory(
        start,
        TIMES,
        ALPHA_BARS,
        predict,
        lambda: torch.randn(start.shape, generator=random),
        sampler,
    )
    return torch.stack([start, *(frame.x_t.float() for frame in frames)])


def first_noise(seed: int, count: int = PARTICLES) -> Tensor:
    """Where particles begin, (count, 2)."""
    return torch.randn(count, 2, generator=stream(seed, "plane", "start"))


def under_noise(points: Tensor, seed: int) -> Tensor:
    """The data at each of `TIMES`, every point under noise of its own, (41, N, 2)."""
    eps = torch.randn(points.shape, generator=stream(seed, "plane", "noise"))
    levels = [alpha_bar_at(ALPHA_BARS, t).float() for t in TIMES]
    return torch.stack([add_noise(points, level, eps) for level in levels])


def grid() -> Tensor:
    """Where a field is shown, (225, 2): row by row, from the lower left."""
    edge = VIEW * (1 - 1 / SIDE)
    line = torch.linspace(-edge, edge, SIDE)
    y, x = torch.meshgrid(line, line, indexing="ij")
    return torch.stack([x, y], dim=-1).flatten(0, 1)


def arrow_places() -> Numbers:
    """The grid as numbers, (225, 2)."""
    return numbers(grid())


def field(predict: PredictNoise) -> Numbers:
    r"""The score on the grid at each of `TIMES`, times $\sigma_t$: that is $-\hat\epsilon$.

    The score itself grows beyond all bounds as the noise goes; this stays of the order of one. The
    last field is that of $t = 0$: without any noise there is none.

    Returns:
        (41, 225, 2).
    """
    places = grid()
    arrows = [-predict(places, max(t, 0)) for t in TIMES]
    return numbers(torch.stack(arrows))


def words() -> tuple[str, ...]:
    """What each of `TIMES` is called."""
    sigmas = [float((1 - alpha_bar_at(ALPHA_BARS, t)).sqrt()) for t in TIMES]
    named = [f"t = {t} · σ = {sigma:.2f}" for t, sigma in zip(TIMES, sigmas, strict=True)]
    return (*named[:-1], "clean · σ = 0")


def levels() -> tuple[float, ...]:
    """The share of signal power left at each of `TIMES`."""
    return tuple(float(alpha_bar_at(ALPHA_BARS, t)) for t in TIMES)


def trajectories(places: Tensor, data: Tensor) -> Trajectories:
    """Measure where particles ended."""
    return Trajectories(numbers(places), sliced_wasserstein(places[-1], data))


def numbers(values: Tensor) -> Numbers:
    """Hand values over to a page."""
    return values.to(torch.float16).numpy()
