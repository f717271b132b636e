"""A1.10 · Hybrid images: one prompt for high frequencies, another one for low frequencies."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

from lessons import text_to_image as t2i
from lessons.diffusion.hybrids import hybrid, lowpass
from lessons.images.captioned import CaptionedImage, Progress


def scaled(height: int) -> tuple[float, int]:
    """The lesson's σ = 2 and kernel 33 at 64 pixels, for images of another height.

    Returns:
        σ in pixels, and the kernel, odd.
    """
    return 2 * height / 64, 2 * round(16 * height / 64) + 1


@dataclass(frozen=True)
class Hybrids:
    """Several tries at one hybrid.

    Attributes:
        trajectory: of all of them.
        results: the finished images.
        coarse: their low frequencies, which are seen from afar.
        fine: their high frequencies, which are seen close up; grey is 0.
    """

    trajectory: t2i.Trajectory
    results: tuple[CaptionedImage, ...]
    coarse: tuple[CaptionedImage, ...]
    fine: tuple[CaptionedImage, ...]


def demo(
    model: str,
    low_frequency: str,
    high_frequency: str,
    sigma_64: float,
    gamma: float,
    count: int,
    seed: int,
) -> Generator[Progress, None, Hybrids]:
    """Sample several hybrids from different noises.

    Args:
        model: name in the catalog.
        low_frequency: the prompt seen from afar.
        high_frequency: the prompt seen close up.
        sigma_64: σ at 64 pixels, > 0; the lesson's is 2.
        gamma: guidance scale of both.
        count: how many, 1 to 6.
        seed: of the noises.

    Yields:
        Progress after each step.

    Raises:
        ValueError: the model can't take a prompt.
    """
    net = yield from t2i.loading(model)
    two, kernel = scaled(net.spec.shape[1])
    sigma = two * sigma_64 / 2
    predict = hybrid(
        t2i.make_predictor(net, low_frequency, gamma),
        t2i.make_predictor(net, high_frequency, gamma),
        sigma,
        kernel,
    )
    trajectory, x = yield from t2i.sample_from_noise(net.spec, predict, seed, count)
    coarse = lowpass(x, sigma, kernel)
    fine = x - coarse + (net.spec.low + net.spec.high) / 2
    return Hybrids(
        trajectory,
        tuple(
            t2i.captioned(one, net.spec, "", f"{low_frequency} and {high_frequency}", "x_0_hat")
            for one in x
        ),
        tuple(
            t2i.captioned(one, net.spec, "", f"low-frequency part: {low_frequency}")
            for one in coarse
        ),
        tuple(
            t2i.captioned(one, net.spec, "", f"high-frequency part: {high_frequency}")
            for one in fine
        ),
    )
