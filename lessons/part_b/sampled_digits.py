"""Digits sampled from noise, with every step of the trajectory kept."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from lessons.diffusion.flow import euler
from lessons.diffusion.noise import NoiseSource
from lessons.diffusion.samplers import Frame, Sampler
from lessons.images.captioned import CaptionedImage, Progress, Symbol, side_by_side, to_pixels
from lessons.measure import classifier, nearest_digits
from lessons.measure.sample_quality import mean_intensity
from lessons.part_b import flow_matching, train_class_ddpm, train_ddpm
from lessons.part_b.train_ddpm import COURSE_SAMPLER, STEPS
from lessons.training import networks
from models.devices import Precision, autocast

CPU: Final = torch.device("cpu")
STEP_CHOICES: Final = (20, 50, 100, STEPS)
FLOW_STEP_CHOICES: Final = (1, 2, 5, 10, 30, 50, 100)
WITH_CLASSES: Final = ("class-ddpm", "class-flow")
MEASURED_IN: Final[Precision] = "bfloat16"
"""Arithmetic of the samples that measures are made of: half the time, and the same everywhere."""

_AT_ONCE: Final = 250
FLOWS: Final = ("flow", "class-flow")


@dataclass(frozen=True)
class SampledDigits:
    """Ten digits, and the trajectory that led to them.

    Attributes:
        frames: x_t and the clean estimate, ten side by side, after every step.
        times: t of each frame: falling to 0 for a DDPM, rising to 1 for flow matching.
        samples: the finished digits, captioned with their classes.
        numbers: "confidence" of the classifier, "accuracy" where digits were requested, and
            "mean_intensity".
        copies: the training digit nearest to each sample, captioned with its distance.
    """

    frames: tuple[tuple[CaptionedImage, CaptionedImage], ...]
    times: tuple[float, ...]
    samples: tuple[CaptionedImage, ...]
    numbers: dict[str, float]
    copies: tuple[CaptionedImage, ...]


@dataclass(frozen=True)
class Evaluation:
    """A hundred digits, ten of each class, classified.

    Attributes:
        rows: the samples, a row a class, captioned where the classifier finds another class.
        accuracies: share classified as requested, by class.
        confidence: the classifier's mean probability of the class it chooses.
    """

    rows: tuple[tuple[CaptionedImage, ...], ...]
    accuracies: tuple[float, ...]
    confidence: float

    @property
    def accuracy(self) -> float:
        """Share classified as the digit requested."""
        return sum(self.accuracies) / len(self.accuracies)


def evaluation(
    run_id: str,
    seed: int,
    gamma: float,
    steps: int = 20,
    weights_hash: str = "",  # noqa: ARG001 - new weights, new result
) -> Generator[Progress, None, Evaluation]:
    """Sample ten of each digit from a network with classes, and classify them.

    Args:
        run_id: a finished run with classes.
        seed: of the noises.
        gamma: guidance scale.
        steps: sampling steps, 1 to 300.
        weights_hash: which weights; see `networks.weights_hash`.

    Yields:
        Progress after each step.

    Raises:
        ValueError: no such run, or not so many steps.
    """
    labels = torch.arange(10).repeat_interleave(10)
    for done, frame in enumerate(sampled(run_id, labels, seed, steps, gamma), start=1):
        samples = frame.x_t
        yield Progress(done, steps, "sampling a hundred digits")
    reading, images = classifier.read(samples), captioned(samples, labels)
    right = (reading.labels == labels).float().view(10, 10).mean(1)
    return Evaluation(
        rows=tuple(images[i : i + 10] for i in range(0, 100, 10)),
        accuracies=tuple(right.tolist()),
        confidence=float(reading.confidence.mean()),
    )


def trajectory(
    run_id: str,
    seed: int,
    steps: int = STEPS,
    gamma: float = 5.0,
    weights_hash: str = "",  # noqa: ARG001 - new weights, new result
) -> Generator[Progress, None, SampledDigits]:
    """Sample ten digits with a finished network; with classes, 0 to 9.

    Args:
        run_id: a finished DDPM or flow, with or without classes.
        seed: of the noises; they depend on neither γ nor the network.
        steps: sampling steps, 1 to 300.
        gamma: guidance scale, for a run with classes.
        weights_hash: which weights; see `networks.weights_hash`.

    Yields:
        Progress after each step, with the estimates so far.

    Raises:
        ValueError: no such run, or not so many steps.
    """
    labels = torch.arange(10)
    frames, times = [], []
    name = networks.kind_of(run_id)[0]
    for done, frame in enumerate(sampled(run_id, labels, seed, steps, gamma), start=1):
        estimate = _row(frame.x_0, "the clean estimate", "x_0_hat")
        frames.append((_row(frame.x_t, "the current sample", "x_t"), estimate))
        times.append(frame.t / steps if name in FLOWS else frame.t + 1)
        yield Progress(done, steps, "sampling", (estimate,))
    asked = labels if name in WITH_CLASSES else None
    nearest = nearest_digits.nearest(frame.x_t)
    return SampledDigits(
        frames=tuple(frames),
        times=tuple(times),
        samples=captioned(frame.x_t, asked),
        numbers=classifier.classified(frame.x_t, asked)
        | {"mean_intensity": mean_intensity(frame.x_t)},
        copies=tuple(
            CaptionedImage(
                digit.pixels, f"{distance:.2f} away", "the nearest training digit", "x_0"
            )
            for digit, distance in zip(nearest.digits, nearest.distances, strict=True)
        ),
    )


def sampled(
    run_id: str,
    labels: Tensor,
    seed: int,
    steps: int,
    gamma: float = 5.0,
    sampler: Sampler = COURSE_SAMPLER,
) -> Iterator[Frame]:
    """Sample with a finished network.

    Args:
        run_id: a finished DDPM or flow.
        labels: what each image shall become, (B,); without classes only their number counts.
        seed: of the noises; image i starts from the same one whatever the network.
        steps: sampling steps, 1 to 300.
        gamma: guidance scale, for a run with classes.
        sampler: how a DDPM takes a step; a flow takes Euler's.

    Yields:
        A `Frame` a step.

    Raises:
        ValueError: no such run, it makes no digits, or not so many steps.
    """
    name, network = networks.kind_of(run_id)[0], networks.load_network(run_id)
    if name == "ddpm":
        predict = train_ddpm.predictor(network)
        yield from train_ddpm.sample(predict, seed, len(labels), CPU, steps, sampler)
    elif name == "class-ddpm":
        predict = train_class_ddpm.following(network, labels, gamma)
        yield from train_ddpm.sample(predict, seed, len(labels), CPU, steps, sampler)
    elif name in FLOWS:
        if not 1 <= steps <= STEPS:
            raise ValueError(f"between 1 and {STEPS} steps, not {steps}")
        velocity = (
            flow_matching.following(network, labels, gamma)
            if name in WITH_CLASSES
            else flow_matching.predictor(network)
        )
        noise = NoiseSource(seed, len(labels), (1, 28, 28))()
        yield from euler(noise, velocity, steps)
    else:
        raise ValueError(f"The run {run_id} makes no digits out of noise.")


def many(
    run_id: str,
    count: int,
    gamma: float,
    steps: int,
    seed: int = 276,
    sampler: Sampler = COURSE_SAMPLER,
) -> tuple[Tensor, Tensor]:
    """Finished samples, all classes alike, in one arithmetic on every machine; for measures.

    Args:
        run_id: a finished run with classes.
        count: how many.
        gamma: guidance scale.
        steps: sampling steps, 1 to 300.
        seed: of the noises; each part of the samples takes the next one.
        sampler: how a DDPM takes a step.

    Returns:
        (count, 1, 28, 28), and the digit requested for each, (count,).
    """
    labels, parts = torch.arange(count) % 10, []
    with autocast(CPU, MEASURED_IN):
        for place, part in enumerate(torch.split(labels, _AT_ONCE)):
            for frame in sampled(run_id, part, seed + place, steps, gamma, sampler):
                final = frame.x_t
            parts.append(final)
    return torch.cat(parts), labels


def captioned(images: Tensor, asked: Tensor | None) -> tuple[CaptionedImage, ...]:
    """Samples as images, captioned with the classifier's answer where it is not the request.

    Args:
        images: (B, 1, 28, 28).
        asked: the digits requested, (B,), or None: then the class is always in the caption.
    """
    reading = classifier.read(images)
    wanted = [None] * len(images) if asked is None else asked.tolist()
    read = zip(images, wanted, reading.labels.tolist(), reading.confidence.tolist(), strict=True)
    return tuple(
        CaptionedImage(
            to_pixels(image),
            "" if seen == want else f"{seen}{'' if want is None else '?'} ({sure:.0%})",
            f"a sample{'' if want is None else f' of a {want}'}, classified as {seen}",
            "x_0_hat",
        )
        for image, want, seen, sure in read
    )


def _row(images: Tensor, name: str, symbol: Symbol) -> CaptionedImage:
    digits = [CaptionedImage(to_pixels(image)) for image in images]
    return side_by_side(digits, name, f"Ten digits in a row: {name}", symbol)
