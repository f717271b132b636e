"""How far an image is from the truth, in numbers."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def mean_squared_error(image: Tensor, truth: Tensor) -> Tensor:
    r"""Average the squared differences of each image's pixels.

    $$
    \mathrm{MSE} = \frac{1}{N} \sum_i (\hat x_i - x_i)^2
    $$

    Args:
        image: estimates (B, C, H, W).
        truth: clean images, shape of `image`.

    Returns:
        One value an image, (B,).

    Raises:
        ValueError: the shapes differ (broadcasting would hide a mistake).
    """
    if image.shape != truth.shape:
        raise ValueError(f"image is {tuple(image.shape)} but truth is {tuple(truth.shape)}")
    return (image - truth).square().flatten(1).mean(dim=1)


def psnr(image: Tensor, truth: Tensor, value_range: float = 1.0) -> Tensor:
    r"""Peak signal-to-noise ratio: the mean squared error on a logarithmic scale.

    $$
    \mathrm{PSNR} = 10 \log_{10} \frac{R^2}{\mathrm{MSE}},
    \qquad \mathrm{MSE} = \frac{1}{N} \sum_i (\hat x_i - x_i)^2
    $$

    $R$ is white minus black. 10 dB more are a tenth of the squared error, 3 dB more half of it.

    Args:
        image: estimates (B, C, H, W); not clamped to the displayable range.
        truth: clean images, shape of `image`.
        value_range: R, white minus black: 1 for MNIST, 2 for images in [-1, 1].

    Returns:
        Decibels, one value an image, (B,); infinite where the two are equal.

    Raises:
        ValueError: the shapes differ.
    """
    return 10 * torch.log10(value_range**2 / mean_squared_error(image, truth))


def ssim(image: Tensor, truth: Tensor, value_range: float = 1.0) -> Tensor:
    r"""Structural similarity: compare brightness, contrast and structure around every pixel.

    $$
    \mathrm{SSIM} = \frac{(2\mu_{\hat x}\mu_x + c_1)(2\sigma_{\hat x x} + c_2)}
        {(\mu_{\hat x}^2 + \mu_x^2 + c_1)(\sigma_{\hat x}^2 + \sigma_x^2 + c_2)}
    $$

    Means, variances and the covariance are those inside a Gaussian window of σ = 1.5 pixels;
    $c_1 = (0.01 R)^2$ and $c_2 = (0.03 R)^2$ avoid a division by 0 in flat regions. The mean over
    all windows is reported; two equal images have SSIM 1.

    Source: Wang et al. 2004, "Image quality assessment", eq. 13.

    Args:
        image: estimates (B, C, H, W), at least 11 pixels high and wide.
        truth: clean images, shape of `image`.
        value_range: R, white minus black.

    Returns:
        One value an image, (B,), at most 1; 1 where the two are equal.

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


def sharpness(image: Tensor, value_range: float = 1.0) -> Tensor:
    r"""Measure how strong the edges of an image are, and let noise count as little as possible.

    $$
    S = \frac{1}{R^2} \, \overline{\frac{(\lambda_1 - \lambda_2)^2}{\lambda_1 + \lambda_2}}
    $$

    $\lambda_1 \ge \lambda_2$ are, at every pixel, the eigenvalues of the structure tensor
    $G_2 * (\nabla x \, \nabla x^\top)$ of the slightly smoothed image ($\sigma = 1$), summed over
    the colours. Along an edge all gradients around a pixel point the same way, so $\lambda_2$ is
    small and the squared gradient counts in full. In noise they point in all directions, the two
    eigenvalues are alike, and hardly anything counts. A blur lowers $S$ as it lowers gradients.

    Source: after the coherency of Jähne 2005, "Digital Image Processing", section 13.3.

    Args:
        image: (B, C, H, W), at least 8 pixels high and wide.
        value_range: R, white minus black.

    Returns:
        One value an image, (B,), at least 0; compare it with that of the clean image.
    """
    smooth = _window_mean(image / value_range, 3, 1.0)
    across, down = smooth.diff(dim=-1)[..., :-1, :], smooth.diff(dim=-2)[..., :-1]
    radius = min(6, (min(across.shape[-2:]) - 1) // 2)
    xx, yy, xy = (
        _window_mean(product.sum(1, keepdim=True), radius, 2.0)
        for product in (across * across, down * down, across * down)
    )
    parted = (xx - yy).square() + 4 * xy.square()
    return (parted / (xx + yy).clamp_min(1e-12)).flatten(1).mean(dim=1)


def _window_mean(image: Tensor, radius: int = 5, sigma: float = 1.5) -> Tensor:
    """The mean in a Gaussian window around each pixel that is not at the edge, in float64."""
    x = torch.arange(-radius, radius + 1, dtype=torch.float64)
    bell = torch.exp(-(x**2) / (2 * sigma**2))
    window = torch.outer(bell, bell) / bell.sum() ** 2
    channels = image.shape[1]
    kernel = window.expand(channels, 1, -1, -1)
    return nn.functional.conv2d(image.double(), kernel, groups=channels)
