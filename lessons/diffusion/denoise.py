"""Clean image, noise and v from one another, and what a network is trained to predict."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

PredictNoise = Callable[[Tensor, int], Tensor]
"""(x_t, t) → the noise in x_t, (B, C, H, W); (B, 2C, H, W) where a network learnt the variance too.

Guidance, anagrams and hybrids are ways to build one.
"""

Limit = Callable[[Tensor], Tensor]
"""Clean estimate → the estimate brought back into what an image can be."""


def clean_estimate(x_t: Tensor, eps: Tensor, alpha_bar_t: Tensor) -> Tensor:
    r"""Solve the forward process for the clean image, given a prediction of the noise.

    $$
    \hat x_0 = \frac{x_t - \sqrt{1 - \bar\alpha_t}\, \hat\epsilon}{\sqrt{\bar\alpha_t}}
    $$

    A hat marks what is predicted: $\hat\epsilon = \epsilon_\theta(x_t, t)$ is the network's answer.
    At high noise levels $\sqrt{\bar\alpha_t}$ is small, and dividing by it magnifies every error.

    Source: Ho et al. 2020 (arXiv:2006.11239), eq. 15.

    Args:
        x_t: noisy images, (B, C, H, W); the estimates have their shape and are not clamped.
        eps: the predicted noise, shape of `x_t`.
        alpha_bar_t: share of signal power left, in (0, 1], float64.
    """
    noise = (1 - alpha_bar_t).sqrt() * eps
    return (x_t - noise) / alpha_bar_t.sqrt()


def noise_estimate(x_t: Tensor, x_0: Tensor, alpha_bar_t: Tensor) -> Tensor:
    r"""Attribute to noise whatever the clean estimate does not explain.

    $$
    \hat\epsilon = \frac{x_t - \sqrt{\bar\alpha_t}\, \hat x_0}{\sqrt{1 - \bar\alpha_t}}
    $$

    Source: Ho et al. 2020 (arXiv:2006.11239), eq. 4 solved for the noise.

    Args:
        x_t: noisy images, (B, C, H, W); the noise has their shape.
        x_0: clean estimates, shape of `x_t`.
        alpha_bar_t: share of signal power left, in [0, 1), float64.
    """
    return (x_t - alpha_bar_t.sqrt() * x_0) / (1 - alpha_bar_t).sqrt()


def v_target(x_0: Tensor, eps: Tensor, alpha_bar_t: Tensor) -> Tensor:
    r"""Mix image and noise into what a network of v-prediction learns.

    $$
    v = \sqrt{\bar\alpha_t}\,\epsilon - \sqrt{1 - \bar\alpha_t}\, x_0
    $$

    It is as large at every noise level as at any other: almost pure noise to be found where the
    image is nearly clean, almost pure image where there is nearly only noise.

    Source: Salimans & Ho 2022 (arXiv:2202.00512), appendix D.

    Args:
        x_0: clean images, (B, C, H, W); v has their shape.
        eps: unit Gaussian noise, shape of `x_0`.
        alpha_bar_t: share of signal power left, (B, 1, 1, 1), in [0, 1].
    """
    return alpha_bar_t.sqrt() * eps - (1 - alpha_bar_t).sqrt() * x_0


def noise_from_v(x_t: Tensor, v: Tensor, alpha_bar_t: Tensor) -> Tensor:
    r"""Read the noise off a noisy image and its v.

    $$
    \epsilon = \sqrt{\bar\alpha_t}\, v + \sqrt{1 - \bar\alpha_t}\, x_t
    $$

    Source: Salimans & Ho 2022 (arXiv:2202.00512), appendix D.

    Args:
        x_t: noisy images, (B, C, H, W); the noise has their shape.
        v: what the network predicts, shape of `x_t`.
        alpha_bar_t: share of signal power left, (B, 1, 1, 1), in [0, 1].
    """
    return alpha_bar_t.sqrt() * v + (1 - alpha_bar_t).sqrt() * x_t


def split(prediction: Tensor, x_t: Tensor) -> tuple[Tensor, Tensor | None]:
    """Part what a network predicts into the noise and, if it is there, v for the variance.

    Args:
        prediction: (B, C, H, W) or (B, 2C, H, W).
        x_t: what it was predicted from, (B, C, H, W).

    Raises:
        ValueError: it has another number of channels.
    """
    channels = x_t.shape[1]
    if prediction.shape[1] == channels:
        return prediction, None
    if prediction.shape[1] != 2 * channels:
        raise ValueError(f"{prediction.shape[1]} channels predicted for images of {channels}")
    eps, v = prediction.chunk(2, dim=1)
    return eps, v


def joined(eps: Tensor, v: Tensor | None) -> Tensor:
    """Undo `split`."""
    return eps if v is None else torch.cat([eps, v], dim=1)
