"""How fast this machine trains, measured before anyone has to wait for it."""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import Final

import torch

from lessons.picture import Progress
from lessons.runs.recipes import recipe
from lessons.training import Batch, Settings, Training
from models.devices import autocast, fast_precision, pick_device
from models.randomness import stream

SAMPLE: Final = 32
_STEPS: Final = 3


def images_per_second(
    name: str,
    num_hiddens: int,
    precision: str,
    busy: bool,  # noqa: ARG001 - a result of its own
) -> Generator[Progress, None, float]:
    """Train a throw-away network for a moment and measure its speed.

    Args:
        name: the recipe.
        num_hiddens: the width D; other settings hardly matter for the speed of an image.
        precision: "float32" or "bfloat16".
        busy: whether another run trains meanwhile, so that the two speeds are kept apart.

    Yields:
        Progress after each step.

    Returns:
        Images a second as the machine is loaded now: the fastest of the measured steps.
    """
    found = recipe(name)
    settings = found.settings(num_hiddens=num_hiddens, precision=precision)
    training = Training.begin(found, settings)
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


def _one_step(training: Training, settings: Settings, step: int) -> None:
    images = torch.zeros(SAMPLE, 1, 28, 28, device=training.device)
    labels = torch.zeros(SAMPLE, dtype=torch.int64, device=training.device)
    batch = Batch(images, labels, stream(0, "speed", step))
    with autocast(training.device, settings.precision):
        loss = training.recipe.loss(training.network, batch, settings)
    training.optimiser.zero_grad(set_to_none=True)
    torch.autograd.backward(loss)
    training.optimiser.step()
    loss.item()  # waits for a GPU
