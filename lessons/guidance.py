"""A1.6 · Classifier-free guidance: exaggerate what the condition changes."""

from __future__ import annotations

from torch import Tensor


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
