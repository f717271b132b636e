"""A stand-in for a network that remembers what it was told, and what it is told with."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from lessons.diffusion.noise import stream
from lessons.training.recipe import DigitBatch


class Told(nn.Module):
    """Answers zero, and keeps what it was told."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[Tensor, ...]] = []

    def forward(self, *told: Tensor) -> Tensor:
        self.calls.append(told)
        return torch.zeros_like(told[0])


def batch(count: int = 64, step: int = 0) -> DigitBatch:
    """Random images, and all classes in turn."""
    random = torch.Generator().manual_seed(1)
    images = torch.rand(count, 1, 28, 28, generator=random)
    return DigitBatch(images, torch.arange(count) % 10, stream(0, "step", step))
