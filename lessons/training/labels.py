"""Labels that a network is told, and how it learns to do without."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

NO_LABEL: Final = -1
"""In the place of a label: the network is told none."""


def keep_mask(count: int, drop: float, random: torch.Generator) -> Tensor:
    r"""Decide for each image on its own whether its label is kept.

    $$
    m_i \sim \mathrm{Bernoulli}(1 - p)
    $$

    A network that has also learnt to do without labels can later be asked both ways, which is what
    guidance needs.

    Source: Ho and Salimans 2022 (arXiv:2207.12598), algorithm 1.

    Args:
        count: how many images.
        drop: p, the chance of losing the label, 0 to 1.
        random: where the chance comes from.

    Returns:
        (count,) float32: 1 keeps the label, 0 drops it.
    """
    return (torch.rand(count, generator=random) >= drop).float()
