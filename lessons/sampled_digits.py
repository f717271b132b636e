"""Digits out of noise, kept step by step, so that their making can be watched."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from lessons import flow_matching, judge, train_class_ddpm, train_ddpm, trained
from lessons.iterative_denoising import Frame, NoiseSource
from lessons.picture import Picture, Progress, Symbol, side_by_side, to_pixels
from lessons.train_ddpm import STEPS

CPU: Final = torch.device("cpu")
STEP_CHOICES: Final = (20, 50, 100, STEPS)
FLOW_STEP_CHOICES: Final = (1, 2, 5, 10, 30, 50, 100)
WITH_CLASSES: Final = ("class-ddpm", "class-flow")
FLOWS: Final = ("flow", "class-flow")


@dataclass(frozen=True)
class Film:
    """Ten digits in the making.

    Attributes:
        frames: x_t and the guess at the clean digits, ten side by side, after every step.
        times: t of each frame: falling to 0 for a DDPM, rising to 1 for flow matching.
        samples: the finished digits, captioned with what the judge reads.
        numbers: "confidence" of the judge, "accuracy" where digits were asked for, and "ink".
        copies: the training digit nearest to each sample, captioned with its distance.
    """

    frames: tuple[tuple[Picture, Picture], ...]
    times: tuple[float, ...]
    samples: tuple[Picture, ...]
    numbers: dict[str, float]
    copies: tuple[Picture, ...]


@dataclass(frozen=True)
class Exam:
    """A hundred digits, ten of each class, read by the judge.

    Attributes:
        rows: the samples, a row a class, captioned where something else is read.
        accuracies: share read as asked for, by class.
        confidence: how sure the judge is, mean.
    """

    rows: tuple[tuple[Picture, ...], ...]
    accuracies: tuple[float, ...]
    confidence: float

    @property
    def accuracy(self) -> float:
        """Share read as asked for."""
        return sum(self.accuracies) / len(self.accuracies)


def exam(
    run_id: str,
    seed: int,
    gamma: float,
    steps: int = 20,
    edition: str = "",  # noqa: ARG001 - new weights, new result
) -> Generator[Progress, None, Exam]:
    """Ask a finished network with classes for ten samples of each digit, and let the judge read.

    Args:
        run_id: a finished run with classes.
        seed: of the noises.
        gamma: guidance strength.
        steps: sampling steps, 1 to 300.
        edition: which weights; see `trained.edition`.

    Yields:
        Progress after each step.

    Raises:
        ValueError: no such run, or not so many steps.
    """
    labels = torch.arange(10).repeat_interleave(10)
    for done, frame in enumerate(sampled(run_id, labels, seed, steps, gamma), start=1):
        samples = frame.x_t
        yield Progress(done, steps, "sampling a hundred digits")
    reading, pictures = judge.read(samples), captioned(samples, labels)
    right = (reading.labels == labels).float().view(10, 10).mean(1)
    return Exam(
        rows=tuple(pictures[i : i + 10] for i in range(0, 100, 10)),
        accuracies=tuple(right.tolist()),
        confidence=float(reading.confidence.mean()),
    )


def film(
    run_id: str,
    seed: int,
    steps: int = STEPS,
    gamma: float = 5.0,
    edition: str = "",  # noqa: ARG001 - new weights, new result
) -> Generator[Progress, None, Film]:
    """Sample ten digits with a finished network; with classes, 0 to 9.

    Args:
        run_id: a finished DDPM or flow, with or without classes.
        seed: of the noises; they depend on neither γ nor the network.
        steps: sampling steps, 1 to 300.
        gamma: guidance strength, for a run with classes.
        edition: which weights; see `trained.edition`.

    Yields:
        Progress after each step, with the guesses so far.

    Raises:
        ValueError: no such run, or not so many steps.
    """
    labels = torch.arange(10)
    frames, times = [], []
    name = trained.kind_of(run_id)[0]
    for done, frame in enumerate(sampled(run_id, labels, seed, steps, gamma), start=1):
        guess = _row(frame.x_0, "the guess at the clean digits", "x_0_hat")
        frames.append((_row(frame.x_t, "where the walk stands", "x_t"), guess))
        times.append(frame.t / steps if name in FLOWS else frame.t + 1)
        yield Progress(done, steps, "sampling", (guess,))
    asked = labels if name in WITH_CLASSES else None
    nearest = judge.nearest(frame.x_t)
    return Film(
        frames=tuple(frames),
        times=tuple(times),
        samples=captioned(frame.x_t, asked),
        numbers=judge.judged(frame.x_t, asked) | {"ink": ink(frame.x_t)},
        copies=tuple(
            Picture(digit.pixels, f"{distance:.2f} away", "the nearest training digit", "x_0")
            for digit, distance in zip(nearest.digits, nearest.distances, strict=True)
        ),
    )


def sampled(
    run_id: str, labels: Tensor, seed: int, steps: int, gamma: float = 5.0
) -> Iterator[Frame]:
    """Sample with a finished network.

    Args:
        run_id: a finished DDPM or flow.
        labels: what each picture shall become, (B,); without classes only their number counts.
        seed: of the noises; picture i starts from the same one whatever the network.
        steps: sampling steps, 1 to 300.
        gamma: guidance strength, for a run with classes.

    Yields:
        A `Frame` a step.

    Raises:
        ValueError: no such run, it makes no digits, or not so many steps.
    """
    name, network = trained.kind_of(run_id)[0], trained.load_network(run_id)
    if name == "ddpm":
        yield from train_ddpm.sample(train_ddpm.predictor(network), seed, len(labels), CPU, steps)
    elif name == "class-ddpm":
        predict = train_class_ddpm.guided(network, labels, gamma)
        yield from train_ddpm.sample(predict, seed, len(labels), CPU, steps)
    elif name in FLOWS:
        if not 1 <= steps <= STEPS:
            raise ValueError(f"between 1 and {STEPS} steps, not {steps}")
        velocity = (
            flow_matching.guided(network, labels, gamma)
            if name in WITH_CLASSES
            else flow_matching.predictor(network)
        )
        noise = NoiseSource(seed, len(labels), (1, 28, 28))()
        yield from flow_matching.euler(noise, velocity, steps)
    else:
        raise ValueError(f"The run {run_id} makes no digits out of noise.")


def captioned(images: Tensor, asked: Tensor | None) -> tuple[Picture, ...]:
    """Pictures of samples, captioned with what the judge reads where that is not what was asked.

    Args:
        images: (B, 1, 28, 28).
        asked: what each shall be, (B,), or None: then what is read is always told.
    """
    reading = judge.read(images)
    wanted = [None] * len(images) if asked is None else asked.tolist()
    read = zip(images, wanted, reading.labels.tolist(), reading.confidence.tolist(), strict=True)
    return tuple(
        Picture(
            to_pixels(image),
            "" if seen == want else f"{seen}{'' if want is None else '?'} ({sure:.0%})",
            f"a sample{'' if want is None else f' of a {want}'}, read as {seen}",
            "x_0_hat",
        )
        for image, want, seen, sure in read
    )


def ink(images: Tensor) -> float:
    """The mean pixel of digits as they are displayed, 0 = black, 1 = white."""
    return float(images.clamp(0, 1).mean())


def _row(images: Tensor, name: str, symbol: Symbol) -> Picture:
    digits = [Picture(to_pixels(image)) for image in images]
    return side_by_side(digits, name, f"Ten digits in a row: {name}", symbol)
