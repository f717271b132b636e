"""A miniature of the miniature: random weights, two small levels, quick in tests."""

from __future__ import annotations

import functools

import torch
from torch import Tensor, nn

from models.miniature.encoder import TextEncoder
from models.miniature.network import MiniatureUNet


@functools.cache
def encoder() -> TextEncoder:
    return TextEncoder()


def small_network(seed: int = 0, **settings: int) -> MiniatureUNet:
    """A network whose every weight is random, those that begin at zero too."""
    torch.manual_seed(seed)
    network = MiniatureUNet(channels=(16, 32), attends=(False, True), **settings)
    for parameter in network.parameters():
        nn.init.normal_(parameter, std=0.08)
    return network.eval().requires_grad_(False)


def noisy(count: int = 2, seed: int = 1) -> Tensor:
    return torch.randn(count, 3, 64, 64, generator=torch.Generator().manual_seed(seed))
