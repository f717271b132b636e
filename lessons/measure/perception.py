"""A1.4 · Perception against distortion: three denoisers measured from every noise level."""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from lessons import text_to_image as t2i
from lessons.diffusion.denoise import PredictNoise, clean_estimate, split
from lessons.diffusion.schedules import alpha_bar_at
from lessons.images import sources
from lessons.images.captioned import Progress
from lessons.part_a.classical_denoising import best_blur, noisy
from lessons.part_a.iterative_denoising import Score, score
from models.text_to_image import ModelSpec

STARTS: Final = tuple(range(0, 33, 4))
"""Places among the lesson's 34 timesteps to begin at."""

PICTURES: Final = 4

_SEEN: Final = 0.1
"""The last digit of a PSNR that is shown, in dB; less is no difference."""


@dataclass(frozen=True)
class StartSweep:
    """How three methods score from every start.

    Attributes:
        starts: places among the lesson's timesteps, rising: ever less noise.
        times: t of each.
        scores: for each start the mean score of each of METHODS.
        images: how many each mean is over.
    """

    starts: tuple[int, ...]
    times: tuple[int, ...]
    scores: tuple[tuple[Score, ...], ...]
    images: int


def psnr_of_a_sample(psnr_of_mean: float) -> float:
    r"""What the best possible sharp answer would score, beside the best possible blurred one.

    Many clean images fit a noisy one. Their mean $\mu$ has the smallest squared error of all
    answers, but a mean of sharp images is blurred. An image $\hat x_0$ drawn from them is as
    sharp as they are, and as far from the mean as the true one is:

    $$
    \begin{aligned}
    \mathbb{E}\,\lVert \hat x_0 - x_0 \rVert^2
        &= \mathbb{E}\,\lVert \hat x_0 - \mu \rVert^2 + \mathbb{E}\,\lVert \mu - x_0 \rVert^2 \\
        &= 2\, \mathbb{E}\,\lVert \mu - x_0 \rVert^2
    \end{aligned}
    $$

    Twice the error is $10 \log_{10} 2 \approx 3$ dB less, and no fault of the network.

    Source: Blau and Michaeli 2018 (arXiv:1711.06077).

    Args:
        psnr_of_mean: of the mean, in dB.

    Returns:
        PSNR of an image drawn from all that fit, in dB.
    """
    return psnr_of_mean - 10 * math.log10(2)


def over_starts(
    model: str, source_image: str, prompt: str, seed: int
) -> Generator[Progress, None, StartSweep]:
    """Denoise an image and three others of the gallery in three ways, from nine starts.

    Args:
        model: name in the catalog.
        source_image: name in the gallery; its noise is that of `three_denoisers.demo`.
        prompt: what the network is conditioned on.
        seed: of the noise.

    Yields:
        Progress after each step.

    Raises:
        ValueError: no such model or image, or the model can't take the prompt.
    """
    net = yield from t2i.loading(model)
    form, predict = net.spec, t2i.make_predictor(net, prompt)
    x_0 = torch.cat(
        [sources.load(n, form.shape, form.low, form.high) for n in _some(source_image, form)]
    )
    traces = [t2i.timesteps_of(form, i) for i in STARTS]
    total, done, scores = sum(len(times) - 1 for times in traces), 0, []
    for i_start, times in zip(STARTS, traces, strict=True):
        x_t = torch.cat(
            [noisy(form, x, times[0], seed + k) for k, x in enumerate(torch.split(x_0, 1))]
        )
        sample_steps = t2i.sample_steps(form, predict, x_t, times, t2i.source(form, seed, len(x_0)))
        _, many = yield from t2i.part(sample_steps, done, total, f"i_start = {i_start}")
        done += len(times) - 1
        scores.append(_scores(form, predict, x_0, x_t, many, times[0]))
    return StartSweep(STARTS, tuple(times[0] for times in traces), tuple(scores), len(x_0))


def _some(source_image: str, form: ModelSpec) -> tuple[str, ...]:
    others = [choice.name for choice in sources.names(form.shape) if choice.name != source_image]
    return (source_image, *others[: PICTURES - 1])


def _scores(
    form: ModelSpec, predict: PredictNoise, x_0: Tensor, x_t: Tensor, many: Tensor, t: int
) -> tuple[Score, ...]:
    eps, _ = split(predict(x_t, t), x_t)
    one_step = clean_estimate(x_t, eps, alpha_bar_at(form.alpha_bars, t))
    level = t2i.alpha_bar_of(form, t)
    pairs = zip(torch.split(x_t, 1), torch.split(x_0, 1), strict=True)
    blur = torch.cat([best_blur(noisy_one, clean, level, form).image for noisy_one, clean in pairs])
    return tuple(_mean_score(images, x_0, form) for images in (blur, one_step, many))


def _mean_score(images: Tensor, x_0: Tensor, form: ModelSpec) -> Score:
    pairs = zip(torch.split(images, 1), torch.split(x_0, 1), strict=True)
    found = [score(image, clean, form) for image, clean in pairs]
    return Score(
        psnr=sum(one.psnr for one in found) / len(found),
        ssim=sum(one.ssim for one in found) / len(found),
        sharpness=sum(one.sharpness for one in found) / len(found),
    )


def parted(sweep: StartSweep) -> tuple[int, ...]:
    """Where many steps have a lower PSNR than one, though their sharpness is nearer to 1.

    Returns:
        Places in `sweep.starts`, rising.
    """
    return tuple(
        place
        for place, (_, one, many) in enumerate(sweep.scores)
        if one.psnr - many.psnr >= _SEEN and abs(many.sharpness - 1) < abs(one.sharpness - 1)
    )


def sentence(sweep: StartSweep) -> str:
    """Say where PSNR and sharpness disagree, as Markdown."""
    places, count = parted(sweep), len(sweep.starts)
    if not places:
        return (
            f"From none of the {count} starts do many steps have both a lower PSNR and a sharpness "
            "nearer to the clean image's than one step: here the two measures agree."
        )
    widest = max(places, key=lambda p: sweep.scores[p][1].psnr - sweep.scores[p][2].psnr)
    _, one, many = sweep.scores[widest]
    where = ", ".join(str(sweep.starts[place]) for place in places)
    how_many = f"all {count}" if len(places) == count else f"{len(places)} of {count}"
    starts = "start" if count == 1 else "starts"
    return (
        f"From **{how_many} {starts}** (i_start = {where}) many steps have a lower PSNR than one, "
        f"although their sharpness is nearer to the clean image's. The gap is widest at i_start = "
        f"{sweep.starts[widest]}: **{many.psnr:.1f} dB** against {one.psnr:.1f} dB, sharpness "
        f"**{many.sharpness:.2f}** against {one.sharpness:.2f}, where the clean image has 1."
    )
