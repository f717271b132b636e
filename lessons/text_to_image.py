"""What the lessons of Part A share: a model by name, its timesteps, and the film of a walk."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from torch import Tensor

from lessons.dynamic_thresholding import limit_of
from lessons.guidance import conditional, guided
from lessons.iterative_denoising import (
    AfterStep,
    NoiseSource,
    PredictNoise,
    course_timesteps,
    denoise,
)
from lessons.picture import Picture, Progress, Symbol, side_by_side, to_pixels
from models import catalog
from models.diffusers_model import Upscaler
from models.text_to_image import Outline, TextToImage

LARGEST: Final = 8
"""Pictures that one call may make."""


@dataclass(frozen=True)
class Film:
    """Pictures in the making.

    Attributes:
        frames: where the walk stands and the guess made from there, all pictures side by side, at
            the start and after every step.
        times: t of each frame, falling.
    """

    frames: tuple[tuple[Picture, Picture], ...]
    times: tuple[int, ...]


@dataclass(frozen=True)
class About:
    """What a page says of a model.

    Attributes:
        name: its key in the catalog.
        title: what readers call it.
        text: one sentence.
        thresholded: name of the same model with its makers' thresholding; "" where there is none.
    """

    name: str
    title: str
    text: str
    thresholded: str = ""


Made = tuple[Film, Tensor]
"""How pictures were made, and the finished ones, (B, C, H, W), not clamped."""


def models() -> tuple[About, ...]:
    """The models that can be had here; the first is the one to begin with."""
    return tuple(
        About(name, one.title, one.about, name + catalog.THRESHOLD if one.threshold else "")
        for name, one in catalog.entries().items()
    )


def family(name: str) -> str:
    """A model's name without the way in which it is used."""
    return name.removesuffix(catalog.THRESHOLD)


def edition(name: str) -> str:
    """What changes when a model's weights do.

    Raises:
        ValueError: there is no such model, or its weights are missing.
    """
    return catalog.entry(name).edition()


def problem(name: str, prompt: str) -> str:
    """Why a model can't take a prompt, in one sentence; "" if it can. Loads nothing.

    Raises:
        ValueError: there is no such model.
    """
    try:
        catalog.entry(name).check(prompt)
    except catalog.UnknownModel:
        raise
    except ValueError as error:
        return str(error)
    return ""


def loading(name: str) -> Generator[Progress, None, TextToImage]:
    """Load a model, with progress for the page.

    Raises:
        ValueError: there is no such model, or its files are damaged; the message says it.
    """
    return (yield from _telling(catalog.loading(name)))


def loading_upscaler(name: str) -> Generator[Progress, None, Upscaler]:
    """Load what enlarges a model's pictures; otherwise as `loading`.

    Raises:
        ValueError: there is no such thing for this model.
    """
    return (yield from _telling(catalog.loading_upscaler(name)))


M = TypeVar("M")


def _telling(steps: Generator[str, None, M]) -> Generator[Progress, None, M]:
    done = 0
    while True:
        try:
            doing = next(steps)
        except StopIteration as end:
            model: M = end.value
            return model
        yield Progress(done, done + 1, f"loading the model: {doing}")


def told(model: TextToImage, prompt: str, gamma: float | None = None) -> PredictNoise:
    """The predictor for one prompt: with guidance away from the empty prompt, or without.

    Args:
        model: which network.
        prompt: what to make.
        gamma: guidance strength; None asks the network once and takes its word.

    Raises:
        ValueError: the model can't take the prompt.
    """
    if gamma is None or not prompt:  # the empty prompt has nothing to exaggerate
        return conditional(model.predict, model.embed([prompt]))
    wanted, unwanted = model.embed([prompt, ""]).chunk(2)
    return guided(model.predict, wanted, unwanted, gamma)


def outline(name: str) -> Outline:
    """A model's pictures and schedule, without loading it.

    Raises:
        ValueError: there is no such model.
    """
    return catalog.entry(name).outline


def timesteps_of(form: Outline, i_start: int = 0) -> tuple[int, ...]:
    """The lesson's timesteps for a model's schedule, from place `i_start` on.

    Raises:
        ValueError: `i_start` leaves no step, or is negative.
    """
    timesteps = course_timesteps(len(form.alpha_bars))
    if not 0 <= i_start <= len(timesteps) - 2:
        raise ValueError(f"i_start must be 0 to {len(timesteps) - 2}, not {i_start}")
    return timesteps[i_start:]


