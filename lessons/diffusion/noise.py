"""Randomness that depends on a seed and a purpose, and on nothing else."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import torch
from torch import Tensor

Noise = Callable[[], Tensor]
"""Draws the next unit Gaussian noise, (B, C, H, W)."""


def stream(seed: int, *purpose: str | int) -> torch.Generator:
    """Open the random stream of one purpose.

    Every purpose ("noise" of step 7, "order" of epoch 2) has a stream of its own, so no result
    depends on what was drawn before it. That is what makes a resumed run equal to an
    uninterrupted one: a step's noise follows from its number.

    Args:
        seed: the one seed that the reader chose.
        purpose: words and counters that name the use.

    Returns:
        A generator on the CPU, so that every device sees the same numbers.
    """
    name = "/".join(map(str, (seed, *purpose)))
    digest = hashlib.sha256(name.encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "big") >> 1)


class NoiseSource:
    """A random stream an image, so that image i is the same however many there are."""

    def __init__(
        self, seed: int, count: int, shape: tuple[int, ...], purpose: str = "sample"
    ) -> None:
        """Open `count` streams of one purpose for images of `shape` (C, H, W)."""
        self.shape = shape
        self.streams = [stream(seed, purpose, i) for i in range(count)]

    def __call__(self) -> Tensor:
        """Draw the next unit Gaussian noise, (count, C, H, W)."""
        return torch.stack([torch.randn(self.shape, generator=one) for one in self.streams])
