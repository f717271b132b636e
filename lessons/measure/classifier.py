"""How good are samples? A classifier answers with three numbers.

Whether a sample is the digit requested is one question (accuracy); whether all samples together
look like handwriting is another (Fréchet distance): a model that draws the same perfect 3 a hundred
times answers the first and fails the second. A model that copies its training digits fails a third
(nearest). The classifier's confidence is no measure of quality: it has to choose one of ten digits,
and is confident about some images that show none.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Final, NamedTuple

import torch
from torch import Tensor

from models import checkpoints, mnist, shipped
from models.classifier import DigitClassifier

TEST_GAUSSIAN: Final = "test-gaussian.safetensors"
_AT_ONCE: Final = 500


@dataclass(frozen=True)
class Reading:
    """What the classifier reads in digits.

    Attributes:
        labels: the class it finds most likely, (B,) int64.
        confidence: how likely, (B,), 0.1 to 1.
    """

    labels: Tensor
    confidence: Tensor


def read(images: Tensor) -> Reading:
    """Let the classifier read digits.

    Args:
        images: (B, 1, 28, 28), nominally in [0, 1]; clamped as a display would.

    Raises:
        ValueError: the classifier's weights are missing or damaged.
    """
    confidence, labels = probabilities(images).max(1)
    return Reading(labels, confidence)


def probabilities(images: Tensor) -> Tensor:
    """How likely the classifier finds each of the ten digits, (B, 10), each row with the sum 1.

    It has no class for what is no digit. `images` as for `read`.

    Raises:
        ValueError: the classifier's weights are missing or damaged.
    """
    classifier = _classifier()
    with torch.no_grad():
        scores = torch.cat([classifier(part) for part in _parts(images)])
    return scores.softmax(1)


def features(images: Tensor) -> Tensor:
    """What the classifier sees before it decides, (B, 64) float64; `images` as for `read`.

    Raises:
        ValueError: the classifier's weights are missing or damaged.
    """
    classifier = _classifier()
    with torch.no_grad():
        return torch.cat([classifier.features(part) for part in _parts(images)]).double()


class Gaussian(NamedTuple):
    """Where a cloud of points lies, and how it spreads.

    Attributes:
        mean: μ, (F,) float64.
        covariance: Σ, (F, F) float64.
    """

    mean: Tensor
    covariance: Tensor


def fit(points: Tensor) -> Gaussian:
    """The Gaussian with the mean and covariance of some points, (N, F) float64, at least two."""
    return Gaussian(points.mean(0), torch.cov(points.T))


def frechet_distance(a: Gaussian, b: Gaussian) -> Tensor:
    r"""Compare two sets of images by where their features lie and how they spread.

    $$
    d^2 = \lVert \mu_a - \mu_b \rVert^2
        + \mathrm{tr}\!\left(\Sigma_a + \Sigma_b - 2\,(\Sigma_a \Sigma_b)^{1/2}\right)
    $$

    $\mu$ and $\Sigma$ are mean and covariance of what a classifier sees in each image before it
    decides: here the 64 features of a small network, where the FID of papers takes the 2,048 of
    Inception. The distance is 0 if both sets have the same mean and covariance, and falls as
    samples come to look like the real images. Values of different classifiers, or of different
    numbers of images, can't be compared.

    Source: Heusel et al. 2017 (arXiv:1706.08500), eq. 6.

    Args:
        a: mean and covariance of the features of one set.
        b: those of the other.

    Returns:
        The squared distance, a scalar ≥ 0.
    """
    root = _root(a.covariance)
    common = torch.linalg.eigvalsh(root @ b.covariance @ root).clamp(min=0).sqrt().sum()
    spread = a.covariance.trace() + b.covariance.trace() - 2 * common
    squared: Tensor = (a.mean - b.mean).square().sum() + spread
    return squared.clamp(min=0)


def frechet(images: Tensor) -> float:
    """The Fréchet distance from the 10,000 test digits, in the classifier's features.

    Args:
        images: (B, 1, 28, 28), nominally in [0, 1], at least two.
    """
    return float(frechet_distance(fit(features(images)), _test_gaussian()))


@functools.cache
def frechet_floor(count: int) -> float:
    """The Fréchet distance of `count` real digits from the test digits: what perfect samples have.

    It is not 0, and the larger the fewer they are: a mean and a covariance of few points are
    uncertain. So a distance means something only beside the floor of as many digits.

    Args:
        count: how many; the mean over four sets of training digits, fewer where there aren't four.
    """
    digits = mnist.load("train").images
    sets = [digits[start : start + count] for start in range(0, len(digits) - count + 1, count)][:4]
    return sum(frechet(mnist.unit_range(one)) for one in sets) / len(sets)


def diversity(images: Tensor, labels: Tensor) -> float:
    r"""Say how varied the digits of one class are, beside handwriting.

    $$
    \frac{\sum_c \mathrm{tr}\, \Sigma_c}{\sum_c \mathrm{tr}\, \Sigma_c^{\text{test}}}
    $$

    1 is as varied as the test digits, 0 is always the same digit.

    Args:
        images: (B, 1, 28, 28) in [0, 1], at least two of each class that occurs.
        labels: what each shall be, (B,).

    Returns:
        The ratio of the spreads within the classes that occur.
    """
    classes = sorted(set(labels.tolist()))
    ours, real = features(images), _test_features()
    true = mnist.load("test").labels
    spread = sum(float(ours[labels == c].var(0).sum()) for c in classes)
    return spread / sum(float(real[true == c].var(0).sum()) for c in classes)


def _parts(images: Tensor) -> tuple[Tensor, ...]:
    return torch.split(images.float().cpu().clamp(0, 1), _AT_ONCE)


def accuracy() -> float:
    """The share of the 10,000 test digits that it classifies right, measured when it was trained.

    Raises:
        ValueError: the classifier is missing.
    """
    return float(shipped.last_epoch("judge")["accuracy"])


def classified(images: Tensor, labels: Tensor | None = None) -> dict[str, float]:
    """How the classifier classifies samples, as numbers by name.

    Args:
        images: (B, 1, 28, 28) in [0, 1].
        labels: the digits requested, (B,), if any were.

    Returns:
        "confidence", the mean; with labels also "accuracy", the share classified as requested.
    """
    reading = read(images)
    numbers = {"confidence": float(reading.confidence.mean())}
    if labels is not None:
        numbers["accuracy"] = float((reading.labels == labels.cpu()).float().mean())
    return numbers


@functools.cache
def _test_gaussian() -> Gaussian:
    """Mean and covariance of the test digits' features.

    They are kept beside the weights: no 10,000 digits have to be classified before the first
    distance is known.

    Raises:
        ValueError: the file is missing or damaged.
    """
    try:
        tensors, _ = checkpoints.load_tensors(shipped.folder("judge") / TEST_GAUSSIAN)
        return Gaussian(tensors["mean"], tensors["covariance"])
    except (KeyError, checkpoints.BrokenCheckpoint) as error:
        raise ValueError(f"The test digits' features can't be read: {error}") from error


def main() -> None:
    """Keep the features of the test digits: `python -m lessons.measure.classifier`."""
    gaussian = fit(_test_features())
    checkpoints.save_tensors(shipped.folder("judge") / TEST_GAUSSIAN, gaussian._asdict(), {})


@functools.cache
def _test_features() -> Tensor:
    return features(mnist.unit_range(mnist.load("test").images))


@functools.cache
def _classifier() -> DigitClassifier:
    return shipped.network("judge", DigitClassifier)


def _root(covariance: Tensor) -> Tensor:
    """The square root of a symmetric matrix without negative eigenvalues."""
    values, vectors = torch.linalg.eigh(covariance)
    root: Tensor = vectors * values.clamp(min=0).sqrt() @ vectors.T
    return root


if __name__ == "__main__":
    main()
