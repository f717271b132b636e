"""A0 · What is here: the machine, the models, and how fast they are."""

from __future__ import annotations

import statistics
import time
from collections.abc import Generator
from dataclasses import dataclass

import psutil

from lessons import text_to_image as t2i
from lessons.picture import Progress
from lessons.prompts import prompts_for
from models import catalog
from models.devices import device_name, pick_device

_TIMED = 5


@dataclass(frozen=True)
class Machine:
    """What this server runs on.

    Attributes:
        device: the fastest device at hand.
        memory: bytes that this server's process occupies.
        free: bytes that are still free.
        loaded: names of the models in memory.
    """

    device: str
    memory: int
    free: int
    loaded: tuple[str, ...]


@dataclass(frozen=True)
class Speed:
    """A model, measured here.

    Attributes:
        parameters: numbers that were learnt, text encoder included.
        shape: (C, H, W) of its pictures.
        timesteps: T.
        milliseconds: one guided step for one picture, the median of five.
    """

    parameters: int
    shape: tuple[int, int, int]
    timesteps: int
    milliseconds: float


def machine() -> Machine:
    """Look at the machine, now."""
    memory = psutil.Process().memory_info().rss
    free = psutil.virtual_memory().available
    return Machine(device_name(pick_device()), memory, free, catalog.loaded())


def speed(model: str) -> Generator[Progress, None, Speed]:
    """Load a model and time guided steps.

    Args:
        model: name in the catalog.

    Yields:
        Progress after each step.

    Raises:
        ValueError: there is no such model, or its files are damaged.
    """
    net = yield from t2i.loading(model)
    form = net.outline
    predict = t2i.told(net, prompts_for(model).three[0], gamma=7.0)
    x_t, seconds = t2i.source(form, 0, 1)(), []
    for done in range(1, _TIMED + 2):
        start = time.perf_counter()
        predict(x_t, len(form.alpha_bars) // 2)
        seconds.append(time.perf_counter() - start)
        yield Progress(done, _TIMED + 1, "timing")
    middle = 1000 * statistics.median(seconds[1:])  # the first one warms up
    return Speed(net.parameters, form.shape, len(form.alpha_bars), middle)
