"""Noise schedules: how much of the image is left at each timestep, and which are visited."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import torch
from torch import Tensor

CLEAN: Final = -1
"""The timestep after index 0: no noise at all. Index 0 itself is the least noisy image."""


class Schedule(NamedTuple):
    """The tables of one schedule; index 0 is the least noisy step, not the clean image.

    Attributes:
        betas: variance added by each step, (T,), in (0, 1), float64.
        alphas: 1 - betas.
        alpha_bars: share of signal power left after each step, the running product of alphas.
    """

    betas: Tensor
    alphas: Tensor
    alpha_bars: Tensor


def from_betas(betas: Tensor) -> Schedule:
    r"""Multiply what each step keeps of the signal power.

    $$
    \alpha_t = 1 - \beta_t, \qquad \bar\alpha_t = \prod_{s \le t} \alpha_s
    $$

    Source: Ho et al. 2020 (arXiv:2006.11239), section 2.

    Args:
        betas: variance added by each step, (T,), in (0, 1), float64.
    """
    alphas = 1 - betas
    return Schedule(betas, alphas, alphas.cumprod(0))


def ddpm_schedule(beta1: float, beta2: float, num_ts: int) -> Schedule:
    r"""Add a little more noise at each step, along a straight line.

    $$
    \beta_i = \beta_1 + \frac{i}{T - 1}(\beta_2 - \beta_1),
    \qquad \bar\alpha_i = \prod_{j \le i} (1 - \beta_j)
    $$

    Source: Ho et al. 2020 (arXiv:2006.11239), section 4.

    Args:
        beta1: variance of the first step, 0 < beta1 < beta2 < 1.
        beta2: variance of the last step.
        num_ts: number of steps T, ≥ 2.

    Raises:
        ValueError: the values do not rise inside (0, 1), or there are fewer than two steps.
    """
    if not 0 < beta1 < beta2 < 1 or num_ts < 2:
        raise ValueError(f"need 0 < beta1 < beta2 < 1 and T ≥ 2, got {beta1}, {beta2}, {num_ts}")
    betas = torch.linspace(beta1, beta2, num_ts, dtype=torch.float64)
    return from_betas(betas)


def squaredcos_cap_v2(num_ts: int = 1000) -> Schedule:
    r"""Let the signal fade like a squared cosine: slowly at both ends, evenly between.

    $$
    \bar\alpha(u) = \cos^2\!\left(\frac{u + 0.008}{1.008} \cdot \frac{\pi}{2}\right),
    \qquad \beta_i = \min\!\left(1 - \frac{\bar\alpha((i + 1)/T)}{\bar\alpha(i/T)},\; 0.999\right)
    $$

    Source: Nichol & Dhariwal 2021 (arXiv:2102.09672), eq. 17.

    Args:
        num_ts: number of steps T, ≥ 1.

    Raises:
        ValueError: there is no step.
    """
    if num_ts < 1:
        raise ValueError(f"need at least one step, got {num_ts}")
    u = torch.arange(num_ts + 1, dtype=torch.float64) / num_ts
    left = torch.cos((u + 0.008) / 1.008 * math.pi / 2) ** 2
    return from_betas((1 - left[1:] / left[:-1]).clamp(max=0.999))


def alpha_bar_at(alpha_bars: Tensor, t: int) -> Tensor:
    """Look up ᾱ_t; a clean image has all its signal, and -1 must not wrap around."""
    return torch.ones((), dtype=alpha_bars.dtype) if t == CLEAN else alpha_bars[t]


def strided(first: int, stride: int) -> tuple[int, ...]:
    """Timesteps from `first` down to 0, e.g. 990, 960, …, 0."""
    return tuple(range(first, -1, -stride))


def course_timesteps(num_ts: int) -> tuple[int, ...]:
    """The course's 34 timesteps: 990, 960, …, 0 of 1000, and as evenly spread in other schedules.

    Raises:
        ValueError: the schedule has fewer than 34 timesteps.
    """
    if num_ts < 34:
        raise ValueError(f"34 timesteps don't fit into {num_ts}")
    stride = (num_ts - 1) // 33
    return strided(33 * stride, stride)


def spread(num_ts: int, steps: int) -> tuple[int, ...]:
    """Timesteps from the noisiest to the least noisy, as evenly as whole numbers allow.

    Args:
        num_ts: T, timesteps of the schedule.
        steps: how many, 1 to T; a single one is the noisiest.

    Raises:
        ValueError: there are not so many.
    """
    if not 1 <= steps <= num_ts:
        raise ValueError(f"between 1 and {num_ts} steps, not {steps}")
    return tuple(round((num_ts - 1) * (1 - k / max(steps - 1, 1))) for k in range(steps))
