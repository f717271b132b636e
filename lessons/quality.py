"""How far a picture is from the truth, in numbers."""

from __future__ import annotations

import torch
from torch import Tensor, nn


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


def ssim(image: Tensor, truth: Tensor, value_range: float = 1.0) -> Tensor:
    r"""Compare brightness, contrast and structure around every pixel, and average.

    $$
    \mathrm{SSIM} = \frac{(2\mu_{\hat x}\mu_x + c_1)(2\sigma_{\hat x x} + c_2)}
        {(\mu_{\hat x}^2 + \mu_x^2 + c_1)(\sigma_{\hat x}^2 + \sigma_x^2 + c_2)}
    $$

    Means and variances are those of a Gaussian window with σ = 1.5 pixels; $c_1 = (0.01 R)^2$ and
    $c_2 = (0.03 R)^2$ keep flat places from dividing by nothing.

    Source: Wang et al. 2004, "Image quality assessment", eq. 13.

    Args:
        image: estimates (B, C, H, W), at least 11 pixels high and wide.
        truth: clean pictures, shape of `image`.
        value_range: R, white minus black.

    Returns:
        One value a picture, (B,), at most 1; 1 where the two are equal.

    Raises:
        ValueError: the shapes differ.
    """
    if image.shape != truth.shape:
        raise ValueError(f"image is {tuple(image.shape)} but truth is {tuple(truth.shape)}")
    c_1, c_2 = (0.01 * value_range) ** 2, (0.03 * value_range) ** 2
    mu_a, mu_b = _window_mean(image), _window_mean(truth)
    var_a, var_b = _window_mean(image**2) - mu_a**2, _window_mean(truth**2) - mu_b**2
    covariance = _window_mean(image * truth) - mu_a * mu_b
    likeness = (2 * mu_a * mu_b + c_1) * (2 * covariance + c_2)
    size = (mu_a**2 + mu_b**2 + c_1) * (var_a + var_b + c_2)
    return (likeness / size).flatten(1).mean(dim=1)


def edge_energy(image: Tensor, value_range: float = 1.0) -> Tensor:
    r"""Say how much a picture has of edges: the mean squared difference of neighbouring pixels.

    $$
    E = \frac{1}{R^2} \left( \overline{(\partial_x x)^2} + \overline{(\partial_y x)^2} \right)
    $$

    A blurred picture has few edges, a noisy one has far too many.

    Args:
        image: (B, C, H, W).
        value_range: R, white minus black.

    Returns:
        One value a picture, (B,).
    """
    across = image.diff(dim=-1).square().flatten(1).mean(1)
    down = image.diff(dim=-2).square().flatten(1).mean(1)
    return (across + down) / value_range**2


def _window_mean(image: Tensor, radius: int = 5, sigma: float = 1.5) -> Tensor:
    """The mean in a Gaussian window around each pixel that is not at the edge, in float64."""
    x = torch.arange(-radius, radius + 1, dtype=torch.float64)
    bell = torch.exp(-(x**2) / (2 * sigma**2))
    window = torch.outer(bell, bell) / bell.sum() ** 2
    channels = image.shape[1]
    kernel = window.expand(channels, 1, -1, -1)
    return nn.functional.conv2d(image.double(), kernel, groups=channels)
