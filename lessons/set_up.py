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
from models import catalog, needs
from models.devices import device_name, pick_device

_TIMED = 5
GB = 1e9


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


@dataclass(frozen=True)
class Fit:
    """What a large model needs, beside what the machine has. Nothing was loaded to know it.

    Attributes:
        columns: what the rows say.
        rows: a part of the model each.
        verdict: one sentence.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    verdict: str


def fit(model: str) -> Fit | None:
    """Compare a model's needs with the machine; None for a model that fits everywhere.

    Raises:
        ValueError: there is no such model, or what is known of it is wrong; the message says what.
    """
    parts = catalog.entry(model).needs()
    if not parts:
        return None
    rows = tuple(
        (
            part.part,
            _amount(part.parameters, {1e9: "billion", 1e6: "million", 1e3: "thousand"}),
            _amount(part.fetched, {1e9: "GB", 1e6: "MB", 1e3: "kB"}) or "here already",
            _amount(part.loaded, {1e9: "GB", 1e6: "MB", 1e3: "kB"}),
        )
        for part in parts
    )
    columns = ("part", "parameters", "to fetch", "weights in memory")
    return Fit(columns, rows, _verdict(parts))


def _verdict(parts: tuple[needs.Need, ...]) -> str:
    """Weights against free memory. Pictures in the making need some more."""
    fastest = needs.rooms()[0]
    all_at_once, one_by_one = (needs.together(parts, offload) for offload in (False, True))
    has = f"The {fastest.where} has {fastest.free / GB:.1f} of {fastest.total / GB:.1f} GB free"
    if all_at_once < fastest.free:
        return f"{has}: that is enough for all weights at once ({all_at_once / GB:.1f} GB)."
    if one_by_one < fastest.free:
        return (
            f"{has}: too little for all weights at once ({all_at_once / GB:.1f} GB), enough for "
            f"one network at a time ({one_by_one / GB:.1f} GB): set DIFFUSION_DEEPFLOYD_OFFLOAD=on."
        )
    return (
        f"{has}: too little for the largest part ({one_by_one / GB:.1f} GB). Choose a smaller "
        "network, or set DIFFUSION_DEEPFLOYD_T5 to 8bit or, with imported prompts, to off."
    )


def _amount(number: float, units: dict[float, str]) -> str:
    """A number in the largest unit that it reaches, "" for 0."""
    for size, unit in units.items():
        if number >= size:
            return f"{number / size:.3g} {unit}"
    return f"{number:.0f}" if number else ""


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
