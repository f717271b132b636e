"""A1.5.2 · Samplers: the same network and the same noise, another rule for the step."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Final

from torch import Tensor

from lessons import text_to_image as t2i
from lessons.diffusion.denoise import PredictNoise
from lessons.diffusion.posterior import posterior_variance
from lessons.diffusion.samplers import Sampler, ddim, ddpm, dpm_solver_2m, sampling_trajectory
from lessons.diffusion.schedules import CLEAN, course_timesteps, spread
from lessons.dynamic_thresholding import limit_of
from lessons.images.captioned import CaptionedImage, Progress
from lessons.measure.quality import mean_squared_error
from models.text_to_image import ModelSpec

STEPS: Final = (5, 10, 20, 34, 50, 100)
"""Steps that a reader may choose, each of which is one network call for all images."""

SHOWN: Final = (5, 10, 20, 50)
"""Steps that stand side by side."""

COUNT: Final = 4
"""Noises at once."""

DDPM, SECOND = "DDPM, σ² = β̃", "DPM-Solver++(2M)"


def samplers(eta: float = 0.0) -> dict[str, Sampler]:
    """The three samplers by name.

    DDPM takes β̃ of the stride even where a network learnt a variance of its own, so that the rule
    is the same for all networks.

    Args:
        eta: of DDIM, 0 to 1.

    Raises:
        ValueError: η is out of range.
    """
    return {
        DDPM: ddpm(posterior_variance, learned=False),
        ddim_name(eta): ddim(eta),
        SECOND: dpm_solver_2m(),
    }


def ddim_name(eta: float) -> str:
    """What DDIM is called at one η."""
    return f"DDIM, η = {eta:g}"


def few_timesteps(form: ModelSpec, steps: int) -> tuple[int, ...]:
    """Timesteps of as many steps, from where the course begins to the clean image.

    Args:
        form: whose schedule.
        steps: how many, each one network call.

    Raises:
        ValueError: the schedule has not so many.
    """
    return *spread(course_timesteps(len(form.alpha_bars))[0] + 1, steps), CLEAN


@dataclass(frozen=True)
class SampledBy:
    """Images of several samplers from the same noises.

    Attributes:
        rows: the images by the sampler's name, one a noise.
        calls: network calls that each image took, with guidance two predictions each.
        apart: root mean square difference of the pixels between each pair of samplers, mean over
            the images, white minus black being 1; by their two names, joined by "and".
    """

    rows: dict[str, tuple[CaptionedImage, ...]]
    calls: int
    apart: dict[str, float]


def demo(
    model: str, prompt: str, gamma: float, steps: int, eta: float, seed: int
) -> Generator[Progress, None, SampledBy]:
    """Sample the same noises with three samplers.

    Args:
        model: name in the catalog.
        prompt: what to make.
        gamma: guidance scale.
        steps: how many.
        eta: of DDIM, 0 to 1.
        seed: of the noises.

    Yields:
        Progress after each step.

    Raises:
        ValueError: the model can't take the prompt, η is out of range, or not so many steps.
    """
    net = yield from t2i.loading(model)
    form, predict = net.spec, t2i.make_predictor(net, prompt, gamma)
    ends: dict[str, Tensor] = {}
    for name, sampler in samplers(eta).items():
        done = len(ends) * steps
        run = _sampled(form, predict, few_timesteps(form, steps), sampler, seed, COUNT)
        ends[name] = yield from _counted(run, done, 3 * steps, name)
    return SampledBy(
        {name: _captioned(x, form, f"{name}, {steps} steps") for name, x in ends.items()},
        steps,
        _apart(ends, form),
    )


def over_steps(
    model: str, prompt: str, gamma: float, seed: int
) -> Generator[Progress, None, dict[str, tuple[CaptionedImage, ...]]]:
    """Sample one noise with each sampler in ever more steps; arguments as in `demo`.

    Yields:
        Progress after each step.

    Returns:
        By the sampler's name, DDIM at η = 0, an image for each of SHOWN.

    Raises:
        ValueError: the model can't take the prompt.
    """
    net = yield from t2i.loading(model)
    form, predict = net.spec, t2i.make_predictor(net, prompt, gamma)
    rows, done, total = {}, 0, len(samplers()) * sum(SHOWN)
    for name, sampler in samplers().items():
        row: list[CaptionedImage] = []
        for steps in SHOWN:
            run = _sampled(form, predict, few_timesteps(form, steps), sampler, seed, 1)
            x = yield from _counted(run, done, total, f"{name}, {steps} steps")
            row += _captioned(x, form, f"{name}, {steps} steps")
            done += steps
        rows[name] = tuple(row)
    return rows


Steps = Generator[int, None, Tensor]
"""Counts the steps of one run, and returns the finished images."""


def _sampled(
    form: ModelSpec,
    predict: PredictNoise,
    timesteps: tuple[int, ...],
    sampler: Sampler,
    seed: int,
    count: int,
) -> Steps:
    noise = t2i.source(form, seed, count)
    start = noise()
    frames = sampling_trajectory(
        start, timesteps, form.alpha_bars, predict, noise, sampler, limit_of(form)
    )
    x = start
    for done, frame in enumerate(frames, start=1):
        x = frame.x_t
        yield done
    return x


def _counted(run: Steps, done: int, total: int, words: str) -> Generator[Progress, None, Tensor]:
    while True:
        try:
            yield Progress(done + next(run), total, words)
        except StopIteration as end:
            x: Tensor = end.value
            return x


def _captioned(x: Tensor, form: ModelSpec, alt: str) -> tuple[CaptionedImage, ...]:
    return tuple(t2i.captioned(one, form, "", alt, "x_0_hat") for one in x)


def _apart(ends: dict[str, Tensor], form: ModelSpec) -> dict[str, float]:
    shown = {name: x.clamp(form.low, form.high) for name, x in ends.items()}
    names = list(shown)
    pairs = [(a, b) for i, a in enumerate(names) for b in names[i + 1 :]]
    return {
        f"{a} and {b}": float(mean_squared_error(shown[a], shown[b]).sqrt().mean())
        / t2i.value_range(form)
        for a, b in pairs
    }
