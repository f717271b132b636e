"""B2.5 · How straight are the ways from noise to digits? Flow matching beside DDPM."""

from __future__ import annotations

import functools
from collections.abc import Generator
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from lessons.iterative_denoising import NoiseSource
from lessons.picture import Progress
from lessons.sampled_digits import sampled
from models import mnist

WAYS: Final = 6
STEPS: Final = 50
_DOTS: Final = 150


@dataclass(frozen=True)
class Way:
    """One way from noise to a digit, seen in a plane.

    Attributes:
        x: first coordinate of every place on it, the noise first.
        y: second coordinate.
        detour: its length through all 784 pixels, 1 if it is straight.
    """

    x: tuple[float, ...]
    y: tuple[float, ...]
    detour: float


@dataclass(frozen=True)
class Ways:
    """Ways of two networks from the same noises to the same digit.

    Attributes:
        flow: of flow matching.
        ddpm: of the DDPM.
        digits: where test digits of that class lie in the plane, (x, y).
        others: where test digits of all classes lie.
    """

    flow: tuple[Way, ...]
    ddpm: tuple[Way, ...]
    digits: tuple[tuple[float, ...], tuple[float, ...]]
    others: tuple[tuple[float, ...], tuple[float, ...]]


def detour(places: Tensor) -> Tensor:
    r"""Say how much longer a way is than the straight line between its ends.

    $$
    \text{detour} = \frac{\sum_k \lVert x_{k+1} - x_k \rVert}{\lVert x_K - x_0 \rVert}
    $$

    A straight way has 1, however many steps it is walked in. A straight way can be walked in one.

    Source: the idea of straightness is Liu et al. 2022 (arXiv:2209.03003), section 2.2.

    Args:
        places: every place on each way, (K + 1, B, 1, 28, 28), the noise first.

    Returns:
        One ratio a way, (B,), at least 1.
    """
    steps = (places[1:] - places[:-1]).flatten(2)
    straight = (places[-1] - places[0]).flatten(1)
    ratio: Tensor = steps.norm(dim=2).sum(0) / straight.norm(dim=1)
    return ratio


def ways(
    flow_run: str,
    ddpm_run: str,
    digit: int,
    gamma: float,
    seed: int,
    edition: str = "",  # noqa: ARG001 - new weights, new result
) -> Generator[Progress, None, Ways]:
    """Walk from the same noises to the same digit with both networks.

    Args:
        flow_run: a finished flow with classes.
        ddpm_run: a finished DDPM with classes.
        digit: which, 0 to 9.
        gamma: guidance strength.
        seed: of the noises.
        edition: which weights; see `trained.edition`.

    Yields:
        Progress after each step.

    Raises:
        ValueError: no such run or digit.
    """
    if not 0 <= digit <= 9:
        raise ValueError(f"There are digits 0 to 9, no {digit}.")
    plane, labels = principal_plane(), torch.full((WAYS,), digit)
    walked: list[tuple[Way, ...]] = []
    for run_id in (flow_run, ddpm_run):
        places = [NoiseSource(seed, WAYS, (1, 28, 28))()]
        for frame in sampled(run_id, labels, seed, STEPS, gamma):
            places.append(frame.x_t)
            yield Progress(len(walked) * STEPS + len(places) - 1, 2 * STEPS, "walking")
        walked.append(_ways(torch.stack(places), plane))
    test = mnist.load("test")
    own = mnist.unit_range(test.images[test.labels == digit][:_DOTS])
    others = mnist.unit_range(test.images[:_DOTS])
    return Ways(walked[0], walked[1], _spots(own, plane), _spots(others, plane))


@functools.cache
def principal_plane() -> Tensor:
    """The two directions in which test digits differ most, (784, 2), each of length 1."""
    pixels = mnist.unit_range(mnist.load("test").images).flatten(1)
    _, vectors = torch.linalg.eigh(torch.cov(pixels.T).double())
    plane: Tensor = vectors[:, -2:].flip(1).float()
    return plane


def _ways(places: Tensor, plane: Tensor) -> tuple[Way, ...]:
    seen = places.flatten(2) @ plane
    ratios = detour(places).tolist()
    return tuple(
        Way(tuple(seen[:, i, 0].tolist()), tuple(seen[:, i, 1].tolist()), ratios[i])
        for i in range(places.shape[1])
    )


def _spots(images: Tensor, plane: Tensor) -> tuple[tuple[float, ...], tuple[float, ...]]:
    x, y = (images.flatten(1) @ plane).T.tolist()
    return tuple(x), tuple(y)
