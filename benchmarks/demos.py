"""What the Demo presets end with: `python -m benchmarks.demos [RECIPE …]`.

Trains the Demo preset of each recipe that samples from scratch to its end, with the threads and the
arithmetic of a run, and lets a classifier with the class "no digit" (`no_digit`) read two hundred
samples, drawn as the page draws them. With classes counts what is read as asked for, without what
is read as any digit; beside it stands what the classifier says of real test digits and of images
that are none. Exits with 1 where a preset ends with fewer than 80 of 100.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor, nn

from benchmarks import no_digit
from benchmarks.legible import CPU, LABELS, drawn
from lessons.training import demos
from lessons.training.loop import TrainingState, train
from lessons.training.runs.recipes import recipe
from lessons.training.runs.threads import fixed_threads, usual_threads
from models import checkpoints
from models.devices import autocast, fast_precision

RECIPES: Final = ("ddpm", "class-ddpm", "flow", "class-flow")
BAR: Final = 0.8
DRAWS: Final = 2


@dataclass(frozen=True)
class Effort:
    """What a training took.

    Attributes:
        seconds: of training, looks not counted.
        worked: of the processor, all threads together.
    """

    seconds: float
    worked: float


def trained(name: str, settings: Any) -> tuple[TrainingState, Effort]:
    """Train a preset to its end."""
    training = TrainingState.begin(recipe(name), settings, CPU)
    start, before = time.perf_counter(), time.process_time()
    for _ in train(training):
        pass
    return training, Effort(time.perf_counter() - start, time.process_time() - before)


def read(name: str, training: TrainingState, reader: nn.Module, real: float) -> demos.DemoEnding:
    """What a classifier reads in the samples of a finished training."""
    labels = no_digit.read(reader, samples(name, training))
    asked = labels == LABELS.repeat(DRAWS) if name.startswith("class-") else None
    return demos.DemoEnding(
        settings=demos.kind(training.settings),
        images=training.settings.total_images,
        digits=_share(labels != no_digit.NO_DIGIT),
        asked=None if asked is None else _share(asked),
        real=round(real, 4),
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
    parser.add_argument("--write", action="store_true", help=f"note it in {demos.FILE.name}")
    chosen = parser.parse_args()
    print(f"{usual_threads()} threads, {fast_precision(CPU)}")
    with fixed_threads(usual_threads()):
        reader = reader_from(chosen.classifier)
        right = no_digit.held_out(reader)
        for kind, share in right.items():
            print(f"the classifier reads {share:.1%} of {kind} right")
        real, good = right["test digits"], True
        for name in chosen.recipes:
            for seed in chosen.seeds:
                training, effort = trained(name, demo(name, seed=seed))
                found = read(name, training, reader, real)
                good &= found.share >= BAR
                print(sentence(name, seed, effort, found), flush=True)
                if chosen.write:
                    note(name, found)
    return int(not good)


def sentence(name: str, seed: int, effort: Effort, found: demos.DemoEnding) -> str:
    """One line of what was measured."""
    asked = "" if found.asked is None else f", {found.asked:.0%} as asked for"
    return (
        f"{name}, Demo, seed {seed}: {effort.seconds:.0f} s ({effort.worked:.0f} s of the "
        f"processor), {found.images:,} images; {found.digits:.0%} read as digits{asked}"
    )


def note(name: str, found: demos.DemoEnding) -> None:
    """Keep what was measured, for the page."""
    known = json.loads(demos.FILE.read_text()) if demos.FILE.exists() else {}
    known[name] = asdict(found)
    demos.FILE.write_text(json.dumps(dict(sorted(known.items())), indent=1) + "\n")


def _share(right: Tensor) -> float:
    return round(float(right.float().mean()), 4)


if __name__ == "__main__":
    sys.exit(main())
