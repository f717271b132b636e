"""B1.2.3 · Ask the denoiser for a digit out of nothing."""

from __future__ import annotations

import functools
import math
from typing import Final

import torch
from pydantic import Field
from torch import Tensor, nn

from lessons.measure.quality import mean_squared_error
from lessons.part_b.train_denoiser import build, denoising_loss
from lessons.training.previews import ROW, TEST_DIGITS, images, noise_like, test_digits
from lessons.training.recipe import DigitBatch, Preview, RunRecipe, Settings
from models import mnist


class PureNoiseSettings(Settings):
    """Settings of a denoiser that sees only noise; the defaults are the course's."""

    num_hiddens: int = Field(128, ge=8, le=128, multiple_of=8, title="Width D")
    batch_size: int = Field(256, ge=16, le=512, title="Batch size")
    learning_rate: float = Field(1e-4, ge=1e-6, le=0.1, title="Learning rate")


def best_constant_estimate(x: Tensor) -> Tensor:
    r"""Find the constant output with the smallest expected error.

    $$
    \arg\min_{c} \; \mathbb{E}_x \lVert c - x \rVert^2 = \mathbb{E}[x]
    $$

    Pure noise carries no information about the digit. The output that minimises the expected
    squared error is then the same for every input: the mean of all digits.

    Source: CS 180 "Fun with diffusion models", part B, section 1.2.3; set the gradient to zero.

    Args:
        x: clean digits (B, 1, 28, 28).

    Returns:
        Their mean (1, 1, 28, 28).
    """
    return x.mean(dim=0, keepdim=True)


def error_floor(x: Tensor) -> Tensor:
    r"""Compute the loss of the best blind estimate: no network that sees only noise gets below it.

    $$
    L_{\min} = \mathbb{E}_x \lVert \mathbb{E}[x] - x \rVert^2 = \operatorname{Var}[x]
    $$

    Args:
        x: clean digits (B, 1, 28, 28).

    Returns:
        The variance averaged over the pixels, a scalar; about 0.067 for MNIST.
    """
    return (best_constant_estimate(x) - x).square().mean()


def distance_from_loss(loss: float, floor: float) -> float:
    r"""Derive from the loss how far the outputs still are from the mean.

    $$
    \mathbb{E} \lVert D_\theta(\epsilon) - x \rVert^2
      = \mathbb{E} \lVert D_\theta(\epsilon) - \mathbb{E}[x] \rVert^2 + \operatorname{Var}[x]
    $$

    The noise knows nothing of the digit, so the mixed term is zero. All that training can still do
    is to shrink the first part.

    Args:
        loss: mean squared error of the network's outputs.
        floor: the variance of the digits.

    Returns:
        The root mean square distance to the mean; 0 where a lucky batch is below the floor.
    """
    return math.sqrt(max(loss - floor, 0.0))


def loss(network: nn.Module, batch: DigitBatch, _: PureNoiseSettings) -> Tensor:
    """One training step's loss: the input is noise alone, the target a clean digit."""
    return denoising_loss(network(batch.noise()), batch.images)


def preview(network: nn.Module, settings: PureNoiseSettings) -> Preview:
    """Ten noises, what the network makes of them, and the mean of all training digits."""
    device = next(network.parameters()).device
    x = test_digits(TEST_DIGITS)
    eps = noise_like(x, settings.seed)
    x_hat = torch.cat([network(part.to(device)).float().cpu() for part in torch.split(eps, 250)])
    mean = mean_digit()
    first = slice(ROW)
    return Preview(
        rows=(images(eps[first]), images(x_hat[first]), images(mean.expand(10, -1, -1, -1))),
        numbers={
            "test_loss": float(denoising_loss(x_hat, x)),
            "distance_to_mean": float(
                mean_squared_error(x_hat, mean.expand_as(x_hat)).sqrt().mean()
            ),
            "spread": float(x_hat.std(dim=0).mean()),
        },
    )


@functools.cache
def mean_digit() -> Tensor:
    """The mean of the 60,000 training digits, (1, 1, 28, 28)."""
    return best_constant_estimate(mnist.unit_range(mnist.load("train").images))


def mnist_error_floor() -> float:
    """`error_floor` of the 60,000 training digits."""
    return float(error_floor(mnist.unit_range(mnist.load("train").images)))


PRESETS: Final = {
    "Course": PureNoiseSettings(),
    "Laptop": PureNoiseSettings(
        num_hiddens=32, batch_size=128, images_per_epoch=10_000, learning_rate=1e-3
    ),
    "Demo": PureNoiseSettings(
        num_hiddens=16, batch_size=64, epochs=3, images_per_epoch=4_000, learning_rate=2e-3
    ),
}

RECIPE: Final = RunRecipe(
    name="pure-noise",
    settings=PureNoiseSettings,
    build=build,
    loss=loss,
    preview=preview,
    presets=PRESETS,
)
