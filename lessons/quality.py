"""How far a picture is from the truth, in numbers."""

from __future__ import annotations

import torch
from torch import Tensor


def mean_squared_error(image: Tensor, truth: Tensor) -> Tensor:
    r"""Average the squared differences of each picture's pixels.

    $$
    \mathrm{MSE} = \frac{1}{N} \sum_i (\hat x_i - x_i)^2
    $$

    Args:
        image: estimates (B, C, H, W).
        truth: clean pictures, shape of `image`.

    Returns:
        One value a picture, (B,).

    Raises:
        ValueError: the shapes differ (broadcasting would hide a mistake).
    """
    if image.shape != truth.shape:
        raise ValueError(f"image is {tuple(image.shape)} but truth is {tuple(truth.shape)}")
    return (image - truth).square().flatten(1).mean(dim=1)


def psnr(image: Tensor, truth: Tensor, value_range: float = 1.0) -> Tensor:
    r"""Measure the peak signal-to-noise ratio: every 10 dB is a tenth of the squared error.

    $$
    \mathrm{PSNR} = 10 \log_{10} \frac{R^2}{\mathrm{MSE}}
    $$

    Args:
        image: estimates (B, C, H, W); clamped to the displayable range first by nobody.
        truth: clean pictures, shape of `image`.
        value_range: R, white minus black: 1 for MNIST, 2 for pictures in [-1, 1].

    Returns:
        Decibels, one value a picture, (B,); infinite where the two are equal.

    Raises:
        ValueError: the shapes differ.
    """
    return 10 * torch.log10(value_range**2 / mean_squared_error(image, truth))
