"""A1.10 · Hybrid images: one thing from near, another from far."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

from torch import Tensor

from lessons import text_to_image as t2i
from lessons.classical_denoising import blurred
from lessons.iterative_denoising import PredictNoise, joined, split
from lessons.picture import Picture, Progress


def lowpass(x: Tensor, sigma: float, kernel: int) -> Tensor:
    r"""Keep what is still there when you step back: blur with a Gaussian.

    $$
    f_\text{low}(x) = G_\sigma * x
    $$

    $$
    f_\text{high}(x) = x - f_\text{low}(x)
    $$

    Source: Oliva, Torralba and Schyns 2006, "Hybrid images", section 2.

    Args:
        x: (B, C, H, W).
        sigma: width of the Gaussian in pixels, > 0.
        kernel: pixels that it is cut off at, odd, less than twice the height.

    Returns:
        The coarse part, shape of `x`.
    """
    return blurred(x, kernel, sigma)


def blend(eps_far: Tensor, eps_near: Tensor, sigma: float, kernel: int) -> Tensor:
    r"""Take the coarse part of one noise and the fine part of the other.

    $$
    \epsilon = f_\text{low}(\epsilon_\text{far}) + f_\text{high}(\epsilon_\text{near})
    $$

    Source: Geng et al. 2024, "Factorized diffusion" (arXiv:2404.11615), eq. 5.

    Args:
        eps_far: noise predicted for what is seen from far, (B, C, H, W).
        eps_near: noise predicted for what is seen from near, shape of `eps_far`.
        sigma: width of the Gaussian in pixels.
        kernel: pixels that it is cut off at, odd.
    """
    fine = eps_near - lowpass(eps_near, sigma, kernel)
    return lowpass(eps_far, sigma, kernel) + fine


def hybrid(far: PredictNoise, near: PredictNoise, sigma: float, kernel: int) -> PredictNoise:
    """A predictor for a picture that is one thing from far and another from near.

    The variance is no picture: it is not filtered, the two are averaged.

    Args:
        far: for the one prompt, guidance included.
        near: for the other.
        sigma: width of the Gaussian in pixels.
        kernel: pixels that it is cut off at, odd.
    """

    def predict_noise(x_t: Tensor, t: int) -> Tensor:
        eps_far, between_far = split(far(x_t, t), x_t)
        eps_near, between_near = split(near(x_t, t), x_t)
        eps = blend(eps_far, eps_near, sigma, kernel)
        if between_far is None or between_near is None:
            return eps
        return joined(eps, (between_far + between_near) / 2)

    return predict_noise


def scaled(height: int) -> tuple[float, int]:
    """The lesson's σ = 2 and kernel 33 at 64 pixels, for pictures of another height.

    Returns:
        σ in pixels, and the kernel, odd.
    """
    return 2 * height / 64, 2 * round(16 * height / 64) + 1


@dataclass(frozen=True)
class Hybrids:
    """Several tries at one hybrid.

    Attributes:
        film: their making.
        results: the finished pictures.
        coarse: what is left of them from far.
        fine: what only near eyes see, grey where there is nothing.
    """

    film: t2i.Film
    results: tuple[Picture, ...]
    coarse: tuple[Picture, ...]
    fine: tuple[Picture, ...]


def demo(
    model: str, far: str, near: str, strength: float, gamma: float, count: int, seed: int
) -> Generator[Progress, None, Hybrids]:
    """Make several hybrids from different noises.

    Args:
        model: name in the catalog.
        far: what they are from far.
        near: what they are from near.
        strength: σ at 64 pixels, > 0; the lesson's is 2.
        gamma: guidance strength of both.
        count: how many, 1 to 6.
        seed: of the noises.

    Yields:
        Progress after each step.

    Raises:
        ValueError: the model can't take a prompt.
    """
    net = yield from t2i.loading(model)
    two, kernel = scaled(net.outline.shape[1])
    sigma = two * strength / 2
    predict = hybrid(t2i.told(net, far, gamma), t2i.told(net, near, gamma), sigma, kernel)
    film, x = yield from t2i.from_noise(net.outline, predict, seed, count)
    coarse = lowpass(x, sigma, kernel)
    fine = x - coarse + (net.outline.low + net.outline.high) / 2
    return Hybrids(
        film,
        tuple(t2i.picture(one, net.outline, "", f"{far} and {near}", "x_0_hat") for one in x),
        tuple(t2i.picture(one, net.outline, "", f"{far}, blurred") for one in coarse),
        tuple(t2i.picture(one, net.outline, "", f"{near}, edges only") for one in fine),
    )
