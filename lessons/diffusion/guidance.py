"""Classifier-free guidance: exaggerate what the condition changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import torch
from torch import Tensor

from lessons.diffusion.denoise import joined, split

Time = TypeVar("Time", int, float)
"""A timestep, or the time of flow matching."""

Conditional = Callable[[Tensor, Time, Tensor], Tensor]
"""(x_t, t, conditions) → prediction: a network that is told what to look for."""

Predict = Callable[[Tensor, Time], Tensor]
"""(x_t, t) → prediction: the same, its condition settled. With noise predicted, `PredictNoise`."""


def guide(eps_c: Tensor, eps_u: Tensor, gamma: float | Tensor) -> Tensor:
    r"""Extrapolate from the unconditional prediction beyond the conditional one.

    $$
    \hat\epsilon = \epsilon_u + \gamma \, (\epsilon_c - \epsilon_u)
    $$

    $\epsilon_c$ and $\epsilon_u$ are the network's predictions with the condition and without it.
    $\gamma = 0$ ignores the condition, $\gamma = 1$ obeys it, and beyond 1 the sample becomes more
    typical than the network alone would make it, and less varied. Others count $w = \gamma - 1$.

    Source: Ho and Salimans 2022 (arXiv:2207.12598), eq. 6.

    Args:
        eps_c: prediction with the condition, (B, C, H, W); the guided one has its shape.
        eps_u: prediction without it, shape of `eps_c`.
        gamma: guidance scale γ, or one an image, (B, 1, 1, 1).

    Raises:
        ValueError: the shapes differ.
    """
    if eps_c.shape != eps_u.shape:
        raise ValueError(f"eps_c is {tuple(eps_c.shape)} but eps_u is {tuple(eps_u.shape)}")
    return eps_u + gamma * (eps_c - eps_u)


def guided(
    predict: Conditional[Time], wanted: Tensor, unwanted: Tensor, gamma: float | Tensor
) -> Predict[Time]:
    """A predictor that follows γ. Both predictions come from one call of the network.

    The variance, where the network learnt one, is that of the condition: guidance exaggerates what
    the sample shows, not how certain it is.

    Args:
        predict: the network.
        wanted: the condition, one for all images (1, ...) or one for each (B, ...).
        unwanted: what to lead away from, shape of `wanted`; usually the empty prompt.
        gamma: guidance scale, or one an image, (B, 1, 1, 1).
    """

    def predict_noise(x_t: Tensor, t: Time) -> Tensor:
        both = torch.cat([for_each(x_t, wanted), for_each(x_t, unwanted)])
        with_condition, without = predict(torch.cat([x_t, x_t]), t, both).chunk(2)
        eps_c, v = split(with_condition, x_t)
        eps_u, _ = split(without, x_t)
        return joined(guide(eps_c, eps_u, gamma), v)

    return predict_noise


def conditional(predict: Conditional[Time], wanted: Tensor) -> Predict[Time]:
    """The predictor that obeys a condition and exaggerates nothing: γ = 1, at half the cost.

    Args:
        predict: the network.
        wanted: the condition, one for all images (1, ...) or one for each (B, ...).
    """
    return lambda x_t, t: predict(x_t, t, for_each(x_t, wanted))


def for_each(x_t: Tensor, condition: Tensor) -> Tensor:
    """One condition for all images becomes one for each, (B, ...)."""
    return condition.expand(len(x_t), *condition.shape[1:])
