"""How good are samples? A judge reads them; three numbers say what the eye can't count.

Whether a sample is the digit that was asked for is one question, whether all samples together look
like handwriting is another: a model that draws the same perfect 3 a hundred times answers the first
and fails the second. And a model that has learnt its training digits by heart fails a third.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Final, cast

import torch
from torch import Tensor

from lessons import runs
from lessons.picture import Picture, to_pixels
from lessons.trained import load_network
from models import mnist
from models.judge import Judge

_AT_ONCE: Final = 500


@dataclass(frozen=True)
class Reading:
    """What the judge reads in digits.

    Attributes:
        labels: the class it finds most likely, (B,) int64.
        confidence: how likely, (B,), 0.1 to 1.
    """

    labels: Tensor
    confidence: Tensor


@dataclass(frozen=True)
class Nearest:
    """The training digits that samples come closest to.

    Attributes:
        digits: their pictures.
        distances: root mean square difference of the pixels, 0 = a copy.
    """

    digits: tuple[Picture, ...]
    distances: tuple[float, ...]


def read(images: Tensor) -> Reading:
    """Let the judge read digits.

    Args:
        images: (B, 1, 28, 28), nominally in [0, 1]; clamped as a display would.

    Raises:
        ValueError: the judge's weights are missing or damaged.
    """
    judge = _judge()
    with torch.no_grad():
        scores = torch.cat([judge(part) for part in _parts(images)])
    confidence, labels = scores.softmax(1).max(1)
    return Reading(labels, confidence)


def features(images: Tensor) -> Tensor:
    """What the judge sees before it decides, (B, 64) float64; `images` as for `read`.

    Raises:
        ValueError: the judge's weights are missing or damaged.
    """
    judge = _judge()
    with torch.no_grad():
        return torch.cat([judge.features(part) for part in _parts(images)]).double()


def frechet_distance(a: Tensor, b: Tensor) -> Tensor:
    r"""Compare two clouds of points by where they lie and how they spread.

    $$
    d^2 = \lVert \mu_a - \mu_b \rVert^2
        + \mathrm{tr}\!\left(\Sigma_a + \Sigma_b - 2\,(\Sigma_a \Sigma_b)^{1/2}\right)
    $$

    It is 0 if both have the same mean and covariance. With the features of a judge as points it is
    the FID of papers, only with a judge of our own: compare its values among each other, not with
    those of other judges.

    Source: Heusel et al. 2017 (arXiv:1706.08500), eq. 6.

    Args:
        a: points, (N, F) float64, more points than F.
        b: points, (M, F) float64.

    Returns:
        The squared distance, a scalar ≥ 0.
    """
    root = _root(torch.cov(a.T))
    common = torch.linalg.eigvalsh(root @ torch.cov(b.T) @ root).clamp(min=0).sqrt().sum()
    spread = torch.cov(a.T).trace() + torch.cov(b.T).trace() - 2 * common
    squared: Tensor = (a.mean(0) - b.mean(0)).square().sum() + spread
    return squared.clamp(min=0)


def frechet(images: Tensor) -> float:
    """The Fréchet distance between digits and the 10,000 test digits, as the judge sees them."""
    return float(frechet_distance(features(images), _test_features()))


@functools.cache
def frechet_floor() -> float:
    """The Fréchet distance between two halves of the test digits: nothing real gets lower."""
    own = _test_features()
    return float(frechet_distance(own[0::2], own[1::2]))


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


def nearest(images: Tensor) -> Nearest:
    """Look for copies: the training digit closest to each sample, pixel by pixel.

    Args:
        images: (B, 1, 28, 28) in [0, 1].
    """
    known = mnist.load("train").images
    x = images.clamp(0, 1).flatten(1)
    best = torch.full((len(x),), torch.inf)
    where = torch.zeros(len(x), dtype=torch.int64)
    for start in range(0, len(known), 10_000):
        part = mnist.unit_range(known[start : start + 10_000]).flatten(1)
        distance, index = torch.cdist(x, part).min(1)
        closer = distance < best
        best = torch.where(closer, distance, best)
        where = torch.where(closer, index + start, where)
    digits = tuple(Picture(to_pixels(mnist.unit_range(known[i]))) for i in where)
    return Nearest(digits, tuple((best / x.shape[1] ** 0.5).tolist()))


def _parts(images: Tensor) -> tuple[Tensor, ...]:
    return torch.split(images.float().cpu().clamp(0, 1), _AT_ONCE)


def accuracy() -> float:
    """The share of the 10,000 test digits that the judge reads right, measured when it was trained.

    Raises:
        ValueError: the judge is missing.
    """
    return runs.view(_run_id()).epochs[-1].numbers["accuracy"]


def judged(images: Tensor, labels: Tensor | None = None) -> dict[str, float]:
    """What the judge makes of samples, as numbers by name.

    Args:
        images: (B, 1, 28, 28) in [0, 1].
        labels: what each shall be, (B,), if that was asked for.

    Returns:
        "confidence", the mean; with labels also "accuracy", the share read as asked for.
    """
    reading = read(images)
    numbers = {"confidence": float(reading.confidence.mean())}
    if labels is not None:
        numbers["accuracy"] = float((reading.labels == labels.cpu()).float().mean())
    return numbers


@functools.cache
def _test_features() -> Tensor:
    return features(mnist.unit_range(mnist.load("test").images))


def _judge() -> Judge:
    return cast(Judge, load_network(_run_id()))


def _run_id() -> str:
    shipped = [run.id for run in runs.all_runs("judge") if run.shipped]
    if not shipped:
        raise ValueError("The judge that reads the samples is missing; it ships with the project.")
    return shipped[0]


def _root(covariance: Tensor) -> Tensor:
    """The square root of a symmetric matrix without negative eigenvalues."""
    values, vectors = torch.linalg.eigh(covariance)
    root: Tensor = vectors * values.clamp(min=0).sqrt() @ vectors.T
    return root
