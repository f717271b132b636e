"""A1.3 to A1.6 · The trajectories of Part A, one image each, kept whole for the microscope."""

from __future__ import annotations

from collections.abc import Generator, Sequence

from torch import Tensor

from lessons import text_to_image as t2i
from lessons.diffusion.denoise import PredictNoise, clean_estimate, split
from lessons.diffusion.guidance import guided
from lessons.diffusion.noise import Noise
from lessons.diffusion.schedules import alpha_bar_at
from lessons.dynamic_thresholding import limit_of
from lessons.images import sources
from lessons.images.captioned import Progress
from lessons.part_a.classical_denoising import noisy
from lessons.trace.assemble import Answers, only_last, recorded, trace_of
from lessons.trace.microscope import SamplingTrace, stacked
from lessons.trace.trace import StepRecord, estimate_equation, trace
from models.text_to_image import ModelSpec


def one_step(
    model: str, source_image: str, prompt: str, seed: int
) -> Generator[Progress, None, SamplingTrace]:
    """A1.3: the clean estimate from each of the lesson's 34 noise levels; no step is taken.

    Args:
        model: name in the catalog.
        source_image: name in the gallery.
        prompt: what the network is conditioned on.
        seed: of the noise, the same at every level.

    Yields:
        Progress after each level.

    Raises:
        ValueError: no such model or image, or the model can't take the prompt.
    """
    net = yield from t2i.loading(model)
    form, predict = net.spec, t2i.make_predictor(net, prompt)
    x_0 = sources.load(source_image, form.shape, form.low, form.high)
    times = t2i.timesteps_of(form)
    places, noises, estimates = [], [], []
    for done, t in enumerate(times, start=1):
        x_t = noisy(form, x_0, t, seed)
        eps, _ = split(predict(x_t, t), x_t)
        places.append(x_t)
        noises.append(eps)
        estimates.append(clean_estimate(x_t, eps, alpha_bar_at(form.alpha_bars, t)))
        yield Progress(done, len(times), f"t = {t}")
    levels = [alpha_bar_at(form.alpha_bars, t) for t in times]
    return SamplingTrace(
        labels=tuple(f"t = {t}" for t in times),
        times=tuple(map(float, times)),
        places=stacked(places),
        estimates=stacked(estimates),
        truth=stacked([x_0])[0],
        equations=(estimate_equation(stacked(places), stacked(noises), levels),),
    )


def from_image(
    model: str, source_image: str, prompt: str, i_start: int, seed: int
) -> Generator[Progress, None, SamplingTrace]:
    """A1.4: the trajectory of `iterative_denoising.demo`; `source_image` by name."""
    net = yield from t2i.loading(model)
    form = net.spec
    x_0 = sources.load(source_image, form.shape, form.low, form.high)
    times = t2i.timesteps_of(form, i_start)
    start = noisy(form, x_0, times[0], seed)
    noise = t2i.source(form, seed, 1)
    records = yield from _traced(form, start, times, t2i.make_predictor(net, prompt), noise)
    limited = form.threshold is not None
    return trace_of(records, [], truth=stacked([x_0])[0], limited=limited)


def sample_from_noise(
    model: str,
    prompt: str,
    seed: int,
    number: int = 1,
    gamma: float | None = None,
    negative: str = "",
) -> Generator[Progress, None, SamplingTrace]:
    """A1.5 and A1.6: the trajectory of one image of `sampling.demo`, or of `guidance.demo`.

    Args:
        model: name in the catalog.
        prompt: what to make.
        seed: of the noises.
        number: which image, from 1.
        gamma: guidance scale; None for none.
        negative: what guidance leads away from; "" is the empty prompt.

    Yields:
        Progress after each step.

    Raises:
        ValueError: no such model or image, or the model can't take a prompt.
    """
    net = yield from t2i.loading(model)
    form = net.spec
    noise, answers = only_last(t2i.source(form, seed, number)), Answers()
    predict = t2i.make_predictor(net, prompt)
    if gamma is not None and prompt != negative:
        wanted, unwanted = net.embed([prompt, negative]).chunk(2)
        predict = guided(recorded(net.predict, answers), wanted, unwanted, gamma)
    records = yield from _traced(form, noise(), t2i.timesteps_of(form), predict, noise)
    limited = form.threshold is not None
    return trace_of(records, answers, gamma, limited=limited)


def _traced(
    form: ModelSpec, start: Tensor, times: Sequence[int], predict: PredictNoise, noise: Noise
) -> Generator[Progress, None, list[StepRecord]]:
    records = []
    for one in trace(start, times, form.alpha_bars, predict, noise, limit=limit_of(form)):
        records.append(one)
        yield Progress(len(records), len(times) - 1, f"t = {one.s}")
    return records
