"""Hybrid images: one thing close up, another from afar."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from lessons.diffusion.denoise import PredictNoise, joined, split


def lowpass(x: Tensor, sigma: float, kernel: int) -> Tensor:
    r"""Keep the low frequencies, which are all that is seen from afar: blur with a Gaussian.

    $$
    f_\text{low}(x) = G_\sigma * x,
    \qquad G_\sigma(u, v) \propto \exp\!\left(-\frac{u^2 + v^2}{2\sigma^2}\right)
    $$

    $$
    f_\text{high}(x) = x - f_\text{low}(x)
    $$

    At the edge the image is continued by its own reflection.

    Source: Oliva, Torralba and Schyns 2006, "Hybrid images", section 2.

    Args:
        x: (B, C, H, W); the coarse part has its shape.
        sigma: width of the Gaussian in pixels, > 0.
        kernel: pixels that it is cut off at, odd, less than twice the height.
    """
    u = torch.linspace(-(kernel - 1) / 2, (kernel - 1) / 2, kernel, dtype=x.dtype, device=x.device)
    bell = torch.exp(-0.5 * (u / sigma) ** 2)
    bell = bell / bell.sum()
    weights = (bell[:, None] * bell).expand(x.shape[1], 1, kernel, kernel)
    padded = F.pad(x, [kernel // 2] * 4, mode="reflect")
    return F.conv2d(padded, weights, groups=x.shape[1])


def blend(eps_low: Tensor, eps_high: Tensor, sigma: float, kernel: int) -> Tensor:
    r"""Low frequencies of one noise prediction, high frequencies of the other.

    $$
    \hat\epsilon = f_\text{low}(\epsilon_\text{low}) + f_\text{high}(\epsilon_\text{high})
    $$

    $\epsilon_\text{low}$ is predicted for the low-frequency prompt (seen from afar),
    $\epsilon_\text{high}$ for the high-frequency prompt (seen close up).

    Source: Geng et al. 2024, "Factorized diffusion" (arXiv:2404.11615), eq. 5.

    Args:
        eps_low: noise predicted for what is seen from afar, (B, C, H, W).
        eps_high: noise predicted for what is seen close up, shape of `eps_low`.
        sigma: width of the Gaussian in pixels.
        kernel: pixels that it is cut off at, odd.
    """
    fine = eps_high - lowpass(eps_high, sigma, kernel)
    return lowpass(eps_low, sigma, kernel) + fine


def hybrid(low: PredictNoise, high: PredictNoise, sigma: float, kernel: int) -> PredictNoise:
    """A predictor for an image that is one thing from afar and another close up.

    The variance is no image: it is not filtered, the two are averaged.

    Args:
        low: for the low-frequency prompt, seen from afar; guidance included.
        high: for the high-frequency prompt, seen close up.
        sigma: width of the Gaussian in pixels.
        kernel: pixels that it is cut off at, odd.
    """

    def predict_noise(x_t: Tensor, t: int) -> Tensor:
        eps_low, v_low = split(low(x_t, t), x_t)
        eps_high, v_high = split(high(x_t, t), x_t)
        eps = blend(eps_low, eps_high, sigma, kernel)
        if v_low is None or v_high is None:
            return eps
        return joined(eps, (v_low + v_high) / 2)

    return predict_noise
