"""How much of a picture is left at each of the thousand noise levels, and what to learn there."""

from __future__ import annotations

import functools
from typing import Final

import torch
from torch import Tensor

from lessons.diffusion.schedules import squaredcos_cap_v2

STEPS: Final = 1000


@functools.cache
def alpha_bars() -> Tensor:
    """The cosine schedule, as DeepFloyd IF has it: (1000,) float64, shared; never changed."""
    return squaredcos_cap_v2(STEPS).alpha_bars


def weight(alpha_bar_t: Tensor, most: float = 5.0, least: float = 0.2) -> Tensor:
    r"""Weigh the squared error of v so that nearly clean pictures don't rule the training.

    $$
    w_t = \max\!\left(\frac{\min(\mathrm{SNR}_t + 1, \gamma)}{\mathrm{SNR}_t + 1},
    \ \tfrac15\right), \qquad
    \mathrm{SNR}_t = \frac{\bar\alpha_t}{1 - \bar\alpha_t}
    $$

    The weight of v's own size, SNR + 1 in errors of the picture, capped as min-SNR caps SNR. Plain
    min-SNR, min(SNR, γ)/(SNR + 1), leaves levels of strong noise a fortieth and less of this, and
    those decide what a picture is of: a short training can't wait for them. A fifth is the least,
    so that the last steps of a sample are learned as well.

    Source: Hang et al. 2023 (arXiv:2303.09556), section 3.4, for the cap; Salimans & Ho 2022
    (arXiv:2202.00512), section 4, for SNR + 1.

    Args:
        alpha_bar_t: share of signal power left, any shape, in [0, 1).
        most: the paper's gamma; SNR + 1 above it counts as this.
        least: no weight is smaller.

    Returns:
        Weights, shape of `alpha_bar_t`, in [least, 1].
    """
    size = 1 / (1 - alpha_bar_t)  # SNR + 1
    return (size.clamp(max=most) / size).clamp(min=least)


def often(share: Tensor) -> Tensor:
    """Draw noise levels as often as they weigh, which is the weighted loss with less to compute.

    Args:
        share: numbers spread over [0, 1), (B,), float64.

    Returns:
        Indices into the schedule, (B,).
    """
    reached = weight(alpha_bars()).cumsum(0)
    return torch.searchsorted(reached / reached[-1], share, right=True).clamp(max=STEPS - 1)
