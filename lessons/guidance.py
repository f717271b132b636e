"""A1.6 · Classifier-free guidance: exaggerate what the condition changes."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from lessons.iterative_denoising import PredictNoise, joined, split

Conditional = Callable[[Tensor, int, Tensor], Tensor]
"""(x_t, t, embeddings) → prediction: a network that is told what to look for."""


def guide(eps_c: Tensor, eps_u: Tensor, gamma: float | Tensor) -> Tensor:
    r"""Follow the difference that the condition makes, further than the network does.

    $$
    \epsilon = \epsilon_u + \gamma \, (\epsilon_c - \epsilon_u)
    $$

    $\gamma = 0$ ignores the condition, $\gamma = 1$ obeys it, and beyond 1 the picture becomes more
    typical than the network alone would make it, and less varied. Others count $w = \gamma - 1$.

    Source: Ho and Salimans 2022 (arXiv:2207.12598), eq. 6.

    Args:
        eps_c: prediction with the condition, (B, C, H, W).
        eps_u: prediction without it, shape of `eps_c`.
        gamma: guidance strength γ, or one a picture, (B, 1, 1, 1).

    Returns:
        The guided prediction, shape of `eps_c`.

    Raises:
        ValueError: the shapes differ.
    """
    if eps_c.shape != eps_u.shape:
        raise ValueError(f"eps_c is {tuple(eps_c.shape)} but eps_u is {tuple(eps_u.shape)}")
    return eps_u + gamma * (eps_c - eps_u)


def guided(
    predict: Conditional, wanted: Tensor, unwanted: Tensor, gamma: float | Tensor
) -> PredictNoise:
    """A predictor that follows γ. Both predictions come from one call of the network.

    The variance, where the network learnt one, is that of the condition: guidance exaggerates what
    the picture shows, not how certain it is.

    Args:
        predict: the network.
        wanted: the condition, one for all pictures (1, ...) or one for each (B, ...).
        unwanted: what to lead away from, shape of `wanted`; usually the empty prompt.
        gamma: guidance strength, or one a picture, (B, 1, 1, 1).
    """

    def predict_noise(x_t: Tensor, t: int) -> Tensor:
        both = torch.cat([for_each(x_t, wanted), for_each(x_t, unwanted)])
        with_condition, without = predict(torch.cat([x_t, x_t]), t, both).chunk(2)
        eps_c, between = split(with_condition, x_t)
        eps_u, _ = split(without, x_t)
        return joined(guide(eps_c, eps_u, gamma), between)

    return predict_noise


def conditional(predict: Conditional, wanted: Tensor) -> PredictNoise:
    """The predictor that obeys a condition and exaggerates nothing: γ = 1, at half the cost.

    Args:
        predict: the network.
        wanted: the condition, one for all pictures (1, ...) or one for each (B, ...).
    """
    return lambda x_t, t: predict(x_t, t, for_each(x_t, wanted))


def for_each(x_t: Tensor, embedding: Tensor) -> Tensor:
    """One embedding for all pictures becomes one for each, (B, ...)."""
    return embedding.expand(len(x_t), *embedding.shape[1:])
