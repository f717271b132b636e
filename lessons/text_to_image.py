"""What the lessons of Part A share: a model by name, its timesteps, a sampling trajectory."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from torch import Tensor

from lessons.diffusion.denoise import PredictNoise
from lessons.diffusion.guidance import conditional, guided
from lessons.diffusion.noise import NoiseSource
from lessons.diffusion.samplers import AfterStep, sampling_trajectory
from lessons.diffusion.schedules import course_timesteps
from lessons.dynamic_thresholding import limit_of
from lessons.images.captioned import CaptionedImage, Progress, Symbol, side_by_side, to_pixels
from models import catalog
from models.diffusers_model import Upscaler
from models.text_to_image import ModelSpec, TextToImage

LARGEST: Final = 8
"""Images that one call may make."""


@dataclass(frozen=True)
class Trajectory:
    """A sampling trajectory.

    Attributes:
        frames: the current samples and the clean estimates made from them, all images side by
            side, at the start and after every step.
        times: t of each frame, falling.
    """

    frames: tuple[tuple[CaptionedImage, CaptionedImage], ...]
    times: tuple[int, ...]


Made = tuple[Trajectory, Tensor]
"""How images were made, and the finished ones, (B, C, H, W), not clamped."""


def loading(name: str) -> Generator[Progress, None, TextToImage]:
    """Load a model, with progress for the page.

    Raises:
        ValueError: there is no such model, or its files are damaged; the message says it.
    """
    return (yield from _telling(catalog.loading(name)))


def loading_upscaler(name: str) -> Generator[Progress, None, Upscaler]:
    """Load what enlarges a model's images; otherwise as `loading`.

    Raises:
        ValueError: there is no such thing for this model.
    """
    return (yield from _telling(catalog.loading_upscaler(name)))


def note(model: str, prompt: str) -> Generator[Progress, None, str]:
    """What to expect of a prompt that a model was not trained on; "" if there is nothing to say.

    Args:
        model: name in the catalog.
        prompt: what is asked for.

    Raises:
        ValueError: there is no such model, or its files are damaged; the message says it.
    """
    net = yield from loading(model)
    return net.note(prompt)


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


def make_predictor(model: TextToImage, prompt: str, gamma: float | None = None) -> PredictNoise:
    """The predictor for one prompt: with guidance away from the empty prompt, or without.

    Args:
        model: which network.
        prompt: what to make.
        gamma: guidance scale; None for the conditional prediction alone.

    Raises:
        ValueError: the model can't take the prompt.
    """
    if gamma is None or not prompt:  # the empty prompt has nothing to exaggerate
        return conditional(model.predict, model.embed([prompt]))
    wanted, unwanted = model.embed([prompt, ""]).chunk(2)
    return guided(model.predict, wanted, unwanted, gamma)


def spec(name: str) -> ModelSpec:
    """A model's images and schedule, without loading it.

    Raises:
        ValueError: there is no such model.
    """
    return catalog.entry(name).spec


def timesteps_of(form: ModelSpec, i_start: int = 0) -> tuple[int, ...]:
    """The lesson's timesteps for a model's schedule, from place `i_start` on.

    Raises:
        ValueError: `i_start` leaves no step, or is negative.
    """
    timesteps = course_timesteps(len(form.alpha_bars))
    if not 0 <= i_start <= len(timesteps) - 2:
        raise ValueError(f"i_start must be 0 to {len(timesteps) - 2}, not {i_start}")
    return timesteps[i_start:]


def source(form: ModelSpec, seed: int, count: int, purpose: str = "sample") -> NoiseSource:
    """The noise of `count` images; image i's is the same whatever `count` is.

    Raises:
        ValueError: too many, or none.
    """
    if not 1 <= count <= LARGEST:
        raise ValueError(f"1 to {LARGEST} images at once, not {count}.")
    return NoiseSource(seed, count, form.shape, purpose)


def sample_steps(
    form: ModelSpec,
    predict_noise: PredictNoise,
    start: Tensor,
    timesteps: Sequence[int],
    noise: NoiseSource,
    after: AfterStep = lambda x_s, _s: x_s,
) -> Generator[Progress, None, Made]:
    """Run the sampling loop with the model's schedule, and keep every step.

    Args:
        form: its schedule and value range.
        predict_noise: (x_t, t) → the noise in x_t.
        start: images at the first timestep, (B, C, H, W).
        timesteps: falling indices into the schedule.
        noise: of the steps.
        after: has the last word on what each step reached.

    Yields:
        Progress after each step, with the estimates so far.

    Returns:
        The trajectory, and the finished images, (B, C, H, W), not clamped.
    """
    total = len(timesteps) - 1
    stands, estimates = [row(start, form, "x_t")], []
    x_t = start
    frames = sampling_trajectory(
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
        estimates.append(row(frame.x_0, form, "x_0_hat"))
        yield Progress(done, total, f"t = {frame.t}", (estimates[-1],))
    estimates.append(estimates[-1])  # nothing is estimated from the finished images
    return Trajectory(tuple(zip(stands, estimates, strict=True)), tuple(timesteps)), x_t


def sample_from_noise(
    form: ModelSpec, predict_noise: PredictNoise, seed: int, count: int, purpose: str = "sample"
) -> Generator[Progress, None, Made]:
    """Make images from pure noise; otherwise as `sample_steps`.

    Args:
        form: its schedule and value range.
        predict_noise: (x_t, t) → the noise in x_t.
        seed: of the noises; image i is the same for any `count`.
        count: how many, 1 to LARGEST.
        purpose: names the noises; other ones for another purpose.

    Raises:
        ValueError: too many, or none.
    """
    noise = source(form, seed, count, purpose)
    return (yield from sample_steps(form, predict_noise, noise(), timesteps_of(form), noise))


def part(
    steps: Generator[Progress, None, Made], done: int, total: int, words: str
) -> Generator[Progress, None, Made]:
    """Run one part of a longer calculation, and count its steps within the whole.

    Args:
        steps: a `sample_steps`.
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


def captioned(
    image: Tensor, form: ModelSpec, caption: str = "", alt: str = "", symbol: Symbol = ""
) -> CaptionedImage:
    """One image in a model's value range, (C, H, W), for the page."""
    return CaptionedImage(to_pixels(image, form.low, form.high), caption, alt, symbol)


_ROW_WORDS = {"x_t": "current sample x_t", "x_0_hat": "clean estimate x̂₀"}


def row(images: Tensor, form: ModelSpec, symbol: Symbol) -> CaptionedImage:
    """Images side by side in one, (B, C, H, W)."""
    words = _ROW_WORDS[symbol]
    parts = [captioned(image, form) for image in images]
    alt = f"{len(parts)} images in a row: {words}" if len(parts) > 1 else words
    return side_by_side(parts, words, alt, symbol)


def value_range(form: ModelSpec) -> float:
    """White minus black."""
    return form.high - form.low


def levels(form: ModelSpec) -> tuple[int, ...]:
    """A quarter, a half and three quarters of the way into the noise: 250, 500, 750 of 1000."""
    T = len(form.alpha_bars)
    return T // 4, T // 2, 3 * T // 4


def alpha_bar_of(form: ModelSpec, t: int) -> Tensor:
    """Look up ᾱ_t, shaped to meet a batch, (1, 1, 1, 1).

    Raises:
        ValueError: t is no timestep; a negative one would silently count from the noisy end.
    """
    if not 0 <= t < len(form.alpha_bars):
        raise ValueError(f"t must be 0 to {len(form.alpha_bars) - 1}, got {t}")
    return form.alpha_bars[t].float().view(1, 1, 1, 1)
