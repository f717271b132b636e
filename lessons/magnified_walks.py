"""A1.3 to A1.6 · The walks of Part A, one picture each, kept whole for the microscope."""

from __future__ import annotations

from collections.abc import Generator, Sequence

from torch import Tensor

from lessons import originals
from lessons import text_to_image as t2i
from lessons.classical_denoising import noisy
from lessons.dynamic_thresholding import limit_of
from lessons.iterative_denoising import PredictNoise, clean_estimate, signal_left, split
from lessons.microscope import Walk, stacked
from lessons.picture import Progress
from lessons.put_together import Answers, Noise, guided_aloud, only_last, walk_of
from lessons.taken_apart import Seen, guess_equation, watched
from models.text_to_image import Outline


def one_step(model: str, original: str, prompt: str, seed: int) -> Generator[Progress, None, Walk]:
    """A1.3: the guess from each of the lesson's 34 noise levels; nothing is walked.

    Args:
        model: name in the catalog.
        original: name in the gallery.
        prompt: what the network is told.
        seed: of the noise, the same at every level.

    Yields:
        Progress after each level.

    Raises:
        ValueError: no such model or picture, or the model can't take the prompt.
    """
    net = yield from t2i.loading(model)
    form, predict = net.outline, t2i.told(net, prompt)
    x_0 = originals.load(original, form.shape, form.low, form.high)
    times = t2i.timesteps_of(form)
    places, noises, guesses = [], [], []
    for done, t in enumerate(times, start=1):
        x_t = noisy(form, x_0, t, seed)
        eps, _ = split(predict(x_t, t), x_t)
        places.append(x_t)
        noises.append(eps)
        guesses.append(clean_estimate(x_t, eps, signal_left(form.alpha_bars, t)))
        yield Progress(done, len(times), f"t = {t}")
    levels = [signal_left(form.alpha_bars, t) for t in times]
    return Walk(
        labels=tuple(f"t = {t}" for t in times),
        times=tuple(map(float, times)),
        places=stacked(places),
        guesses=stacked(guesses),
        truth=stacked([x_0])[0],
        equations=(guess_equation(stacked(places), stacked(noises), levels),),
    )


def from_picture(
    model: str, original: str, prompt: str, i_start: int, seed: int
) -> Generator[Progress, None, Walk]:
    """A1.4: the walk of `three_denoisers.demo`; arguments as there, `original` by name."""
    net = yield from t2i.loading(model)
    form = net.outline
    x_0 = originals.load(original, form.shape, form.low, form.high)
    times = t2i.timesteps_of(form, i_start)
    start = noisy(form, x_0, times[0], seed)
    noise = t2i.source(form, seed, 1)
    seen = yield from _walked(form, start, times, t2i.told(net, prompt), noise)
    limited = form.threshold is not None
    return walk_of(seen, form.alpha_bars, [], truth=stacked([x_0])[0], limited=limited)


def from_noise(
    model: str, prompt: str, seed: int, number: int = 1, gamma: float | None = None
) -> Generator[Progress, None, Walk]:
    """A1.5 and A1.6: the walk of one picture of `sampling.demo`.

    Args:
        model: name in the catalog.
        prompt: what to make.
        seed: of the noises.
        number: which picture, from 1.
        gamma: guidance strength; None for none.

    Yields:
        Progress after each step.

    Raises:
        ValueError: no such model or picture, or the model can't take the prompt.
    """
    net = yield from t2i.loading(model)
    form = net.outline
    noise, answers = only_last(t2i.source(form, seed, number)), Answers()
    predict = t2i.told(net, prompt)
    if gamma is not None and prompt:
        predict = guided_aloud(predict, t2i.told(net, ""), gamma, answers)
    seen = yield from _walked(form, noise(), t2i.timesteps_of(form), predict, noise)
    limited = form.threshold is not None
    return walk_of(seen, form.alpha_bars, answers, gamma, limited=limited)


def _walked(
    form: Outline, start: Tensor, times: Sequence[int], predict: PredictNoise, noise: Noise
) -> Generator[Progress, None, list[Seen]]:
    seen = []
    for one in watched(start, times, form.alpha_bars, predict, noise, limit=limit_of(form)):
        seen.append(one)
        yield Progress(len(seen), len(times) - 1, f"t = {one.s}")
    return seen
