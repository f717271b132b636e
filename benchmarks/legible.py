"""How soon digits can be read: `python -m benchmarks.legible [RECIPE …]`.

Trains the Laptop preset and the Course preset of each recipe in turn, from scratch, and lets the
classifier read a hundred samples every few seconds of training. Printed is the training time after
which 95 of 100 are first read as asked for; without classes, after which the classifier is sure of
them to 95 %. Looking is not counted, as it is not in a run's own clock. Beside it stands the time
that the processor worked, all threads together: where other programs want the cores, it says more.
A preset that gets nowhere is given up after `--patience` seconds of training. Exits with 1 if class
flow matching's Laptop preset takes more than a minute.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from typing import Any, Final

import torch
from torch import Tensor, nn

from lessons.diffusion.flow import euler
from lessons.diffusion.noise import NoiseSource
from lessons.measure import classifier
from lessons.part_b import flow_matching, train_class_ddpm, train_ddpm
from lessons.training.loop import TrainingState, train
from lessons.training.runs.recipes import recipe
from lessons.training.runs.threads import fixed_threads, usual_threads
from models.devices import autocast, fast_precision

CPU: Final = torch.device("cpu")
LABELS: Final = torch.arange(100) % 10
LEGIBLE: Final = 0.95
MOST_SECONDS: Final = 60.0


def drawn(name: str, network: nn.Module, settings: Any) -> Tensor:
    """A hundred samples of a network, as its page draws them while it trains."""
    if name in ("flow", "class-flow"):
        velocity = (
            flow_matching.following(network, LABELS, settings.gamma)
            if name == "class-flow"
            else flow_matching.predictor(network)
        )
        noise = NoiseSource(settings.seed, len(LABELS), (1, 28, 28))()
        *_, frame = euler(noise, velocity, min(30, settings.sample_steps))
        return frame.x_t
    predict = (
        train_class_ddpm.following(network, LABELS, settings.gamma)
        if name == "class-ddpm"
        else train_ddpm.predictor(network)
    )
    steps = min(50, settings.sample_steps)
    return train_ddpm.last(train_ddpm.sample(predict, settings.seed, len(LABELS), CPU, steps))


def legible(name: str, training: TrainingState) -> float:
    """The share of a hundred samples that the classifier reads right, or how sure it is of them."""
    network = training.shown.eval()
    with torch.no_grad(), autocast(CPU, training.settings.precision):
        images = drawn(name, network, training.settings)
    network.train()
    numbers = classifier.classified(images, LABELS if name.startswith("class-") else None)
    return numbers.get("accuracy", numbers["confidence"])


@dataclass(frozen=True)
class Effort:
    """What it took.

    Attributes:
        seconds: of training.
        worked: of the processor, all threads together.
        images: seen.
        share: how legible the samples are then.
    """

    seconds: float
    worked: float
    images: int
    share: float


def effort(name: str, preset: str, patience: float, enough: float = LEGIBLE) -> Effort:
    """Train until a share of the digits can be read, or patience ends."""
    found = recipe(name)
    settings = found.presets[preset].model_copy(update={"precision": fast_precision(CPU)})
    training = TrainingState.begin(found, settings, CPU)
    spent, worked, look, share, images = 0.0, 0.0, 5.0, 0.0, 0
    steps = train(training)
    while share < enough and training.step < settings.total_steps and spent < patience:
        start, before = time.perf_counter(), time.process_time()
        images = next(steps).images
        spent, worked = spent + time.perf_counter() - start, worked + time.process_time() - before
        if (spent > look and enough <= 1) or training.step == settings.total_steps:
            share, look = legible(name, training), spent + max(3.0, 0.05 * spent)
    return Effort(spent, worked, images, share)


def main() -> int:
    """Measure the recipes of the command line; returns 1 beyond the bar."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipes", nargs="*", default=["class-flow", "class-ddpm"])
    parser.add_argument("--presets", nargs="+", default=["Laptop", "Course"])
    parser.add_argument("--patience", type=float, default=300.0)
    parser.add_argument("--to-the-end", action="store_true", help="read what the preset ends with")
    chosen = parser.parse_args()
    beyond = False
    print(f"{usual_threads()} threads, {fast_precision(CPU)}")
    for name in chosen.recipes:
        for preset in chosen.presets:
            with fixed_threads(usual_threads()):
                enough = 2.0 if chosen.to_the_end else LEGIBLE
                found = effort(name, preset, chosen.patience, enough)
            reached = found.share >= LEGIBLE
            words = "legible after" if reached else "not legible within"
            print(
                f"{name}, {preset}: {words} {found.seconds:.0f} s ({found.worked:.0f} s of the "
                f"processor) and {found.images:,} images: {found.share:.0%}",
                flush=True,
            )
            if (name, preset) == ("class-flow", "Laptop"):
                beyond = not reached or found.seconds > MOST_SECONDS
    return int(beyond)


if __name__ == "__main__":
    sys.exit(main())
