"""The training runs that ship with the project, and their finished networks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

from torch import nn

from models import checkpoints
from models.atomic import parsed, read_text

REFERENCE: Final = Path(__file__).parent / "reference"

N = TypeVar("N", bound=nn.Module)


class NoShippedRun(ValueError):
    """A run that should be here is missing or damaged; the message says which and why."""


def folder(recipe: str) -> Path:
    """The folder of the shipped run of a recipe; its name is the run's.

    Raises:
        NoShippedRun: there is none.
    """
    found = sorted(REFERENCE.glob(f"{recipe}-*"))
    if not found:
        raise NoShippedRun(f"there is no {recipe} run in {REFERENCE.name}")
    return found[0]


def network(recipe: str, build: Callable[[int], N]) -> N:
    """A shipped network in eval mode on the CPU, in full precision; a fresh one at every call.

    Args:
        recipe: which run.
        build: width D → a network of the run's kind.

    Raises:
        NoShippedRun: the run is missing or damaged.
    """
    place = folder(recipe)
    try:
        settings = parsed(read_text(place / "settings.json"))["settings"]
        built = build(int(settings["num_hiddens"]))
        weights, _ = checkpoints.load_tensors(place / "weights.safetensors")
        # Shipped weights are float16; calculations are float32.
        full = {name: w.float() if w.is_floating_point() else w for name, w in weights.items()}
        checkpoints.load_weights(built, full)
    except (OSError, ValueError, KeyError, TypeError, checkpoints.BrokenCheckpoint) as error:
        raise NoShippedRun(f"the run {place.name} can't be read: {error}") from error
    return built.eval().requires_grad_(False)


def last_epoch(recipe: str) -> dict[str, Any]:
    """What was measured on test digits after the last epoch of a shipped run, by name.

    Raises:
        NoShippedRun: the run is missing or damaged.
    """
    place = folder(recipe)
    try:
        measured: dict[str, Any] = parsed(read_text(place / "epochs.jsonl").splitlines()[-1])
    except (OSError, ValueError, IndexError) as error:
        raise NoShippedRun(f"the run {place.name} can't be read: {error}") from error
    return measured
