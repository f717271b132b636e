"""Noise schedules: how much of the picture is left at each timestep."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor


class Schedule(NamedTuple):
    """The tables of one schedule; index 0 is the least noisy step, not the clean picture.

    Attributes:
        betas: variance added by each step, (T,), in (0, 1), float64.
        alphas: 1 - betas.
        alpha_bars: share of signal power left after each step, the running product of alphas.
    """

    betas: Tensor
    alphas: Tensor
    alpha_bars: Tensor


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

    Returns:
        Tables of T values each, float64.

    Raises:
        ValueError: the values do not rise inside (0, 1), or there are fewer than two steps.
    """
    if not 0 < beta1 < beta2 < 1 or num_ts < 2:
        raise ValueError(f"need 0 < beta1 < beta2 < 1 and T ≥ 2, got {beta1}, {beta2}, {num_ts}")
    betas = torch.linspace(beta1, beta2, num_ts, dtype=torch.float64)
    return _tables(betas)


def squaredcos_cap_v2(num_ts: int = 1000) -> Schedule:
    r"""Let the signal fade like a squared cosine: slowly at both ends, evenly between.

    $$
    \bar\alpha(u) = \cos^2\!\left(\frac{u + 0.008}{1.008} \cdot \frac{\pi}{2}\right),
    \qquad \beta_i = \min\!\left(1 - \frac{\bar\alpha((i + 1)/T)}{\bar\alpha(i/T)},\; 0.999\right)
    $$

    Source: Nichol & Dhariwal 2021 (arXiv:2102.09672), eq. 17.

    Args:
        num_ts: number of steps T, ≥ 1.

    Returns:
        Tables of T values each, float64.

    Raises:
        ValueError: there is no step.
    """
    if num_ts < 1:
        raise ValueError(f"need at least one step, got {num_ts}")
    u = torch.arange(num_ts + 1, dtype=torch.float64) / num_ts
    left = torch.cos((u + 0.008) / 1.008 * math.pi / 2) ** 2
    return _tables((1 - left[1:] / left[:-1]).clamp(max=0.999))


def _tables(betas: Tensor) -> Schedule:
    alphas = 1 - betas
    return Schedule(betas, alphas, alphas.cumprod(0))
