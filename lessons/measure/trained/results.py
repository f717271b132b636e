"""What trainings of several settings reached, as it was measured and ships beside this file."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, TypeVar

import torch
from torch import Tensor, nn

from lessons.training.runs import files
from models import checkpoints
from models.atomic import stamp

# Found from the models, so that an exported script, which lies elsewhere, finds it too.
HERE: Final = Path(checkpoints.__file__).parents[1] / "lessons" / "measure" / "trained"
RATE_SCHEDULE: Final = HERE / "rate_schedule.json"
WIDER_OR_LONGER: Final = HERE / "wider_or_longer.json"

RATES: Final[dict[str, tuple[float, float]]] = {
    "constant 0.001": (1e-3, 1.0),
    "constant 0.003": (3e-3, 1.0),
    "constant 0.01": (1e-2, 1.0),
    "0.01, decaying to 0.001": (1e-2, 0.1),
}
"""By name: the first learning rate, and its factor at the end. The last is the course's."""

LAST, AVERAGED = "last", "averaged"
"""Two sets of weights of one run: those after the last step, and their average (EMA)."""

POINTS: Final = 40
"""Points of a kept loss curve, each the mean of as many steps."""

T = TypeVar("T")


@dataclass(frozen=True)
class ReachedQuality:
    """What one set of weights can do.

    Attributes:
        accuracy: share of samples classified as requested, and its standard error.
        frechet: distance to the test digits in the classifier's features, and its standard error.
        test_loss: on the first test digits, as a run records it.
    """

    accuracy: tuple[float, float]
    frechet: tuple[float, float]
    test_loss: float


@dataclass(frozen=True)
class RateRun:
    """One run at one rate and seed.

    Attributes:
        loss: means of the batches' loss over stretches of equal length, oldest first.
        tested: by images seen: the test loss of the last weights and of their average.
        reached: by LAST and AVERAGED.
        cpu_minutes: of a processor, for training alone.
    """

    loss: tuple[float, ...]
    tested: dict[int, tuple[float, float]]
    reached: dict[str, ReachedQuality]
    cpu_minutes: float


@dataclass(frozen=True)
class RateSweep:
    """All runs, and how they were measured.

    Attributes:
        runs: by the name of the rate, then by seed.
        settings: what all runs share and is not the recipe's default.
        count: samples measured of each set of weights.
        floor: the Fréchet distance of as many training digits.
    """

    runs: dict[str, dict[int, RateRun]]
    settings: dict[str, Any]
    count: int
    floor: float


@dataclass(frozen=True)
class LengthPoint:
    """What a network can do after so many images.

    Attributes:
        images: seen so far.
        cpu_minutes: of a processor, for training so far.
        frechet: distance to the test digits in the classifier's features, and its standard error.
        test_loss: on the first test digits, as a run records it.
    """

    images: int
    cpu_minutes: float
    frechet: tuple[float, float]
    test_loss: float


@dataclass(frozen=True)
class WidthSweep:
    """All runs, and how they were measured.

    Attributes:
        runs: by width D, then by seed: points, the shortest run first.
        settings: what all runs share and is not the recipe's default.
        count: samples measured at each point.
        floor: the Fréchet distance of as many training digits.
    """

    runs: dict[int, dict[int, tuple[LengthPoint, ...]]]
    settings: dict[str, Any]
    count: int
    floor: float


def rates(path: Path = RATE_SCHEDULE) -> RateSweep:
    """What was measured of learning rates.

    Raises:
        ValueError: the file is missing or damaged.
    """

    def sweep(content: dict[str, Any]) -> RateSweep:
        runs = {
            name: {int(seed): _rate_run(one) for seed, one in by.items()}
            for name, by in content["runs"].items()
        }
        return RateSweep(**{**content, "runs": runs})

    return _read(path, sweep)


def widths(path: Path = WIDER_OR_LONGER) -> WidthSweep:
    """What was measured of widths and lengths.

    Raises:
        ValueError: the file is missing or damaged.
    """

    def sweep(content: dict[str, Any]) -> WidthSweep:
        runs = {
            int(width): {int(seed): tuple(map(point, points)) for seed, points in by.items()}
            for width, by in content["runs"].items()
        }
        return WidthSweep(**{**content, "runs": runs})

    return _read(path, sweep)


