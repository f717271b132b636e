"""Experiments on digits: denoised twice, noise without a digit, and steps that change nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from lessons.diffusion.flow import euler
from lessons.diffusion.forward import add_noise
from lessons.diffusion.noise import NoiseSource
from lessons.diffusion.samplers import Frame
from lessons.images.captioned import CaptionedImage, to_pixels
from lessons.measure.quality import psnr
from lessons.part_b import flow_matching, pure_noise, train_ddpm
from lessons.part_b.train_denoiser import add_unscaled_noise
from lessons.training.networks import load_network
from lessons.training.previews import noise_like, test_digits
from lessons.workshop.experiments.comparing import Compared
from models import mnist

SIGMA: Final = 0.5
TEN: Final = 10
MEASURED: Final = 100
LOOKED_AT: Final = 30
STRIDES: Final = (1, 2, 5, 20)


@dataclass(frozen=True)
class MeasuredRows:
    """Rows of images, each with what was measured of it.

    Attributes:
        words: what each row is, with its number.
        rows: the images.
    """

    words: tuple[str, ...]
    rows: tuple[tuple[CaptionedImage, ...], ...]


def twice(run_id: str, seed: int, weights_hash: str = "") -> MeasuredRows:  # noqa: ARG001 - new weights
    """Denoise digits, and then the outputs once more.

    Args:
        run_id: a finished denoiser.
        seed: of the noise.
        weights_hash: which weights; see `networks.weights_hash`.

    Returns:
        What is given and both answers; decibels are a mean over thirty test digits.

    Raises:
        ValueError: no such run.
    """
    network, x = load_network(run_id), test_digits(LOOKED_AT)
    z = add_unscaled_noise(x, noise_like(x, seed), SIGMA)
    once = network(z)
    sides = (("input", z), ("once", once), ("twice", network(once)))
    return shown((f"{name}: {float(psnr(y, x).mean()):.1f} dB", y[:TEN]) for name, y in sides)


def nothing_under(run_id: str, seed: int, weights_hash: str = "") -> MeasuredRows:  # noqa: ARG001
    """Give the denoiser noise of its usual level, without a digit.

    Arguments, and what is raised, as in `twice`.
    """
    network = load_network(run_id)
    z = SIGMA * noise_like(test_digits(TEN), seed)
    answer = network(z)
    mean_intensity = float(answer.clamp(0, 1).mean()) / float(test_digits(MEASURED).mean())
    return shown(
        (
            ("input: noise", z),
            (f"output: {mean_intensity:.0%} of a digit's mean intensity", answer),
        )
    )


def constant_estimates() -> MeasuredRows:
    """Three constant outputs, and the loss of each over all training digits."""
    mean = pure_noise.mean_digit()
    sharp = mnist.unit_range(mnist.load("train").images[:MEASURED])
    floor = pure_noise.mnist_error_floor()
    # E‖c − x‖² = ‖c − E x‖² + Var x: one pass over the data is enough for every c.
    losses = [float((c - mean).square().mean()) + floor for c in (mean, torch.zeros_like(mean))]
    losses.append(float((sharp - mean).square().mean()) + floor)
    names = ("the mean digit", "black", "a sharp digit")
    images = (mean, torch.zeros_like(mean), sharp[:1])
    return shown(
        (f"{name}: loss {loss:.3f}", image)
        for name, loss, image in zip(names, losses, images, strict=True)
    )


def small_steps(digit: int, seed: int) -> Compared:
    """All 300 forward steps with one noise of their sum, beside the jump straight to t = 300.

    The small steps are walked as weights, which is exact: the digit's is multiplied by √(1 − β) at
    every step, and the variance of the noise becomes (1 − β) times itself plus β.

    Args:
        digit: which test digit, 0 to 9.
        seed: of the noise.
    """
    x_0 = test_digits(TEN)[digit : digit + 1].double()
    eps = noise_like(x_0.float(), seed).double()
    alpha_bars = train_ddpm.ALPHA_BARS
    alphas = alpha_bars / torch.cat([torch.ones(1, dtype=torch.float64), alpha_bars[:-1]])
    weight, variance = 1.0, 0.0
    for alpha in alphas.tolist():
        weight, variance = weight * alpha**0.5, variance * alpha + (1 - alpha)
    sampled_by = weight * x_0 + variance**0.5 * eps
    jumped = add_noise(x_0, alpha_bars[-1], eps)
    return compared((("300 steps", sampled_by), ("one jump", jumped)))


def one_flow_step(run_id: str, seed: int, weights_hash: str = "") -> MeasuredRows:  # noqa: ARG001
    """A single Euler step from noise to each digit, beside the mean of that digit's class.

    Args:
        run_id: a finished flow with classes.
        seed: of the noises.
        weights_hash: which weights; see `networks.weights_hash`.

    Raises:
        ValueError: no such run.
    """
    labels, train = torch.arange(TEN), mnist.load("train")
    velocity = flow_matching.following(load_network(run_id), labels, 1.0)
    x = _last(euler(NoiseSource(seed, TEN, (1, 28, 28))(), velocity, 1))
    means = torch.stack(
        [mnist.unit_range(train.images[train.labels == label]).mean(0) for label in labels]
    )
    off = float((x - means).square().mean().sqrt())
    return shown(((f"one step: {off:.3f} from the means", x), ("mean of each class", means)))


def one_digit_flow(seed: int) -> Compared:
    """Where only one digit exists, flow matching finds it, in however many steps.

    Args:
        seed: of the noises.
    """
    x_1 = test_digits(TEN)[3:4].expand(2, -1, -1, -1)
    noise = NoiseSource(seed, 2, (1, 28, 28))()
    sides = [("the only digit", x_1)]
    for steps in STRIDES:
        trace = euler(noise, lambda x_t, t: (x_1 - x_t) / (1 - t), steps)
        sides.append((f"{steps} step{'s' if steps > 1 else ''}", _last(trace)))
    return compared(sides)


def _last(frames: Iterator[Frame]) -> Tensor:
    for frame in frames:
        x = frame.x_t
    return x


def shown(rows: Iterable[tuple[str, Tensor]]) -> MeasuredRows:
    """Rows of digits, (B, 1, 28, 28) in [0, 1], each with its words."""
    found = [(words, tuple(_image(x, words) for x in images)) for words, images in rows]
    return MeasuredRows(tuple(words for words, _ in found), tuple(row for _, row in found))


def compared(sides: Sequence[tuple[str, Tensor]]) -> Compared:
    """Measure how far digits of every side are from those of the first."""
    found, first = shown(sides), sides[0][1]
    return Compared(found.words, found.rows, max(float((x - first).abs().max()) for _, x in sides))


def _image(x: Tensor, words: str) -> CaptionedImage:
    return CaptionedImage(to_pixels(x), "", words, "x_0_hat")
