"""Digits out of noise, kept step by step, so that their making can be watched."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from lessons import judge, train_class_ddpm, train_ddpm, trained
from lessons.iterative_denoising import Frame
from lessons.picture import Picture, Progress, Symbol, side_by_side, to_pixels
from lessons.train_ddpm import STEPS
from models.unet import ClassConditionalUNet

CPU: Final = torch.device("cpu")
STEP_CHOICES: Final = (20, 50, 100, STEPS)


@dataclass(frozen=True)
class Film:
    """Ten digits in the making.

    Attributes:
        frames: x_t and the guess at the clean digits, ten side by side, after every step.
        timesteps: t of each frame, falling to 0.
        samples: the finished digits, captioned with what the judge reads.
        numbers: "confidence" of the judge, "accuracy" where digits were asked for, and "ink".
        copies: the training digit nearest to each sample, captioned with its distance.
    """

    frames: tuple[tuple[Picture, Picture], ...]
    timesteps: tuple[int, ...]
    samples: tuple[Picture, ...]
    numbers: dict[str, float]
    copies: tuple[Picture, ...]


def film(
    run_id: str,
    seed: int,
    steps: int = STEPS,
    gamma: float = 5.0,
    edition: int = 0,  # noqa: ARG001 - new weights, new result
) -> Generator[Progress, None, Film]:
    """Sample ten digits with a finished DDPM; with classes, 0 to 9.

    Args:
        run_id: a finished run, with or without classes.
        seed: of the noises; they don't depend on γ.
        steps: sampling steps, 2 to 300.
        gamma: guidance strength, for a run with classes.
        edition: when the weights were written.

    Yields:
        Progress after each step, with the guesses so far.

    Raises:
        ValueError: no such run, or not so many steps.
    """
    labels = torch.arange(10)
    frames, timesteps = [], []
    for done, frame in enumerate(sampled(run_id, labels, seed, steps, gamma), start=1):
        guess = _row(frame.x_0, "the guess at the clean digits", "x_0_hat")
        frames.append((_row(frame.x_t, "where the walk stands", "x_t"), guess))
        timesteps.append(frame.t + 1)
        yield Progress(done, steps, "sampling", (guess,))
    asked = labels if _has_classes(run_id) else None
    nearest = judge.nearest(frame.x_t)
    return Film(
        frames=tuple(frames),
        timesteps=tuple(timesteps),
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
    """Sample with a finished DDPM.

    Args:
        run_id: which run.
        labels: what each picture shall become, (B,); without classes only their number counts.
        seed: of the noises.
        steps: sampling steps, 2 to 300.
        gamma: guidance strength, for a run with classes.

    Yields:
        A `Frame` a step.

    Raises:
        ValueError: no such run, or not so many steps.
    """
    network = trained.load_network(run_id)
    if isinstance(network, ClassConditionalUNet):
        predict = train_class_ddpm.guided(network, labels, gamma)
    else:
        predict = train_ddpm.predictor(network)
    yield from train_ddpm.sample(predict, seed, len(labels), CPU, steps)


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
            "" if seen == want else f"{seen}? ({sure:.0%})",
            f"a sample, read as {seen}",
            "x_0_hat",
        )
        for image, want, seen, sure in read
    )


def ink(images: Tensor) -> float:
    """The mean pixel of digits as they are displayed, 0 = black, 1 = white."""
    return float(images.clamp(0, 1).mean())


def _has_classes(run_id: str) -> bool:
    return isinstance(trained.load_network(run_id), ClassConditionalUNet)


def _row(images: Tensor, name: str, symbol: Symbol) -> Picture:
    digits = [Picture(to_pixels(image)) for image in images]
    return side_by_side(digits, name, f"Ten pictures in a row: {name}", symbol)