def settings_of(rate: str, shared: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of the run of one rate, by name; `shared` are those of all runs."""
    first, decay = RATES[rate]
    return {**shared, "learning_rate": first, "decay": decay}


def weights_name(rate: str, which: str) -> str:
    """What the weights of a rate, LAST or AVERAGED, are called in the file that holds them."""
    return f"{list(RATES).index(rate)}-{which}"


def rows_name(width: int, images: int) -> str:
    """What ten samples of a width after so many images are called in the file that holds them."""
    return f"rows.{width}.{images}"


def point(content: Mapping[str, Any]) -> LengthPoint:
    """A point as a JSON file holds it."""
    return LengthPoint(**{**content, "frechet": _pair(content["frechet"])})


def smoothed(losses: Sequence[float], parts: int) -> list[float]:
    """Means of a loss over as many stretches of equal length (±1 step), oldest first.

    Args:
        losses: one a step, at least `parts` of them.
        parts: how many stretches.
    """
    ends = [len(losses) * i // parts for i in range(parts + 1)]
    pairs = pairwise(ends)
    return [sum(losses[start:end]) / (end - start) for start, end in pairs]


def with_weights(path: Path, name: str, network: nn.Module) -> nn.Module:
    """Fill a network with weights that were kept under a name, in eval mode.

    Raises:
        ValueError: the file is missing, damaged, or holds none of that name.
    """
    try:
        tensors, _ = checkpoints.load_tensors(path)
        weights = checkpoints.from_eight_bits(checkpoints.strip_prefix(tensors, f"{name}."))
        whole = {key: t.float() if t.is_floating_point() else t for key, t in weights.items()}
        checkpoints.load_weights(network, whole)
    except checkpoints.BrokenCheckpoint as error:
        raise ValueError(f"The weights of {name} can't be used: {error}") from error
    return network.eval().requires_grad_(False)


def keep_weights(
    path: Path, networks: Mapping[str, nn.Module], images: Mapping[str, Tensor] | None = None
) -> None:
    """Keep the weights of networks in one file, in eight bits, and images, each by its own name.

    Args:
        path: the file.
        networks: by names without a dot.
        images: (N, 1, H, W) in [0, 1], by other names.
    """
    kept = {name: to_bytes(some) for name, some in (images or {}).items()}
    kept |= {
        f"{name}.{key}": tensor
        for name, network in networks.items()
        for key, tensor in checkpoints.in_eight_bits(network.state_dict()).items()
    }
    checkpoints.save_tensors(path, kept, {})


def to_bytes(images: Tensor) -> Tensor:
    """Images as whole numbers from 0 to 255, in [0, 1] before; other values are clamped."""
    return (images.clamp(0, 1) * 255).round().to(torch.uint8)


def kept_images(path: Path, name: str) -> Tensor:
    """Images that were kept beside weights, (N, 1, H, W) in [0, 1].

    Raises:
        ValueError: the file is missing, damaged, or holds none of that name.
    """
    try:
        return checkpoints.load_tensors(path)[0][name].float() / 255
    except (KeyError, checkpoints.BrokenCheckpoint) as error:
        raise ValueError(f"The images {name} can't be used: {error}") from error


def weights_hash(path: Path) -> str:
    """Twelve hexadecimal digits that change with a file of weights; "" if there is none."""
    try:
        return _digest(path, stamp(path))
    except OSError:
        return ""


@functools.lru_cache(maxsize=8)
def _digest(path: Path, written: object) -> str:  # noqa: ARG001 - new weights, new entry
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def _rate_run(content: Mapping[str, Any]) -> RateRun:
    reached = {
        which: ReachedQuality(_pair(one["accuracy"]), _pair(one["frechet"]), one["test_loss"])
        for which, one in content["reached"].items()
    }
    tested = {int(images): _pair(both) for images, both in content["tested"].items()}
    return RateRun(tuple(content["loss"]), tested, reached, float(content["cpu_minutes"]))


def _pair(values: list[float]) -> tuple[float, float]:
    first, second = values
    return float(first), float(second)


def _read(path: Path, sweep: Callable[[dict[str, Any]], T]) -> T:
    try:
        return sweep(files.read_json(path))
    except (files.DamagedRun, TypeError, KeyError, ValueError, AttributeError) as error:
        raise ValueError(f"The measurements in {path.name} are damaged: {error!r}") from error
