"""The building blocks of the course's MNIST UNet, under the course's own names.

Source: CS 180 "Fun with diffusion models", part B, figure 2. Shapes are (B, C, H, W).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Conv(nn.Sequential):
    """3×3 convolution that keeps the size: (B, in, H, W) → (B, out, H, W)."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(
            nn.Conv2d(in_channels, out_channels, kernel_size=3, stride=1, padding=1),
            nn.BatchNorm2d(out_channels),
            nn.GELU(),
        )


class DownConv(nn.Sequential):
    """Strided 3×3 convolution that halves the size: (B, in, H, W) → (B, out, H/2, W/2)."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(
            nn.Conv2d(in_channels, out_channels, kernel_size=3, stride=2, padding=1),
            nn.BatchNorm2d(out_channels),
            nn.GELU(),
        )


class UpConv(nn.Sequential):
    """Transposed 4×4 convolution that doubles the size: (B, in, H, W) → (B, out, 2H, 2W)."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(
            nn.ConvTranspose2d(in_channels, out_channels, kernel_size=4, stride=2, padding=1),
            nn.BatchNorm2d(out_channels),
            nn.GELU(),
        )


class Flatten(nn.Sequential):
    """Average of each 7×7 channel: (B, C, 7, 7) → (B, C, 1, 1)."""

    def __init__(self) -> None:
        super().__init__(nn.AvgPool2d(kernel_size=7), nn.GELU())


class Unflatten(nn.Sequential):
    """Learned way back from one value a channel: (B, C, 1, 1) → (B, C, 7, 7)."""

    def __init__(self, channels: int) -> None:
        super().__init__(
            nn.ConvTranspose2d(channels, channels, kernel_size=7, stride=7),
            nn.BatchNorm2d(channels),
            nn.GELU(),
        )


class ConvBlock(nn.Sequential):
    """Two `Conv`s: (B, in, H, W) → (B, out, H, W)."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(Conv(in_channels, out_channels), Conv(out_channels, out_channels))


class DownBlock(nn.Sequential):
    """`DownConv`, then `ConvBlock`: (B, in, H, W) → (B, out, H/2, W/2)."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(DownConv(in_channels, out_channels), ConvBlock(out_channels, out_channels))


class UpBlock(nn.Sequential):
    """`UpConv`, then `ConvBlock`: (B, in, H, W) → (B, out, 2H, 2W)."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(UpConv(in_channels, out_channels), ConvBlock(out_channels, out_channels))


class FCBlock(nn.Sequential):
    """Two linear layers with a GELU between: (B, in) → (B, out)."""

    def __init__(self, in_features: int, out_features: int) -> None:
        super().__init__(
            nn.Linear(in_features, out_features),
            nn.GELU(),
            nn.Linear(out_features, out_features),
        )


def concat_skip(one: Tensor, other: Tensor) -> Tensor:
    """Join two feature maps along the channels: the UNet's skip connection."""
    return torch.cat([one, other], dim=1)
