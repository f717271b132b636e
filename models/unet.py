"""The course's UNet for 28×28 digits."""

from __future__ import annotations

from torch import Tensor, nn

from models.blocks import ConvBlock, DownBlock, Flatten, Unflatten, UpBlock, beside


class UnconditionalUNet(nn.Module):
    """A UNet that sees one noisy digit and nothing else.

    Down twice to 7×7, squeezed to a single pixel, and up again; at each size the way up sees what
    the way down saw. The last layer is a plain convolution, because a GELU there could never
    predict values below −0.17.

    Source: CS 180 "Fun with diffusion models", part B, figure 1.

    Args:
        in_channels: channels of the picture, 1 for MNIST.
        num_hiddens: D, the width of the first level.
    """

    def __init__(self, in_channels: int, num_hiddens: int) -> None:
        super().__init__()
        D = num_hiddens
        self.lift = ConvBlock(in_channels, D)
        self.down1 = DownBlock(D, D)
        self.down2 = DownBlock(D, 2 * D)
        self.flatten = Flatten()
        self.unflatten = Unflatten(2 * D)
        self.up1 = UpBlock(4 * D, D)
        self.up2 = UpBlock(2 * D, D)
        self.merge = ConvBlock(2 * D, D)
        self.out = nn.Conv2d(D, in_channels, kernel_size=3, stride=1, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Map noisy digits to clean ones.

        Args:
            x: (B, in_channels, 28, 28).

        Returns:
            Shape of `x`; may be negative, never clamped.

        Raises:
            ValueError: the pictures are not 28×28.
        """
        if x.shape[-2:] != (28, 28):
            raise ValueError(f"the UNet is built for 28×28 pictures, not {tuple(x.shape[-2:])}")
        at_28 = self.lift(x)
        at_14 = self.down1(at_28)
        at_7 = self.down2(at_14)
        unflattened = self.unflatten(self.flatten(at_7))
        up_to_14 = self.up1(beside(unflattened, at_7))
        up_to_28 = self.up2(beside(up_to_14, at_14))
        result: Tensor = self.out(self.merge(beside(up_to_28, at_28)))
        return result
