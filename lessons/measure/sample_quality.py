"""The quality of many samples: classified, compared with handwriting, and their mean intensity."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from lessons.measure import classifier


@dataclass(frozen=True)
class Quality:
    """The quality of many samples at one γ.

    Attributes:
        gamma: guidance scale.
        accuracy: share classified as the digit requested.
        confidence: the classifier's mean probability of the digit that it chooses.
        diversity: spread within the classes, 1 = as the test digits.
        frechet: distance to the test digits in the classifier's features.
        mean_intensity: mean pixel, 0 to 1.
    """

    gamma: float
    accuracy: float
    confidence: float
    diversity: float
    frechet: float
    mean_intensity: float


def quality(images: Tensor, labels: Tensor, gamma: float) -> Quality:
    """Measure samples, (B, 1, 28, 28), against the digits requested, (B,), at one γ."""
    reading = classifier.read(images)
    return Quality(
        gamma=gamma,
        accuracy=float((reading.labels == labels).float().mean()),
        confidence=float(reading.confidence.mean()),
        diversity=classifier.diversity(images, labels),
        frechet=classifier.frechet(images),
        mean_intensity=mean_intensity(images),
    )


def mean_intensity(images: Tensor) -> float:
    """The mean pixel of digits as they are displayed, 0 = black, 1 = white."""
    return float(images.clamp(0, 1).mean())


def preview_numbers(samples: Tensor, labels: Tensor | None = None) -> dict[str, float]:
    """What a training run records of the samples after an epoch, by name.

    Args:
        samples: (B, 1, 28, 28).
        labels: the digits requested, (B,), if any were.

    Returns:
        "frechet", "confidence", and with labels "accuracy".
    """
    return {
        "frechet": classifier.frechet(samples),
        **classifier.classified(samples, labels),
    }
