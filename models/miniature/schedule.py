"""How much of a picture is left at each of the thousand noise levels, and what to learn there."""

from __future__ import annotations

import functools
import math
from typing import Final

import torch
from torch import Tensor

STEPS: Final = 1000


@functools.cache
def alpha_bars() -> Tensor:
    r"""Tabulate the cosine schedule.

    $$
    \bar\alpha_t = \prod_{s \le t} (1 - \beta_s), \qquad
    \beta_s = \min\!\left(0.999,\ 1 - \frac{f((s + 1)/T)}{f(s/T)}\right), \qquad
    f(u) = \cos^2\!\left(\frac{u + 0.008}{1.008} \cdot \frac{\pi}{2}\right)
    $$

    Source: Nichol & Dhariwal 2021 (arXiv:2102.09672), eq. 17; the schedule of DeepFloyd IF.

    Returns:
        (1000,) float64, falling from nearly 1 to nearly 0. It is shared: never change it in place.
    """
    f = [math.cos((s / STEPS + 0.008) / 1.008 * math.pi / 2) ** 2 for s in range(STEPS + 1)]
    betas = torch.tensor(
        [min(0.999, 1 - f[s + 1] / f[s]) for s in range(STEPS)], dtype=torch.float64
    )
    return (1 - betas).cumprod(0)


def velocity(x_0: Tensor, eps: Tensor, alpha_bar_t: Tensor) -> Tensor:
    r"""Mix picture and noise into what the network learns.

    $$
    v = \sqrt{\bar\alpha_t}\,\epsilon - \sqrt{1 - \bar\alpha_t}\, x_0
    $$

    Its size is the same at every noise level, so no level drowns the others: after as many
    pictures as a processor manages in an hour, v already draws and eps does not.

    Source: Salimans & Ho 2022 (arXiv:2202.00512), appendix D.

    Args:
        x_0: clean pictures, (B, C, H, W), range [-1, 1].
        eps: unit Gaussian noise, shape of `x_0`.
        alpha_bar_t: share of signal power left, (B, 1, 1, 1), in [0, 1].

    Returns:
        v, shape of `x_0`.
    """
    return alpha_bar_t.sqrt() * eps - (1 - alpha_bar_t).sqrt() * x_0


def noise_in(x_t: Tensor, v: Tensor, alpha_bar_t: Tensor) -> Tensor:
    r"""Read the noise off a noisy picture and its v.

    $$
    \epsilon = \sqrt{\bar\alpha_t}\, v + \sqrt{1 - \bar\alpha_t}\, x_t
    $$

    Source: Salimans & Ho 2022 (arXiv:2202.00512), appendix D.

    Args:
        x_t: noisy pictures, (B, C, H, W).
        v: what the network says, shape of `x_t`.
        alpha_bar_t: share of signal power left, (B, 1, 1, 1), in [0, 1].

    Returns:
        The noise, shape of `x_t`.
    """
    return alpha_bar_t.sqrt() * v + (1 - alpha_bar_t).sqrt() * x_t


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
