"""The course's UNets for 28×28 digits: unconditional, given the time, given time and class."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from torch import Tensor, nn

from models.blocks import ConvBlock, DownBlock, FCBlock, Flatten, Unflatten, UpBlock, concat_skip

Condition = Callable[[Tensor], Tensor]


class UnconditionalUNet(nn.Module):
    """A UNet that sees one noisy digit and nothing else.

    Down twice to 7×7, squeezed to a single pixel, and up again; at each size the way up sees what
    the way down saw. The last layer is a plain convolution, because a GELU there could never
    predict values below −0.17.

    Source: CS 180 "Fun with diffusion models", part B, figure 1.

    Args:
        in_channels: channels of the image, 1 for MNIST.
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
            ValueError: the images are not 28×28.
        """
        return self.pass_through(x, at_7=_unchanged, at_14=_unchanged)

    def pass_through(self, x: Tensor, at_7: Condition, at_14: Condition) -> Tensor:
        """Go down and up, and let a condition act on the way up.

        Args:
            x: (B, in_channels, 28, 28).
            at_7: acts on what comes out of `unflatten`, (B, 2D, 7, 7).
            at_14: acts on what comes out of `up1`, (B, D, 14, 14).

        Returns:
            Shape of `x`.

        Raises:
            ValueError: the images are not 28×28.
        """
        if x.shape[-2:] != (28, 28):
            raise ValueError(f"the UNet is built for 28×28 images, not {tuple(x.shape[-2:])}")
        down_28 = self.lift(x)
        down_14 = self.down1(down_28)
        down_7 = self.down2(down_14)
        up_7 = at_7(self.unflatten(self.flatten(down_7)))
        up_14 = at_14(self.up1(concat_skip(up_7, down_7)))
        up_28 = self.up2(concat_skip(up_14, down_14))
        result: Tensor = self.out(self.merge(concat_skip(up_28, down_28)))
        return result


class TimeConditionalUNet(UnconditionalUNet):
    """A UNet that is also told how noisy its image is.

    Source: CS 180 "Fun with diffusion models", part B, figure 8.

    Args:
        in_channels: channels of the image, 1 for MNIST.
        num_classes: unused; it stands here so that all conditional UNets are built alike.
        num_hiddens: D, the width of the first level.
        time: "add" for DDPM (unflatten + t1), "multiply" for flow matching (unflatten · t1).
    """

    def __init__(
        self,
        in_channels: int,
        num_classes: int,  # noqa: ARG002
        num_hiddens: int,
        time: Literal["add", "multiply"] = "add",
    ) -> None:
        super().__init__(in_channels, num_hiddens)
        self.time = time
        self.t1 = FCBlock(1, 2 * num_hiddens)
        self.t2 = FCBlock(1, num_hiddens)

    def forward(self, x: Tensor, t: Tensor) -> Tensor:  # type: ignore[override]
        """Predict for images `x` at times `t`.

        Args:
            x: (B, in_channels, 28, 28).
            t: time of each image as a share of the whole, (B,), in [0, 1].

        Returns:
            Shape of `x`; may be negative, never clamped.

        Raises:
            ValueError: the images are not 28×28, or `t` is not one number an image.
        """
        t1, t2 = _maps(self.t1(_column(t, x))), _maps(self.t2(_column(t, x)))
        if self.time == "multiply":
            return self.pass_through(x, at_7=lambda u: u * t1, at_14=lambda u: u * t2)
        return self.pass_through(x, at_7=lambda u: u + t1, at_14=lambda u: u + t2)


class ClassConditionalUNet(UnconditionalUNet):
    """A UNet that is told how noisy its image is, and which digit to see in it.

    Source: CS 180 "Fun with diffusion models", part B, section 2.4.

    Args:
        in_channels: channels of the image, 1 for MNIST.
        num_classes: how many classes there are, 10 for MNIST.
        num_hiddens: D, the width of the first level.
    """

    def __init__(self, in_channels: int, num_classes: int, num_hiddens: int) -> None:
        super().__init__(in_channels, num_hiddens)
        self.num_classes = num_classes
        self.t1 = FCBlock(1, 2 * num_hiddens)
        self.t2 = FCBlock(1, num_hiddens)
        self.c1 = FCBlock(num_classes, 2 * num_hiddens)
        self.c2 = FCBlock(num_classes, num_hiddens)

    def forward(  # type: ignore[override]
        self, x: Tensor, c: Tensor, t: Tensor, mask: Tensor | None = None
    ) -> Tensor:
        """Predict for images `x` of classes `c` at times `t`.

        Args:
            x: (B, in_channels, 28, 28).
            c: class of each image, (B,), int64, 0 to num_classes − 1.
            t: time of each image as a share of the whole, (B,), in [0, 1].
            mask: 1 keeps an image's label, 0 drops it, (B,); all are kept if None.

        Returns:
            Shape of `x`; may be negative, never clamped.

        Raises:
            ValueError: the images are not 28×28, or `c`, `t` or `mask` is not one number a
                image.
        """
        label = nn.functional.one_hot(_per_image(c, x, "c"), self.num_classes).to(x.dtype)
        if mask is not None:
            label = label * _per_image(mask, x, "mask")[:, None].to(x.dtype)
        t1, t2 = _maps(self.t1(_column(t, x))), _maps(self.t2(_column(t, x)))
        c1, c2 = _maps(self.c1(label)), _maps(self.c2(label))
        return self.pass_through(x, at_7=lambda u: c1 * u + t1, at_14=lambda u: c2 * u + t2)


def _unchanged(u: Tensor) -> Tensor:
    return u


def _per_image(values: Tensor, x: Tensor, name: str) -> Tensor:
    """Refuse anything but one number an image: (B, 1) would broadcast to (B, B) unseen."""
    if values.shape != x.shape[:1]:
        raise ValueError(f"{name} is {tuple(values.shape)}, not one number for each of {len(x)}")
    return values


def _column(t: Tensor, x: Tensor) -> Tensor:
    return _per_image(t, x, "t")[:, None].to(x.dtype)


def _maps(vector: Tensor) -> Tensor:
    """(B, C) → (B, C, 1, 1), so that each number acts on a whole feature map."""
    return vector[:, :, None, None]
