"""B2.5 · How straight are the trajectories from noise to digits? Flow, DDIM and DDPM."""

from __future__ import annotations

import functools
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from lessons.diffusion.noise import NoiseSource
from lessons.diffusion.samplers import ddim
from lessons.images.captioned import Progress
from lessons.part_b.sampled_digits import sampled
from lessons.part_b.train_ddpm import COURSE_SAMPLER
from models import mnist

COUNT: Final = 6
STEPS: Final = 50
_DOTS: Final = 150


@dataclass(frozen=True)
class PlanePath:
    """One sampling trajectory, seen in a plane.

    Attributes:
        x: first coordinate of every sample on it, the noise first.
        y: second coordinate.
        path_length_ratio: its length through all 784 pixels over the distance of its ends.
    """

    x: tuple[float, ...]
    y: tuple[float, ...]
    path_length_ratio: float


@dataclass(frozen=True)
class PathsByMethod:
    """Trajectories of several methods from the same noises to the same digit.

    Attributes:
        paths: by the name of the method.
        digits: where test digits of that class lie in the plane, (x, y).
        others: where test digits of all classes lie.
    """

    paths: Mapping[str, tuple[PlanePath, ...]]
    digits: tuple[tuple[float, ...], tuple[float, ...]]
    others: tuple[tuple[float, ...], tuple[float, ...]]


def path_length_ratio(places: Tensor) -> Tensor:
    r"""Compare the length of a trajectory with the straight line between its ends.

    $$
    \text{ratio} = \frac{\sum_k \lVert x_{k+1} - x_k \rVert}{\lVert x_K - x_0 \rVert}
    $$

    A straight trajectory has a ratio of 1, whatever its number of steps; a single step would do.

    Source: the idea of straightness is Liu et al. 2022 (arXiv:2209.03003), section 2.2.

    Args:
        places: every sample of each trajectory, (K + 1, B, 1, 28, 28), the noise first.

    Returns:
        One ratio a trajectory, (B,), at least 1.
    """
    steps = (places[1:] - places[:-1]).flatten(2)
    straight = (places[-1] - places[0]).flatten(1)
    ratio: Tensor = steps.norm(dim=2).sum(0) / straight.norm(dim=1)
    return ratio


def paths(
    flow_run: str,
    ddpm_run: str,
    digit: int,
    gamma: float,
    seed: int,
    weights_hash: str = "",  # noqa: ARG001 - new weights, new result
) -> Generator[Progress, None, PathsByMethod]:
    """Sample the same digit from the same noises by flow matching, DDIM and DDPM.

    Args:
        flow_run: a finished flow with classes.
        ddpm_run: a finished DDPM with classes; DDIM uses its network too.
        digit: which, 0 to 9.
        gamma: guidance scale.
        seed: of the noises.
        weights_hash: which weights; see `networks.weights_hash`.

    Yields:
        Progress after each step.

    Raises:
        ValueError: no such run or digit.
    """
    if not 0 <= digit <= 9:
        raise ValueError(f"There are digits 0 to 9, no {digit}.")
    plane, labels = principal_plane(), torch.full((COUNT,), digit)
    methods = {
        "flow matching": (flow_run, COURSE_SAMPLER),
        "DDIM": (ddpm_run, ddim(0.0)),
        "DDPM": (ddpm_run, COURSE_SAMPLER),
    }
    found: dict[str, tuple[PlanePath, ...]] = {}
    for name, (run_id, sampler) in methods.items():
        places = [NoiseSource(seed, COUNT, (1, 28, 28))()]
        for frame in sampled(run_id, labels, seed, STEPS, gamma, sampler):
            places.append(frame.x_t)
            done = len(found) * STEPS + len(places) - 1
            yield Progress(done, len(methods) * STEPS, f"sampling: {name}")
        found[name] = _in_plane(torch.stack(places), plane)
    test = mnist.load("test")
    own = mnist.unit_range(test.images[test.labels == digit][:_DOTS])
    others = mnist.unit_range(test.images[:_DOTS])
    return PathsByMethod(found, _spots(own, plane), _spots(others, plane))


@functools.cache
def principal_plane() -> Tensor:
    """The two directions in which test digits differ most, (784, 2), each of length 1."""
    pixels = mnist.unit_range(mnist.load("test").images).flatten(1)
    _, vectors = torch.linalg.eigh(torch.cov(pixels.T).double())
    plane: Tensor = vectors[:, -2:].flip(1).float()
    return plane


def _in_plane(places: Tensor, plane: Tensor) -> tuple[PlanePath, ...]:
    seen = places.flatten(2) @ plane
    ratios = path_length_ratio(places).tolist()
    return tuple(
        PlanePath(tuple(seen[:, i, 0].tolist()), tuple(seen[:, i, 1].tolist()), ratios[i])
        for i in range(places.shape[1])
    )


def _spots(images: Tensor, plane: Tensor) -> tuple[tuple[float, ...], tuple[float, ...]]:
    x, y = (images.flatten(1) @ plane).T.tolist()
    return tuple(x), tuple(y)
