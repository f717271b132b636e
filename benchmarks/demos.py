"""What the Demo presets end with: `python -m benchmarks.demos [RECIPE …]`.

Trains the Demo preset of each recipe that samples from scratch to its end, with the threads and the
arithmetic of a run, and lets a classifier with the class "no digit" (`no_digit`) read two hundred
samples, drawn as the page draws them. With classes counts what is read as asked for, without what
is read as any digit; beside it stands what the classifier says of real test digits and of images
that are none. Exits with 1 where a preset ends with fewer than 80 of 100.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor, nn

from benchmarks import no_digit
from benchmarks.legible import CPU, LABELS, drawn
from lessons.training.loop import TrainingState, train
from lessons.training.runs.recipes import recipe
from lessons.training.runs.threads import fixed_threads, usual_threads
from models import checkpoints
from models.devices import autocast, fast_precision

RECIPES: Final = ("ddpm", "class-ddpm", "flow", "class-flow")
BAR: Final = 0.8
DRAWS: Final = 2


@dataclass(frozen=True)
class Ending:
    """What a preset ended with.

    Attributes:
        seconds: of training, looks not counted.
        worked: of the processor, all threads together.
        images: seen.
        digits: the share of its samples that are read as a digit.
        asked: the share that is read as asked for; None without classes.
    """

    seconds: float
    worked: float
    images: int
    digits: float
    asked: float | None

    @property
    def share(self) -> float:
        """What counts: as asked for where something was."""
        return self.digits if self.asked is None else self.asked


def ending(name: str, settings: Any, reader: nn.Module) -> Ending:
    """Train to the end and read what is sampled then."""
    training = TrainingState.begin(recipe(name), settings, CPU)
    start, before = time.perf_counter(), time.process_time()
    for step in train(training):
        images = step.images
    seconds, worked = time.perf_counter() - start, time.process_time() - before
    labels = no_digit.read(reader, samples(name, training))
    asked = labels == LABELS.repeat(DRAWS) if name.startswith("class-") else None
    return Ending(
        seconds,
        worked,
        images,
        digits=_share(labels != no_digit.NO_DIGIT),
        asked=None if asked is None else _share(asked),
    )


def samples(name: str, training: TrainingState) -> Tensor:
    """Two hundred samples, the first hundred of the run's own seed."""
    network, settings = training.shown.eval(), training.settings
    with torch.no_grad(), autocast(CPU, settings.precision):
        return torch.cat(
            [
                drawn(name, network, settings.model_copy(update={"seed": settings.seed + more}))
                for more in range(DRAWS)
            ]
        )


def demo(name: str, **changes: Any) -> Any:
    """The settings of a recipe's Demo preset in the arithmetic that this machine is fast in."""
    fast = {"precision": fast_precision(CPU)}
    return recipe(name).presets["Demo"].model_copy(update={**fast, **changes})


def reader_from(file: Path | None) -> nn.Module:
    """The classifier, trained now or read from a file; a file that is not there is written."""
    if file and file.exists():
        network = no_digit.fresh()
        checkpoints.load_weights(network, checkpoints.load_tensors(file)[0])
        return network.eval().requires_grad_(False)
    network = no_digit.trained()
    if file:
        checkpoints.save_tensors(file, network.state_dict(), {})
    return network


def main() -> int:
    """Measure the recipes of the command line; returns 1 where one stays below the bar."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipes", nargs="*", default=RECIPES)
    parser.add_argument("--classifier", type=Path, help="keep it in this file, or take it there")
    parser.add_argument("--seeds", type=int, nargs="+", default=[276])
    chosen = parser.parse_args()
    print(f"{usual_threads()} threads, {fast_precision(CPU)}")
    with fixed_threads(usual_threads()):
        reader = reader_from(chosen.classifier)
        for kind, right in no_digit.held_out(reader).items():
            print(f"the classifier reads {right:.1%} of {kind} right")
        good = [_is_good(*one, reader) for one in _all(chosen.recipes, chosen.seeds)]
    return int(not all(good))


def _all(names: list[str], seeds: list[int]) -> list[tuple[str, Any]]:
    return [(name, demo(name, seed=seed)) for name in names for seed in seeds]


def _is_good(name: str, settings: Any, reader: nn.Module) -> bool:
    """Measure one, print it, and say whether it is good enough."""
    found = ending(name, settings, reader)
    asked = "" if found.asked is None else f", {found.asked:.0%} as asked for"
    print(
        f"{name}, Demo, seed {settings.seed}: {found.seconds:.0f} s ({found.worked:.0f} s of the "
        f"processor), {found.images:,} images; {found.digits:.0%} read as digits{asked}",
        flush=True,
    )
    return found.share >= BAR


def _share(right: Tensor) -> float:
    return float(right.float().mean())


if __name__ == "__main__":
    sys.exit(main())
