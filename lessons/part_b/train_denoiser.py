"""B1.2 · One network, one noise level: learn to undo σ = 0.5."""

from __future__ import annotations

from typing import Final

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from lessons.images.captioned import CaptionedImage
from lessons.measure.quality import psnr
from lessons.own_data.parts import shown
from lessons.training.previews import ROW, TEST_DIGITS, images, noise_like
from lessons.training.recipe import DataSettings, DigitBatch, Preview, RunRecipe, Settings
from models.mnist import unit_range
from models.unet import UnconditionalUNet


class DenoiserSettings(DataSettings):
    """Settings of a denoiser; the defaults are the course's."""

    num_hiddens: int = Field(128, ge=8, le=128, multiple_of=8, title="Width D")
    batch_size: int = Field(256, ge=16, le=512, title="Batch size")
    learning_rate: float = Field(1e-4, ge=1e-6, le=0.1, title="Learning rate")
    sigma: float = Field(0.5, ge=0.05, le=2.0, title="Noise σ")


def add_unscaled_noise(x: Tensor, eps: Tensor, sigma: float) -> Tensor:
    r"""Add Gaussian noise of standard deviation $\sigma$ to a clean digit.

    $$
    z = x + \sigma \epsilon, \qquad \epsilon \sim \mathcal{N}(0, \mathbf{I})
    $$

    Nothing is scaled down here, unlike in the forward process of Part A: at $\sigma = 1$ the digit
    is still in there, under noise whose standard deviation is the difference of black and white.

    Source: CS 180 "Fun with diffusion models", part B, eq. B.2.

    Args:
        x: clean digits (B, 1, 28, 28) in [0, 1].
        eps: unit Gaussian noise, shape of `x`.
        sigma: noise strength, ≥ 0.

    Returns:
        Noisy digits, shape of `x`; not clamped.

    Raises:
        ValueError: `eps` has another shape than `x`.
    """
    if eps.shape != x.shape:
        raise ValueError(f"eps is {tuple(eps.shape)} but x is {tuple(x.shape)}")
    return x + sigma * eps


def denoising_loss(x_hat: Tensor, x: Tensor) -> Tensor:
    r"""Ask the network for the clean digit itself.

    $$
    L = \mathbb{E}_{z, x} \, \lVert D_\theta(z) - x \rVert^2
    $$

    $D_\theta$ is the denoiser, $z$ the noisy digit. The norm is averaged over the pixels, so that a
    loss of 0.01 means: the root mean square error of a pixel is 0.1.

    Source: CS 180 "Fun with diffusion models", part B, eq. B.1.

    Args:
        x_hat: the network's answer $D_\theta(z)$, (B, 1, 28, 28).
        x: clean digits, shape of `x_hat`.

    Returns:
        The mean squared error, a scalar.

    Raises:
        ValueError: the shapes differ.
    """
    if x_hat.shape != x.shape:
        raise ValueError(f"x_hat is {tuple(x_hat.shape)} but x is {tuple(x.shape)}")
    return (x_hat.float() - x).square().mean()


def build(settings: Settings) -> nn.Module:
    """A fresh `UnconditionalUNet` of the chosen width."""
    return UnconditionalUNet(in_channels=1, num_hiddens=settings.num_hiddens)


def loss(network: nn.Module, batch: DigitBatch, settings: DenoiserSettings) -> Tensor:
    """One training step's loss: noise drawn anew, a clean digit as the target."""
    z = add_unscaled_noise(batch.images, batch.noise(), settings.sigma)
    return denoising_loss(network(z), batch.images)


def preview(network: nn.Module, settings: DenoiserSettings) -> Preview:
    """Ten test digits, noisy and denoised, and the error over the first 1,000 test digits."""
    device = next(network.parameters()).device
    x = unit_range(shown(settings.data, TEST_DIGITS).images)
    z = add_unscaled_noise(x, noise_like(x, settings.seed), settings.sigma)
    x_hat = torch.cat([network(part.to(device)).float().cpu() for part in torch.split(z, 250)])
    first = slice(ROW)
    return Preview(
        rows=(images(x[first]), images(z[first]), images(x_hat[first])),
        numbers={
            "test_loss": float(F.mse_loss(x_hat, x)),
            "psnr_noisy": float(psnr(z, x).mean()),
            "psnr": float(psnr(x_hat, x).mean()),
        },
    )


def early_preview(network: nn.Module, settings: DenoiserSettings) -> tuple[CaptionedImage, ...]:
    """The ten test digits of the preview, denoised."""
    x = unit_range(shown(settings.data, ROW).images)
    z = add_unscaled_noise(x, noise_like(x, settings.seed), settings.sigma)
    return images(network(z.to(next(network.parameters()).device)).float().cpu())


PRESETS: Final = {
    "Course": DenoiserSettings(),
    "Laptop": DenoiserSettings(
        num_hiddens=32, batch_size=128, images_per_epoch=10_000, learning_rate=1e-3
    ),
    "Demo": DenoiserSettings(
        num_hiddens=16, batch_size=64, epochs=3, images_per_epoch=4_000, learning_rate=2e-3
    ),
}

RECIPE: Final = RunRecipe(
    name="denoiser",
    settings=DenoiserSettings,
    build=build,
    loss=loss,
    preview=preview,
    presets=PRESETS,
    early_preview=early_preview,
)
