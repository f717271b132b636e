"""A0 · The machine, the models, how fast they are, and what they can be asked for."""

from __future__ import annotations

import statistics
import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Final

import psutil

from lessons import text_to_image as t2i
from lessons.diffusion.schedules import CLEAN, strided
from lessons.images.captioned import CaptionedImage, Progress
from lessons.model_choice import family
from lessons.prompts import prompts_for
from models import catalog, digits, needs
from models.devices import device_name, pick_device
from models.miniature import words

_TIMED = 5
STEPS: Final = (10, 20)
"""In how many steps the prompts are shown: few, and more."""

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
        shape: (C, H, W) of its images.
        timesteps: T.
        milliseconds: one guided step for one image, the median of five.
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
    """Weights against free memory. Sampling needs some more."""
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


@dataclass(frozen=True)
class Vocabulary:
    """What a model was trained on, for those who look for a prompt.

    Attributes:
        subjects: group → its subjects, as they stand in a prompt.
        wordings: how a prompt may frame a subject, e.g. "an oil painting of …".
        example: a whole prompt that uses more than a subject.
    """

    subjects: Mapping[str, tuple[str, ...]]
    wordings: tuple[str, ...]
    example: str


def vocabulary(model: str) -> Vocabulary | None:
    """What a model can be asked for; None where nobody has listed it.

    Args:
        model: name in the catalog.
    """
    if family(model) == "digits":
        named = tuple(f"{number} ({word})" for number, word in enumerate(digits.WORDS))
        return Vocabulary({"digits": named}, ("a handwritten …",), "a handwritten 6")
    if family(model) != "pictures":
        return None
    subjects = {
        "the course's prompts" if group == "course" else group: tuple(
            words.forms(noun)[0] for noun in nouns
        )
        for group, nouns in words.SECTIONS.items()
    }
    wordings = tuple(
        template.replace("{}", "…")
        for style in words.STYLES.values()
        for template in style
        if template != "{}"
    )
    return Vocabulary(subjects, wordings, "a photo of a blue car on a yellow background")


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
    form = net.spec
    predict = t2i.make_predictor(net, prompts_for(model).three[0], gamma=prompts_for(model).gamma)
    x_t, seconds = t2i.source(form, 0, 1)(), []
    for done in range(1, _TIMED + 2):
        start = time.perf_counter()
        predict(x_t, len(form.alpha_bars) // 2)
        seconds.append(time.perf_counter() - start)
        yield Progress(done, _TIMED + 1, "timing")
    middle = 1000 * statistics.median(seconds[1:])  # the first one warms up
    return Speed(net.parameters, form.shape, len(form.alpha_bars), middle)


def prompt_grid(
    model: str, prompts: tuple[str, ...], gamma: float, seed: int
) -> Generator[Progress, None, tuple[tuple[CaptionedImage, ...], ...]]:
    """One noise, several prompts (columns), few and more steps (rows).

    Args:
        model: name in the catalog.
        prompts: what to make, 1 to 6.
        gamma: guidance scale.
        seed: of the one noise.

    Yields:
        Progress after each step.

    Raises:
        ValueError: the model can't take a prompt.
    """
    net = yield from t2i.loading(model)
    form, rows, done = net.spec, [], 0
    T, total = len(form.alpha_bars), len(prompts) * sum(STEPS)
    for steps in STEPS:
        row = []
        timesteps = (*strided(T - T // steps, T // steps), CLEAN)
        for place, prompt in enumerate(prompts, start=1):
            noise = t2i.source(form, seed, 1)
            sample_steps = t2i.sample_steps(
                form, t2i.make_predictor(net, prompt, gamma), noise(), timesteps, noise
            )
            _, x = yield from t2i.part(sample_steps, done, total, f"{steps} steps, prompt {place}")
            done += steps
            row.append(t2i.captioned(x[0], form, "", f"{prompt}, {steps} steps", "x_0_hat"))
        rows.append(tuple(row))
    return tuple(rows)
