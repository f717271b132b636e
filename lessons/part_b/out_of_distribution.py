"""B1.2.2 · The denoiser learnt one noise level. What does it do with another?"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn

from lessons.diffusion.noise import stream
from lessons.images.captioned import CaptionedImage, Progress, to_pixels
from lessons.measure.quality import mean_squared_error, psnr
from lessons.part_b.train_denoiser import add_unscaled_noise
from lessons.training.networks import load_network
from models import mnist

SIGMAS: Final = (0.0, 0.2, 0.4, 0.5, 0.6, 0.8, 1.0)


@dataclass(frozen=True)
class DenoisedDigit:
    """One digit at one noise level.

    Attributes:
        sigma: noise strength.
        noisy: what the network was given.
        denoised: what it answered.
        error: the absolute difference to the truth; black is right, white is off by 1.
        psnr_noisy: decibels of the input.
        psnr: decibels of the answer.
    """

    sigma: float
    noisy: CaptionedImage
    denoised: CaptionedImage
    error: CaptionedImage
    psnr_noisy: float
    psnr: float


@dataclass(frozen=True)
class SigmaSweep:
    """The same test digit, under the same noise, at several strengths.

    Attributes:
        truth: the clean digit.
        trials: one for each σ.
    """

    truth: CaptionedImage
    trials: tuple[DenoisedDigit, ...]


@dataclass(frozen=True)
class PsnrCurve:
    """PSNR over σ, averaged over test digits.

    Attributes:
        sigmas: noise strengths.
        noisy: decibels of the inputs.
        denoised: decibels of the answers.
    """

    sigmas: tuple[float, ...]
    noisy: tuple[float, ...]
    denoised: tuple[float, ...]


def denoise_at(network: nn.Module, x: Tensor, eps: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
    r"""Give the network a digit at noise level $\sigma$, whatever level it was trained for.

    $$
    z = x + \sigma \epsilon, \qquad \hat x = D_\theta(z)
    $$

    The network is not given $\sigma$: it has to estimate it from the image.

    Source: CS 180 "Fun with diffusion models", part B, section 1.2.2.

    Args:
        network: a trained denoiser in eval mode.
        x: clean digits (B, 1, 28, 28) in [0, 1].
        eps: unit Gaussian noise, shape of `x`.
        sigma: noise strength, ≥ 0.

    Returns:
        The noisy digits and the network's answers, both in the shape of `x`.
    """
    z = add_unscaled_noise(x, eps, sigma)
    x_hat: Tensor = network(z)
    return z, x_hat


def sweep(
    run_id: str,
    digit: int,
    seed: int,
    sigmas: tuple[float, ...] = SIGMAS,
    weights_hash: str = "",  # noqa: ARG001 - part of the result's name
) -> Generator[Progress, None, SigmaSweep]:
    """Denoise one test digit at several noise levels with a finished run.

    Args:
        run_id: a finished denoiser.
        digit: which test image, 0 to 9,999.
        seed: of the noise.
        sigmas: noise strengths, each ≥ 0.
        weights_hash: which weights, so that new ones give a new result.

    Yields:
        Progress after each noise level.

    Raises:
        ValueError: no such run or image.
    """
    network = load_network(run_id)
    x, name = digit_image(digit)
    eps = torch.randn(x.shape, generator=stream(seed, "out of distribution"))
    trials = []
    for done, sigma in enumerate(sigmas, start=1):
        trials.append(_trial(network, x, eps, sigma, name))
        yield Progress(done, len(sigmas), f"σ = {sigma:g}")
    truth = CaptionedImage(to_pixels(x[0]), "truth", f"test image {digit}, a {name}", "x_0")
    return SigmaSweep(truth, tuple(trials))


def psnr_curve(
    run_id: str,
    seed: int,
    count: int = 100,
    weights_hash: str = "",  # noqa: ARG001 - part of the result's name
) -> Generator[Progress, None, PsnrCurve]:
    """Measure PSNR against σ from 0.02 to 1.5, averaged over `count` test digits.

    Args:
        run_id: a finished denoiser.
        seed: of the noise.
        count: test digits, at least 1.
        weights_hash: which weights, so that new ones give a new result.

    Yields:
        Progress after each noise level.

    Raises:
        ValueError: no such run.
    """
    network = load_network(run_id)
    x = mnist.unit_range(mnist.load("test").images[:count])
    eps = torch.randn(x.shape, generator=stream(seed, "out of distribution curve"))
    sigmas = (0.02, 0.05, *(round(0.1 * i, 1) for i in range(1, 16)))
    before, after = [], []
    for done, sigma in enumerate(sigmas, start=1):
        with torch.no_grad():
            z, x_hat = denoise_at(network, x, eps, sigma)
        before.append(float(psnr(z, x).mean()))
        after.append(float(psnr(x_hat, x).mean()))
        yield Progress(done, len(sigmas), f"{count} digits at σ = {sigma:g}")
    return PsnrCurve(sigmas, tuple(before), tuple(after))


def digit_image(digit: int) -> tuple[Tensor, int]:
    """One test image (1, 1, 28, 28) in [0, 1], and the digit that it shows.

    Raises:
        ValueError: there is no such image.
    """
    digits = mnist.load("test")
    if not 0 <= digit < len(digits.images):
        raise ValueError(f"There are test images 0 to {len(digits.images) - 1:,}, no {digit:,}.")
    return mnist.unit_range(digits.images[digit : digit + 1]), int(digits.labels[digit])


def _trial(network: nn.Module, x: Tensor, eps: Tensor, sigma: float, name: int) -> DenoisedDigit:
    with torch.no_grad():
        z, x_hat = denoise_at(network, x, eps, sigma)
    before, after = float(psnr(z, x)), float(psnr(x_hat, x))
    off = float(mean_squared_error(x_hat, x).sqrt())
    return DenoisedDigit(
        sigma=sigma,
        noisy=CaptionedImage(
            to_pixels(z[0]), decibels(before), f"a {name} under noise of σ = {sigma:g}", "x_t"
        ),
        denoised=CaptionedImage(
            to_pixels(x_hat[0]),
            decibels(after),
            f"the network's output at σ = {sigma:g}, {decibels(after)} against the clean {name}",
            "x_0_hat",
        ),
        error=CaptionedImage(
            to_pixels((x_hat - x)[0].abs()),
            f"off by {off:.3f}",
            f"the error of the output at σ = {sigma:g}, brighter is worse",
        ),
        psnr_noisy=before,
        psnr=after,
    )


def decibels(value: float) -> str:
    """A PSNR in words."""
    return "identical" if value == float("inf") else f"{value:.1f} dB"