def source(form: Outline, seed: int, count: int, purpose: str = "sample") -> NoiseSource:
    """The noise of `count` pictures; picture i's is the same whatever `count` is.

    Raises:
        ValueError: too many, or none.
    """
    if not 1 <= count <= LARGEST:
        raise ValueError(f"1 to {LARGEST} pictures at once, not {count}.")
    return NoiseSource(seed, count, form.shape, purpose)


def making(
    form: Outline,
    predict_noise: PredictNoise,
    start: Tensor,
    timesteps: Sequence[int],
    noise: NoiseSource,
    after: AfterStep = lambda x_s, _s: x_s,
) -> Generator[Progress, None, Made]:
    """Walk the sampling loop with the model's schedule, and keep every step.

    Args:
        form: its schedule and value range.
        predict_noise: (x_t, t) → the noise in x_t.
        start: pictures at the first timestep, (B, C, H, W).
        timesteps: falling indices into the schedule.
        noise: of the steps.
        after: has the last word on what each step reached.

    Yields:
        Progress after each step, with the guesses so far.

    Returns:
        The film, and the finished pictures, (B, C, H, W), not clamped.
    """
    total = len(timesteps) - 1
    stands, guesses = [row(start, form, "x_t")], []
    x_t = start
    frames = denoise(
        start,
        timesteps,
        form.alpha_bars,
        predict_noise,
        noise,
        limit=limit_of(form),
        after=after,
    )
    for done, frame in enumerate(frames, start=1):
        x_t = frame.x_t
        stands.append(row(x_t, form, "x_t"))
        guesses.append(row(frame.x_0, form, "x_0_hat"))
        yield Progress(done, total, f"t = {frame.t}", (guesses[-1],))
    guesses.append(guesses[-1])  # nothing is guessed from the finished pictures
    return Film(tuple(zip(stands, guesses, strict=True)), tuple(timesteps)), x_t


def from_noise(
    form: Outline, predict_noise: PredictNoise, seed: int, count: int, purpose: str = "sample"
) -> Generator[Progress, None, Made]:
    """Make pictures from pure noise; otherwise as `making`.

    Args:
        form: its schedule and value range.
        predict_noise: (x_t, t) → the noise in x_t.
        seed: of the noises; picture i is the same for any `count`.
        count: how many, 1 to LARGEST.
        purpose: names the noises; other ones for another purpose.

    Raises:
        ValueError: too many, or none.
    """
    noise = source(form, seed, count, purpose)
    return (yield from making(form, predict_noise, noise(), timesteps_of(form), noise))


def part(
    steps: Generator[Progress, None, Made], done: int, total: int, words: str
) -> Generator[Progress, None, Made]:
    """Run one part of a longer calculation, and count its steps within the whole.

    Args:
        steps: a `making`.
        done: steps before it.
        total: steps in all.
        words: what this part is.
    """
    while True:
        try:
            step = next(steps)
        except StopIteration as end:
            made: Made = end.value
            return made
        yield Progress(done + step.done, total, words, step.frame)


def picture(
    image: Tensor, form: Outline, caption: str = "", alt: str = "", symbol: Symbol = ""
) -> Picture:
    """One picture in a model's value range, (C, H, W), for the page."""
    return Picture(to_pixels(image, form.low, form.high), caption, alt, symbol)


_ROW_WORDS = {"x_t": "where the walk stands, x_t", "x_0_hat": "the guess at the end, x̂₀"}


def row(images: Tensor, form: Outline, symbol: Symbol) -> Picture:
    """Pictures side by side in one, (B, C, H, W)."""
    words = _ROW_WORDS[symbol]
    parts = [picture(image, form) for image in images]
    alt = f"{len(parts)} pictures in a row: {words}" if len(parts) > 1 else words
    return side_by_side(parts, words, alt, symbol)


def value_range(form: Outline) -> float:
    """White minus black."""
    return form.high - form.low


def levels(form: Outline) -> tuple[int, ...]:
    """A quarter, a half and three quarters of the way into the noise: 250, 500, 750 of 1000."""
    T = len(form.alpha_bars)
    return T // 4, T // 2, 3 * T // 4


def level(form: Outline, t: int) -> Tensor:
    """Look up ᾱ_t, shaped to meet a batch, (1, 1, 1, 1).

    Raises:
        ValueError: t is no timestep; a negative one would silently count from the noisy end.
    """
    if not 0 <= t < len(form.alpha_bars):
        raise ValueError(f"t must be 0 to {len(form.alpha_bars) - 1}, got {t}")
    return form.alpha_bars[t].float().view(1, 1, 1, 1)
