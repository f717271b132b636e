"""A1.4 · Perception against distortion: three denoisers measured from every noise level."""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from lessons import originals
from lessons import text_to_image as t2i
from lessons.classical_denoising import best_blur, noisy
from lessons.iterative_denoising import PredictNoise, clean_estimate, signal_left, split
from lessons.picture import Progress
from lessons.three_denoisers import Score, score
from models.text_to_image import Outline

STARTS: Final = tuple(range(0, 33, 4))
"""Places among the lesson's 34 timesteps to begin at."""

PICTURES: Final = 4

_SEEN: Final = 0.1
"""The last digit of a PSNR that is shown, in dB; less is no difference."""


@dataclass(frozen=True)
class Sweep:
    """How three methods do from every start.

    Attributes:
        starts: places among the lesson's timesteps, rising: ever less noise.
        times: t of each.
        scores: for each start the mean score of each of METHODS.
        pictures: how many each mean is over.
    """

    starts: tuple[int, ...]
    times: tuple[int, ...]
    scores: tuple[tuple[Score, ...], ...]
    pictures: int


def psnr_of_a_sample(psnr_of_mean: float) -> float:
    r"""What the best possible sharp answer would score, beside the best possible blurred one.

    Many clean pictures fit a noisy one. Their mean $\mu$ has the smallest squared error of all
    answers, but a mean of sharp pictures is blurred. A picture $\hat x_0$ drawn from them is as
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
        PSNR of a picture drawn from all that fit, in dB.
    """
    return psnr_of_mean - 10 * math.log10(2)


def over_starts(
    model: str, original: str, prompt: str, seed: int
) -> Generator[Progress, None, Sweep]:
    """Denoise a picture and three others of the gallery in three ways, from nine starts.

    Args:
        model: name in the catalog.
        original: name in the gallery; its noise is that of `three_denoisers.demo`.
        prompt: what the network is told.
        seed: of the noise.

    Yields:
        Progress after each step.

    Raises:
        ValueError: no such model or picture, or the model can't take the prompt.
    """
    net = yield from t2i.loading(model)
    form, predict = net.outline, t2i.told(net, prompt)
    x_0 = torch.cat(
        [originals.load(n, form.shape, form.low, form.high) for n in _some(original, form)]
    )
    walks = [t2i.timesteps_of(form, i) for i in STARTS]
    total, done, scores = sum(len(times) - 1 for times in walks), 0, []
    for i_start, times in zip(STARTS, walks, strict=True):
        x_t = torch.cat(
            [noisy(form, x, times[0], seed + k) for k, x in enumerate(torch.split(x_0, 1))]
        )
        making = t2i.making(form, predict, x_t, times, t2i.source(form, seed, len(x_0)))
        _, many = yield from t2i.part(making, done, total, f"from place {i_start}")
        done += len(times) - 1
        scores.append(_scores(form, predict, x_0, x_t, many, times[0]))
    return Sweep(STARTS, tuple(times[0] for times in walks), tuple(scores), len(x_0))


def _some(original: str, form: Outline) -> tuple[str, ...]:
    others = [choice.name for choice in originals.names(form.shape) if choice.name != original]
    return (original, *others[: PICTURES - 1])


def _scores(
    form: Outline, predict: PredictNoise, x_0: Tensor, x_t: Tensor, many: Tensor, t: int
) -> tuple[Score, ...]:
    eps, _ = split(predict(x_t, t), x_t)
    one_step = clean_estimate(x_t, eps, signal_left(form.alpha_bars, t))
    level = t2i.level(form, t)
    pairs = zip(torch.split(x_t, 1), torch.split(x_0, 1), strict=True)
    blur = torch.cat([best_blur(noisy_one, clean, level, form).image for noisy_one, clean in pairs])
    return tuple(_mean_score(images, x_0, form) for images in (blur, one_step, many))


def _mean_score(images: Tensor, x_0: Tensor, form: Outline) -> Score:
    pairs = zip(torch.split(images, 1), torch.split(x_0, 1), strict=True)
    found = [score(image, clean, form) for image, clean in pairs]
    return Score(
        psnr=sum(one.psnr for one in found) / len(found),
        ssim=sum(one.ssim for one in found) / len(found),
        edges=sum(one.edges for one in found) / len(found),
    )


def parted(sweep: Sweep) -> tuple[int, ...]:
    """Where many steps have a lower PSNR than one, though their edges are nearer to 1.

    Returns:
        Places in `sweep.starts`, rising.
    """
    return tuple(
        place
        for place, (_, one, many) in enumerate(sweep.scores)
        if one.psnr - many.psnr >= _SEEN and abs(many.edges - 1) < abs(one.edges - 1)
    )


def sentence(sweep: Sweep) -> str:
    """Say where PSNR and edges part ways, as Markdown."""
    places, count = parted(sweep), len(sweep.starts)
    if not places:
        return (
            f"From none of the {count} starts do many steps have both a lower PSNR and better "
            "edges than one step: here the two measures agree."
        )
    widest = max(places, key=lambda p: sweep.scores[p][1].psnr - sweep.scores[p][2].psnr)
    _, one, many = sweep.scores[widest]
    where = ", ".join(str(sweep.starts[place]) for place in places)
    how_many = f"all {count}" if len(places) == count else f"{len(places)} of {count}"
    starts = "start" if count == 1 else "starts"
    return (
        f"From **{how_many} {starts}** (place {where}) many steps score lower than one by PSNR, "
        f"although their edges are nearer to the clean picture's. Most of all from place "
        f"{sweep.starts[widest]}: **{many.psnr:.1f} dB** against {one.psnr:.1f} dB, edges "
        f"**{many.edges:.2f}** against {one.edges:.2f}, where a clean picture has 1."
    )
