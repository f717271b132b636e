"""A1.5.2 · What fewer steps cost each sampler: `python -m lessons.measure.sampler_quality MODEL`.

All samplers start from the same noises and are asked for the same things. What was measured lies
beside this file, with its settings.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import torch
from torch import Tensor

from lessons.beyond.samplers import STEPS, few_timesteps, samplers
from lessons.diffusion.guidance import guided
from lessons.diffusion.noise import NoiseSource
from lessons.diffusion.samplers import Sampler, sampling_trajectory
from lessons.measure import classifier
from lessons.prompts import prompts_for
from lessons.training.runs import files
from models import catalog
from models.devices import autocast
from models.miniature import classifier as naming
from models.miniature.words import NOUNS, forms
from models.text_to_image import TextToImage

FILE: Final = Path(__file__).with_name("sampler_quality.json")
SAMPLERS: Final[dict[str, Sampler]] = {**samplers(0.5), **samplers(0.0)}
GAMMAS: Final = {"digits": 2.0, "pictures": prompts_for("pictures").gamma}
COUNTS: Final = {"digits": 200, "pictures": 24}
MOST: Final = {"digits": 100, "pictures": 50}
"""Most steps that are measured; Pictures needs six times as long for a step."""

SEED: Final = 276
GROUPS: Final = {"digits": 10, "pictures": 24}
"""Parts of the samples, of which the jackknife leaves out one after the other."""

_AT_ONCE: Final = 50


@dataclass(frozen=True)
class SamplerQuality:
    """The quality of samples of one sampler at one number of steps, with standard errors.

    Attributes:
        accuracy: share that a classifier names as requested, and its standard error.
        probability: what it gives the thing requested on average; None for digits.
        frechet: distance to the test digits in the classifier's features; None but for digits.
    """

    accuracy: tuple[float, float]
    probability: tuple[float, float] | None
    frechet: tuple[float, float] | None


@dataclass(frozen=True)
class SamplerSweep:
    """Qualities by sampler and number of steps, and how they were measured.

    Attributes:
        qualities: by the sampler's name, then by the number of steps, rising.
        gamma: guidance scale.
        count: samples for each.
        seed: of their noises, the same for all samplers.
        floor: the Fréchet distance of as many training digits; None but for digits.
        cpu_minutes: what measuring took.
    """

    qualities: dict[str, dict[int, SamplerQuality]]
    gamma: float
    count: int
    seed: int
    floor: float | None
    cpu_minutes: float


def measured(model: str) -> SamplerSweep | None:
    """What was measured of a model; None if it wasn't.

    Raises:
        ValueError: the file is damaged.
    """
    try:
        content = files.read_json(FILE).get(model)
        if content is None:
            return None
        qualities = {
            name: {int(steps): _quality(one) for steps, one in each.items()}
            for name, each in content["qualities"].items()
        }
        return SamplerSweep(**{**content, "qualities": qualities})
    except (files.DamagedRun, TypeError, KeyError, ValueError, AttributeError) as error:
        raise ValueError(f"The measurements of samplers are damaged: {error}") from error


def _quality(content: dict[str, list[float] | None]) -> SamplerQuality:
    pairs = {name: None if pair is None else (pair[0], pair[1]) for name, pair in content.items()}
    return SamplerQuality(**pairs)  # type: ignore[arg-type]


def sweep(model: str, count: int) -> Iterator[tuple[str, int, SamplerQuality]]:
    """Measure `count` samples by sampler and number of steps.

    Args:
        model: "digits", all ten alike; or "pictures", as many things of its vocabulary.
        count: samples for each; a multiple of the model's GROUPS.

    Yields:
        The sampler's name, the number of steps, the quality of the samples.
    """
    net, (prompts, classes) = catalog.load(model), requests(model, count)
    names = SAMPLERS if model == "digits" else samplers()
    for name, sampler in names.items():
        for steps in (steps for steps in STEPS if steps <= MOST[model]):
            images = sampled(net, prompts, GAMMAS[model], steps, sampler)
            yield name, steps, quality(model, images, classes)


def requests(model: str, count: int) -> tuple[list[str], Tensor]:
    """What is asked for, and its class to the classifier, (count,)."""
    if model == "digits":
        classes = torch.arange(count) % 10
        return [f"a handwritten {digit}" for digit in classes.tolist()], classes
    nouns = list(NOUNS)
    classes = torch.arange(count) * len(nouns) // count
    return [f"a photo of {forms(nouns[i])[0]}" for i in classes.tolist()], classes


def sampled(
    net: TextToImage, prompts: Sequence[str], gamma: float, steps: int, sampler: Sampler
) -> Tensor:
    """Samples of some prompts, (N, C, H, W), in one arithmetic on every machine."""
    timesteps, parts = few_timesteps(net.spec, steps), []
    with autocast(torch.device("cpu"), "bfloat16"):
        for start in range(0, len(prompts), _AT_ONCE):
            some = prompts[start : start + _AT_ONCE]
            wanted, unwanted = net.embed([*some, *[""] * len(some)]).chunk(2)
            predict = guided(net.predict, wanted, unwanted, gamma)
            noise = NoiseSource(SEED + start, len(some), net.spec.shape)
            bars = net.spec.alpha_bars
            *_, last = sampling_trajectory(noise(), timesteps, bars, predict, noise, sampler)
            parts.append(last.x_t.float())
    return torch.cat(parts)


def quality(model: str, images: Tensor, classes: Tensor) -> SamplerQuality:
    """Measure samples against what was asked for.

    Args:
        model: as in `sweep`.
        images: (N, C, H, W), N a multiple of the model's GROUPS.
        classes: what was asked for, (N,).
    """
    groups = GROUPS[model]
    if model == "digits":
        hits = classifier.read(images).labels == classes
        distance = jackknife(images, classifier.frechet, groups)
        return SamplerQuality(jackknife(hits, _mean, groups), None, distance)
    chances = naming.chances(naming.load(), images.clamp(-1, 1))
    hits, given = chances.argmax(1) == classes, chances.gather(1, classes[:, None])
    return SamplerQuality(jackknife(hits, _mean, groups), jackknife(given, _mean, groups), None)


def _mean(values: Tensor) -> float:
    return float(values.double().mean())


def jackknife(
    values: Tensor, statistic: Callable[[Tensor], float], groups: int
) -> tuple[float, float]:
    r"""Estimate a standard error by leaving out one part of the samples after the other.

    $$
    \mathrm{SE}^2 = \frac{g - 1}{g} \sum_{i=1}^{g} \left(\theta_{(i)} - \bar\theta\right)^2
    $$

    $\theta_{(i)}$ is the statistic without part $i$ of $g$. For a mean it is the usual standard
    error of the parts' means; it serves as well where there is no formula, as for the Fréchet
    distance.

    Source: Efron and Stein 1981, "The jackknife estimate of variance".

    Args:
        values: one entry a sample, (N, ...).
        statistic: of a set of entries.
        groups: g, at least 2; it divides N.

    Returns:
        The statistic of all entries, and its standard error.
    """
    parts = values.chunk(groups)
    without = torch.tensor(
        [statistic(torch.cat([*parts[:i], *parts[i + 1 :]])) for i in range(groups)],
        dtype=torch.float64,
    )
    variance = (groups - 1) * without.var(correction=0)
    return statistic(values), float(variance.sqrt())


def main() -> None:
    """Measure the samplers with one model."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("model", choices=COUNTS)
    parser.add_argument("--count", type=int)
    chosen = parser.parse_args()
    model, count = chosen.model, chosen.count or COUNTS[chosen.model]
    start, found = time.process_time(), dict[str, dict[int, dict[str, object]]]()
    for name, steps, worth in sweep(model, count):
        print(name, steps, worth, flush=True)
        found.setdefault(name, {})[steps] = asdict(worth)
    about = {
        "qualities": found,
        "gamma": GAMMAS[model],
        "count": count,
        "seed": SEED,
        "floor": classifier.frechet_floor(count) if model == "digits" else None,
        "cpu_minutes": round((time.process_time() - start) / 60, 1),
    }
    files.write_json(FILE, {**files.read_json(FILE), model: about})


if __name__ == "__main__":
    main()
