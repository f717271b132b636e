"""A1.5.1 · The best denoiser that a finite set of images allows, and what the network adds."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import Final

import torch
from torch import Tensor

from lessons import text_to_image as t2i
from lessons.diffusion.denoise import PredictNoise, clean_estimate, noise_estimate, split
from lessons.diffusion.forward import add_noise
from lessons.diffusion.noise import stream
from lessons.images.captioned import CaptionedImage, Progress
from lessons.images.known_sets import NEW, sets
from lessons.measure import quality
from models.text_to_image import ModelSpec

COUNT: Final = 5
"""Samples of each of the two."""


LEVELS: Final = 8
"""Points of the curves."""


def responsibilities(x_t: Tensor, known: Tensor, alpha_bar_t: Tensor) -> Tensor:
    r"""The probability of every known image, given the noisy one.

    $$
    w_i = \mathrm{softmax}_i \left(
        -\frac{\lVert x_t - \sqrt{\bar\alpha_t}\, x_i \rVert^2}{2 (1 - \bar\alpha_t)} \right)
    $$

    This is Bayes' rule with a uniform prior over the images $x_i$ and a Gaussian likelihood. At
    high noise levels all images stay likely, at low ones only the nearest does.

    Source: Karras et al. 2022 (arXiv:2206.00364), appendix B.3.

    Args:
        x_t: noisy images, (B, C, H, W).
        known: the whole set, (N, C, H, W).
        alpha_bar_t: share of signal power left, in (0, 1), float64.

    Returns:
        w, (B, N) float64; each row sums to 1.
    """
    centres = alpha_bar_t.sqrt() * known.flatten(1).double()
    distance = torch.cdist(x_t.flatten(1).double(), centres).square()
    return (-distance / (2 * (1 - alpha_bar_t))).softmax(dim=1)


def expected_image(w: Tensor, known: Tensor) -> Tensor:
    r"""The posterior mean, which has the smallest expected squared error of all estimates.

    $$
    \hat x_0 = \sum_i w_i \, x_i
    $$

    Every estimate is a weighted mean of known images, never anything else.

    Source: Karras et al. 2022 (arXiv:2206.00364), appendix B.3.

    Args:
        w: how likely each known image is, (B, N).
        known: the whole set, (N, C, H, W).

    Returns:
        Clean estimates, (B, C, H, W) float32.
    """
    mixed = w @ known.flatten(1).double()
    return mixed.view(-1, *known.shape[1:]).float()


def perfect(known: Tensor, alpha_bars: Tensor) -> PredictNoise:
    """The optimal predictor for a finite set of images: a formula, without training.

    Args:
        known: the whole set, (N, C, H, W).
        alpha_bars: the schedule, (T,), float64.
    """

    def predict_noise(x_t: Tensor, t: int) -> Tensor:
        w = responsibilities(x_t, known, alpha_bars[t])
        return noise_estimate(x_t, expected_image(w, known), alpha_bars[t])

    return predict_noise


def still_possible(w: Tensor) -> Tensor:
    r"""Effective number of images still possible: N for equal weights, 1 if one has all the weight.

    $$
    n = \frac{1}{\sum_i w_i^2}
    $$

    Source: Kish 1965, "Survey Sampling", section 8.2 (the effective sample size).

    Args:
        w: how likely each known image is, (B, N), rows of sum 1.

    Returns:
        One number for each row, (B,), 1 to N.
    """
    return 1 / w.square().sum(dim=1)


@dataclass(frozen=True)
class DenoiserSamples:
    """Samples of one of the two, and the known images nearest to them.

    Attributes:
        images: the samples.
        nearest: the known image closest to each, captioned with its distance.
        distances: root mean square difference of the pixels, black to white being 1.
    """

    images: tuple[CaptionedImage, ...]
    nearest: tuple[CaptionedImage, ...]
    distances: tuple[float, ...]


@dataclass(frozen=True)
class Beside:
    """The perfect denoiser and the network, from the same noises.

    Attributes:
        perfect: samples of the formula.
        network: samples of the network.
        trajectory: the estimates of both, step by step.
    """

    perfect: DenoiserSamples
    network: DenoiserSamples
    trajectory: t2i.Trajectory


@dataclass(frozen=True)
class Curves:
    """Mean squared errors of estimates over the noise level, black to white being 1.

    Attributes:
        timesteps: of the points, rising.
        known: those of the perfect denoiser and of the network on images of the set.
        new: the same on images that are not in the set.
        apart: mean squared difference between the two estimates, on new images.
        choices: timesteps of `possible`, rising; close to each other where noise is strongest.
        possible: effective number of known images still possible, on images of the set.
    """

    timesteps: tuple[int, ...]
    known: tuple[tuple[float, ...], tuple[float, ...]]
    new: tuple[tuple[float, ...], tuple[float, ...]]
    apart: tuple[float, ...]
    choices: tuple[int, ...]
    possible: tuple[float, ...]


def demo(model: str, size: int, prompt: str, seed: int) -> Generator[Progress, None, Beside]:
    """Sample from the same noises with the perfect denoiser and with the network.

    Args:
        model: name in the catalog.
        size: how many images the perfect denoiser knows.
        prompt: what the network is conditioned on.
        seed: of the noises.

    Yields:
        Progress after each step.

    Raises:
        ValueError: there is no such set, or the model can't take the prompt.
    """
    net = yield from t2i.loading(model)
    form, (known, _) = net.spec, sets(net.spec, size)
    steps = len(t2i.timesteps_of(form)) - 1
    trajectories, made = [], []
    for place, (words, predict) in enumerate(
        (
            ("the perfect denoiser", perfect(known, form.alpha_bars)),
            ("the network", t2i.make_predictor(net, prompt)),
        )
    ):
        trace = t2i.sample_from_noise(form, predict, seed, COUNT)
        trajectory, x = yield from t2i.part(trace, place * steps, 2 * steps, words)
        trajectories.append(tuple(_called(estimate, words) for _, estimate in trajectory.frames))
        made.append(_made(x, known, form, words))
    return Beside(
        made[0], made[1], t2i.Trajectory(tuple(zip(*trajectories, strict=True)), trajectory.times)
    )


def curves(model: str, size: int, prompt: str, seed: int) -> Generator[Progress, None, Curves]:
    """Measure both denoisers at all noise levels, on known images and on new ones.

    Arguments, and what is raised, as in `demo`.

    Yields:
        Progress after each level.
    """
    net = yield from t2i.loading(model)
    form, (known, new) = net.spec, sets(net.spec, size)
    best, learnt = perfect(known, form.alpha_bars), t2i.make_predictor(net, prompt)
    timesteps = [round(k * (len(form.alpha_bars) - 1) / (LEVELS - 1)) for k in range(LEVELS)]
    rows = []
    for done, t in enumerate(timesteps, start=1):
        seen = [_estimates(form, x_0, t, seed, best, learnt) for x_0 in (known[:NEW], new)]
        (_, *on_known), (_, *on_new) = seen
        rows.append(
            (
                *(_error(estimate, known[:NEW], form) for estimate in on_known),
                *(_error(estimate, new, form) for estimate in on_new),
                _error(on_new[0], on_new[1], form),
            )
        )
        yield Progress(done, LEVELS, f"t = {t}")
    perfect_known, network_known, perfect_new, network_new, apart = zip(*rows, strict=True)
    choices = dense(len(form.alpha_bars))
    return Curves(
        tuple(timesteps),
        (perfect_known, network_known),
        (perfect_new, network_new),
        apart,
        choices,
        tuple(_possible(form, known, t, seed) for t in choices),
    )


def dense(num_ts: int) -> tuple[int, ...]:
    """Timesteps on a fine grid, finest in the noisiest tenth, where the choice is made."""
    coarse, fine = max(1, num_ts // 50), max(1, num_ts // 500)
    noisiest = num_ts - num_ts // 10
    return (*range(0, noisiest, coarse), *range(noisiest, num_ts, fine), *_end(num_ts, fine))


def _end(num_ts: int, fine: int) -> tuple[int, ...]:
    """The last timestep, where the grid leaves it out."""
    return () if (num_ts // 10 - 1) % fine == 0 else (num_ts - 1,)


def _possible(form: ModelSpec, known: Tensor, t: int, seed: int) -> float:
    """How many known images are possible on average, under the noise of t on images of the set."""
    x_0 = known[:NEW]
    eps = torch.randn(x_0.shape, generator=stream(seed, "perfect denoiser", t))
    x_t = add_noise(x_0, t2i.alpha_bar_of(form, t), eps)
    return float(still_possible(responsibilities(x_t, known, form.alpha_bars[t])).mean())


def _estimates(
    form: ModelSpec, x_0: Tensor, t: int, seed: int, *predictors: PredictNoise
) -> tuple[Tensor, ...]:
    """x_t, and the clean estimate of each predictor from it."""
    eps = torch.randn(x_0.shape, generator=stream(seed, "perfect denoiser", t))
    x_t, alpha_bar_t = add_noise(x_0, t2i.alpha_bar_of(form, t), eps), form.alpha_bars[t]
    noises = [split(predict(x_t, t), x_t)[0] for predict in predictors]
    return (x_t, *(clean_estimate(x_t, eps, alpha_bar_t) for eps in noises))


def _error(estimate: Tensor, truth: Tensor, form: ModelSpec) -> float:
    error = quality.mean_squared_error(estimate, truth).mean()
    return float(error) / t2i.value_range(form) ** 2


def _made(x: Tensor, known: Tensor, form: ModelSpec, words: str) -> DenoiserSamples:
    shown = x.clamp(form.low, form.high)
    distance, places = torch.cdist(shown.flatten(1).double(), known.flatten(1).double()).min(1)
    distances = (distance / known[0].numel() ** 0.5 / t2i.value_range(form)).tolist()
    return DenoiserSamples(
        tuple(t2i.captioned(one, form, "", f"a sample of {words}", "x_0_hat") for one in x),
        tuple(
            t2i.captioned(known[i], form, f"distance {far:.3f}", "the nearest known image", "x_0")
            for i, far in zip(places.tolist(), distances, strict=True)
        ),
        tuple(distances),
    )


def _called(estimate: CaptionedImage, words: str) -> CaptionedImage:
    return replace(estimate, caption=words, alt=f"{COUNT} estimates of {words}")
