"""The trunk of the UNet: blocks that time and prompt modulate, attention to places and words."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

HEAD = 32
"""Channels of one attention head."""

TEXT_WIDTH = 384
"""Numbers a token."""


class Level(nn.ModuleList):
    """The blocks that work at one size, in their order."""


class Trunk(nn.Module):
    """Down, middle, up; time and prompt scale and shift every block, the small levels attend."""

    def __init__(
        self, channels: Sequence[int], blocks: int, attends: Sequence[bool], width: int
    ) -> None:
        super().__init__()
        levels = list(zip(channels, attends, strict=True))
        self.down = nn.ModuleList(
            Level(Block(c, c, width, a) for _ in range(blocks)) for c, a in levels
        )
        self.shrink = nn.ModuleList(
            nn.Conv2d(wide, deep, 3, stride=2, padding=1) for wide, deep in pairwise(channels)
        )
        self.middle = Block(channels[-1], channels[-1], width, True)
        self.up = nn.ModuleList(
            Level(Block(2 * c, c, width, a) for _ in range(blocks)) for c, a in reversed(levels)
        )
        self.grow = nn.ModuleList(
            nn.Conv2d(deep, wide, 1) for deep, wide in pairwise(channels[::-1])
        )
        self.norm = ChannelNorm(channels[0])

    def forward(self, h: Tensor, about: Tensor, states: Tensor, seen: Tensor) -> Tensor:
        """Map (B, C, H, W) to the same shape; `about` (B, width) modulates, `states` are read."""
        kept = []
        for level, shrink in zip(self.down, [*self.shrink, None], strict=True):
            for block in cast(Level, level):
                h = block(h, about, states, seen)
                kept.append(h)
            h = h if shrink is None else shrink(h)
        h = self.middle(h, about, states, seen)
        for level, grow in zip(self.up, [*self.grow, None], strict=True):
            for block in cast(Level, level):
                h = block(torch.cat([h, kept.pop()], 1), about, states, seen)
            h = h if grow is None else F.interpolate(grow(h), scale_factor=2.0, mode="nearest")
        return F.silu(self.norm(h))


class Block(nn.Module):
    """Two convolutions around a scale and shift by time and prompt; then attention, maybe."""

    def __init__(self, inside: int, outside: int, width: int, attends: bool) -> None:
        super().__init__()
        self.norm_1 = ChannelNorm(inside)
        self.conv_1 = nn.Conv2d(inside, outside, 3, padding=1)
        self.modulation = nn.Linear(width, 2 * outside)
        self.norm_2 = ChannelNorm(outside)
        self.conv_2 = silent(nn.Conv2d(outside, outside, 3, padding=1))
        self.skip = nn.Conv2d(inside, outside, 1) if inside != outside else nn.Identity()
        self.attention = Attention(outside) if attends else None

    def forward(self, x: Tensor, about: Tensor, states: Tensor, seen: Tensor) -> Tensor:
        """Map (B, inside, H, W) to (B, outside, H, W)."""
        h: Tensor = self.conv_1(F.silu(self.norm_1(x)))
        scale, shift = self.modulation(about)[:, :, None, None].chunk(2, 1)
        h = self.conv_2(F.silu(self.norm_2(h) * (1 + scale) + shift))
        h = h + self.skip(x)
        if self.attention is not None:
            h = self.attention(h, states, seen)
        return h


class ChannelNorm(nn.Module):
    """Layer normalisation of the channels of each place (Ba et al. 2016, arXiv:1607.06450)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, H, W) to the same shape."""
        last = F.layer_norm(x.permute(0, 2, 3, 1), self.weight.shape, self.weight, self.bias)
        return last.permute(0, 3, 1, 2)


class Attention(nn.Module):
    """Every place looks at all places and at all words, in one softmax, as in DeepFloyd IF."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = ChannelNorm(channels)
        self.places = nn.Linear(channels, 3 * channels)
        self.words = nn.Linear(TEXT_WIDTH, 2 * channels)
        self.out = silent(nn.Linear(channels, channels))

    def forward(self, x: Tensor, states: Tensor, seen: Tensor) -> Tensor:
        """Add to (B, C, H, W) what its places found; `seen` (B, L) masks what is no word."""
        B, C, H, W = x.shape
        query, key, value = self.places(self.norm(x).flatten(2).transpose(1, 2)).chunk(3, -1)
        word_key, word_value = self.words(states).to(key.dtype).chunk(2, -1)
        key, value = torch.cat([key, word_key], 1), torch.cat([value, word_value], 1)
        # by hand: PyTorch's own attention takes three times as long to train on a processor
        nearness = _heads(query) @ _heads(key).transpose(-1, -2) / HEAD**0.5
        hidden = F.pad(-1e4 * ~seen, (H * W, 0))[:, None, None].to(nearness.dtype)
        found = (nearness + hidden).softmax(-1).to(value.dtype) @ _heads(value)
        found = found.transpose(1, 2).reshape(B, H * W, C)
        added: Tensor = self.out(found)
        return x + added.transpose(1, 2).reshape(B, C, H, W)


def _heads(x: Tensor) -> Tensor:
    B, N, C = x.shape
    return x.reshape(B, N, C // HEAD, HEAD).transpose(1, 2)


def silent(layer: nn.Module) -> nn.Module:
    """Let a layer begin at zero: each block starts as the identity."""
    for parameter in layer.parameters():
        nn.init.zeros_(parameter)
    return layer
