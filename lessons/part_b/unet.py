"""B1.1 · The UNet: a noisy digit followed through the real network."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

from lessons.diffusion.noise import stream
from lessons.images.captioned import CaptionedImage, Symbol, to_pixels
from lessons.part_b.architecture import SIGMA, WIDTHS, steps, untrained
from lessons.part_b.out_of_distribution import SIGMAS
from lessons.part_b.train_denoiser import add_unscaled_noise
from lessons.training import runs
from lessons.training.networks import load_network
from lessons.training.previews import test_digits
from models.unet import UnconditionalUNet

BLOCKS: Final = tuple(name for name, _ in UnconditionalUNet(1, 1).named_children())
_CHANNELS_SHOWN: Final = 16


@dataclass(frozen=True)
class Maps:
    """What comes out of one block for one digit.

    Attributes:
        images: the first channels, 16 at most.
        channels: how many there are in all.
        low: the value shown as black, the same in all images of the block.
        high: the value shown as white.
    """

    images: tuple[CaptionedImage, ...]
    channels: int
    low: float
    high: float


@dataclass(frozen=True)
class ForwardPass:
    """One noisy digit followed through the network.

    Attributes:
        given: what goes in.
        answer: what comes out.
        lowest: smallest value of the answer.
        maps: what comes out of each block, by its name.
    """

    given: CaptionedImage
    answer: CaptionedImage
    lowest: float
    maps: dict[str, Maps]


@dataclass(frozen=True)
class Floor:
    """What a GELU as the last layer would make impossible.

    Attributes:
        x: where the curve is drawn.
        y: GELU there.
        lowest: the smallest value that a GELU gives.
        lowest_at: where it does.
        share: share of unit Gaussian noise below that, in [0, 1].
        noise: an image of such noise; black is −2, white is 2.
        nearest: the nearest that a GELU could come to it, in the same greys.
    """

    x: tuple[float, ...]
    y: tuple[float, ...]
    lowest: float
    lowest_at: float
    share: float
    noise: CaptionedImage
    nearest: CaptionedImage


def trained_runs() -> dict[int, runs.RunView]:
    """One finished denoiser for each width that has any, those that came with the project first."""
    found: dict[int, runs.RunView] = {}
    for run in runs.all_runs("denoiser"):
        if run.settings is not None and runs.weights_file(run.id):
            found.setdefault(run.settings.num_hiddens, run)
    return {width: run for width, run in found.items() if width in WIDTHS}


def usual_width(trained: Mapping[int, runs.RunView]) -> int:
    """The width to begin with: that of a run that came with the project, else the course's."""
    return next((width for width, run in trained.items() if run.shipped), 128)


def trace(num_hiddens: int, run_id: str | None, digit: int, seed: int) -> ForwardPass:
    """Send one noisy test digit (σ = 0.5) through the network and look in at every block.

    Args:
        num_hiddens: D, one of `WIDTHS`.
        run_id: a finished denoiser of that width, or None for a network that learnt nothing.
        digit: 0 to 9.
        seed: of the noise.

    Raises:
        ValueError: no such width, digit or run.
    """
    network = load_network(run_id) if run_id else untrained(num_hiddens)
    x, eps = _digit_and_noise(digit, seed)
    z = add_unscaled_noise(x, eps, SIGMA)
    seen = steps(network, z)
    answer = seen[-1][2]
    return ForwardPass(
        given=_image(z, "x_t", f"z, σ = {SIGMA:g}", f"a noisy {digit}"),
        answer=_image(answer, "x_0_hat", "the output", f"the network's answer to a noisy {digit}"),
        lowest=float(answer.min()),
        maps={name: _maps(name, output[0]) for name, _, output in seen},
    )


def noising(digit: int, seed: int) -> tuple[CaptionedImage, ...]:
    """Show one digit under the same noise at growing strength.

    Args:
        digit: 0 to 9.
        seed: of the noise.

    Raises:
        ValueError: no such digit.
    """
    x, eps = _digit_and_noise(digit, seed)
    return tuple(
        _image(
            add_unscaled_noise(x, eps, sigma),
            "x_t" if sigma else "x_0",
            f"σ = {sigma:g}",
            f"a {digit} under noise of strength {sigma:g}" if sigma else f"a clean {digit}",
        )
        for sigma in SIGMAS
    )


def gelu_floor(seed: int) -> Floor:
    """Find the smallest value of a GELU, and what of the noise lies below it.

    Args:
        seed: of the noise in the images.
    """
    x = torch.linspace(-4, 4, 801, dtype=torch.float64)
    y = F.gelu(x)
    lowest = float(y.min())
    eps = torch.randn(1, 1, 28, 28, generator=stream(seed, "unet"))
    return Floor(
        x=tuple(x.tolist()),
        y=tuple(y.tolist()),
        lowest=lowest,
        lowest_at=float(x[y.argmin()]),
        share=NormalDist().cdf(lowest),
        noise=_noise(eps, "the noise ε"),
        nearest=_noise(eps.clamp(min=lowest), "the nearest a GELU can come"),
    )


def _digit_and_noise(digit: int, seed: int) -> tuple[Tensor, Tensor]:
    if not 0 <= digit <= 9:
        raise ValueError(f"A digit is 0 to 9, not {digit}.")
    x = test_digits(10)[digit : digit + 1]
    return x, torch.randn(x.shape, generator=stream(seed, "unet"))


def _maps(name: str, output: Tensor) -> Maps:
    shown = output[:_CHANNELS_SHOWN]
    if name == "out":
        low, high = 0.0, 1.0  # a digit, not a feature
    else:
        # A few very bright pixels must not turn all others black.
        low, high = float(shown.min()), float(torch.quantile(shown.flatten(), 0.995))
    high = max(high, math.nextafter(low, math.inf))
    images = tuple(
        CaptionedImage(
            to_pixels(channel, low, high), alt=f"channel {place} of {len(output)} after {name}"
        )
        for place, channel in enumerate(shown, start=1)
    )
    return Maps(images, len(output), low, high)


def _image(image: Tensor, symbol: Symbol, caption: str, alt: str) -> CaptionedImage:
    return CaptionedImage(to_pixels(image[0]), caption, alt, symbol)


def _noise(eps: Tensor, caption: str) -> CaptionedImage:
    return CaptionedImage(to_pixels(eps[0], low=-2, high=2), caption, caption, "eps")
