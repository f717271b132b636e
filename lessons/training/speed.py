"""How fast this machine trains: `python -m lessons.training.speed denoiser 16 bfloat16`.

Prints the images a second of a training of that recipe, width and precision.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Generator
from typing import Final

import torch

from lessons.diffusion.noise import stream
from lessons.images.captioned import Progress
from lessons.training.loop import TrainingState
from lessons.training.recipe import DigitBatch, Settings
from lessons.training.runs.recipes import recipe
from lessons.training.runs.threads import fixed_threads, usual_threads
from models.devices import autocast, fast_precision, pick_device

SAMPLE: Final = 32
_STEPS: Final = 3


def images_per_second(
    name: str,
    num_hiddens: int,
    precision: str,
) -> Generator[Progress, None, float]:
    """Train a throw-away network for a moment and measure its speed.

    Args:
        name: the recipe.
        num_hiddens: the width D; other settings hardly matter for the speed of an image.
        precision: "float32" or "bfloat16".

    Yields:
        Progress after each step.

    Returns:
        Images a second as the machine is loaded now: the fastest of the measured steps.
    """
    found = recipe(name)
    settings = found.settings(num_hiddens=num_hiddens, precision=precision)
    training = TrainingState.begin(found, settings)
    times = []
    for step in range(_STEPS + 1):
        start = time.perf_counter()
        _one_step(training, settings, step)
        times.append(time.perf_counter() - start)
        yield Progress(step + 1, _STEPS + 1, "measuring this machine's speed")
    return SAMPLE / min(times[1:])  # the first step pays for what later ones find ready


def recommended_precision() -> str:
    """The arithmetic in which this machine trains fastest."""
    return fast_precision(pick_device())


def _one_step(training: TrainingState, settings: Settings, step: int) -> None:
    images = torch.zeros(SAMPLE, 1, 28, 28, device=training.device)
    labels = torch.zeros(SAMPLE, dtype=torch.int64, device=training.device)
    batch = DigitBatch(images, labels, stream(0, "speed", step))
    with autocast(training.device, settings.precision):
        loss = training.recipe.loss(training.network, batch, settings)
    training.optimiser.zero_grad(set_to_none=True)
    torch.autograd.backward(loss)
    training.optimiser.step()
    loss.item()  # waits for a GPU


def main() -> None:
    """Measure what the command line names, as a worker would train it."""
    name, num_hiddens, precision = sys.argv[1:]
    if hasattr(os, "nice"):
        os.nice(5)
    steps = images_per_second(name, int(num_hiddens), precision)
    with fixed_threads(usual_threads()):
        while True:
            try:
                next(steps)
            except StopIteration as end:
                print(end.value)
                return


if __name__ == "__main__":
    main()
