"""The best linear denoiser: what can be done about noise by knowing a spectrum, and no more.

The network starts from it and learns only what it misses.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from models.miniature.schedule import alpha_bars


class WienerDenoiser(nn.Module):
    """What `wiener` has to know of the images: mean colour, colour axes, spectrum.

    Attributes:
        mean: colour, (C,), in the images' range.
        axes: (C, C) orthogonal, one axis a column.
        spectrum: (C, size, size) power of each axis by frequency, white unit noise having 1.
        transform: the cosine transform's matrix, (size, size).
    """

    mean: Tensor
    axes: Tensor
    spectrum: Tensor
    transform: Tensor

    def __init__(self, size: int = 64, channels: int = 3) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("axes", torch.eye(channels))
        self.register_buffer("spectrum", torch.ones(channels, size, size))
        self.register_buffer("transform", cosine_transform(size), persistent=False)

    @torch.no_grad()
    def fit(self, images: Tensor) -> None:
        """Measure colour and spectrum.

        Args:
            images: clean images, (N, C, size, size).
        """
        self.mean.copy_(images.mean((0, 2, 3)))
        centred = images - self.mean[:, None, None]
        colours = centred.permute(1, 0, 2, 3).flatten(1)
        self.axes.copy_(torch.linalg.eigh(colours @ colours.T / colours.shape[1])[1])
        power = self.analyse(centred).square().mean(0)
        rings = ring_number(images.shape[-1]).to(images.device)
        total = torch.zeros(len(power), int(rings.max()) + 1, device=images.device)
        total.index_add_(1, rings.flatten(), power.flatten(1))
        self.spectrum.copy_((total / rings.flatten().bincount())[:, rings])

    def forward(self, x_t: Tensor, alpha_bar_t: Tensor) -> Tensor:
        """Estimate the clean images; see `wiener`."""
        return wiener(x_t, alpha_bar_t, self)

    def residual_scale(self) -> Tensor:
        r"""Tell how much of v is left for a network to find, at each noise level.

        $$
        c_t^2 = \operatorname{mean}_{f, \text{axes}}
            \frac{S}{\bar\alpha_t S + 1 - \bar\alpha_t}
        $$

        Returns:
            c, (1000,) float32: the root mean square of v less the filter's v.
        """
        alpha_bar = alpha_bars().to(self.spectrum.device)[:, None]
        spectrum = self.spectrum.double().flatten()
        left = spectrum / (alpha_bar * spectrum + 1 - alpha_bar)
        return left.mean(1).sqrt().float()

    def analyse(self, x: Tensor) -> Tensor:
        """Amplitudes by colour axis and frequency, shape of `x`."""
        turned = torch.einsum("bchw,ca->bahw", x, self.axes)
        return self.transform @ turned @ self.transform.T

    def synthesise(self, y: Tensor) -> Tensor:
        """Undo `analyse`."""
        pixels = self.transform.T @ y @ self.transform
        return torch.einsum("bahw,ca->bchw", pixels, self.axes)


def wiener(x_t: Tensor, alpha_bar_t: Tensor, known: WienerDenoiser) -> Tensor:
    r"""Weigh every frequency by how far its signal stands above the noise.

    $$
    \hat x_0 = \mu + \sqrt{\bar\alpha_t}\, D^{-1}\!\left[
        \frac{S}{\bar\alpha_t S + 1 - \bar\alpha_t}\;
        D (x_t - \sqrt{\bar\alpha_t}\,\mu)\right]
    $$

    $S$ is the power that images have at each frequency, in units of the noise's, $\mu$ their mean
    colour, $D$ the cosine transform. Where the frequencies of images are uncorrelated, nothing
    linear has a smaller mean squared error. A frequency that stands far above the noise is kept,
    one far below it is given up.

    Source: Wiener 1949, "Extrapolation, Interpolation, and Smoothing of Stationary Time Series".
    As a skip with a scale for what is left it extends c_skip and c_out of Karras et al. 2022
    (arXiv:2206.00364), section 5, from a number to a filter.

    Args:
        x_t: noisy images, (B, C, size, size), float32.
        alpha_bar_t: share of signal power left, (B, 1, 1, 1), in [0, 1].
        known: mean colour, colour axes and spectrum of the images.

    Returns:
        The estimate, shape of `x_t`.
    """
    S, mu = known.spectrum, known.mean[:, None, None]
    seen = known.analyse(x_t - alpha_bar_t.sqrt() * mu)
    gain = S / (alpha_bar_t * S + 1 - alpha_bar_t)
    return mu + alpha_bar_t.sqrt() * known.synthesise(gain * seen)


def cosine_transform(size: int) -> Tensor:
    r"""The orthonormal DCT-II as a matrix.

    $$
    D_{kn} = \sqrt{\tfrac{2 - \delta_k}{N}}\; \cos\!\frac{\pi (2n + 1) k}{2N}
    $$

    Source: Ahmed, Natarajan & Rao 1974, "Discrete Cosine Transform".

    Args:
        size: N, samples.

    Returns:
        (N, N) float32, orthogonal; row k is a wave of k half periods.
    """
    n = torch.arange(size, dtype=torch.float64)
    waves = torch.cos(math.pi * (2 * n + 1) * n[:, None] / (2 * size)) * math.sqrt(2 / size)
    waves[0] /= math.sqrt(2)
    return waves.float()


def ring_number(size: int) -> Tensor:
    """Distance of each frequency from zero, rounded: (size, size) integers."""
    k = torch.arange(size, dtype=torch.float64)
    return torch.hypot(k, k[:, None]).round().long()
