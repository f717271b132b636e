"""The judge: what it reads, and the numbers that are made of it."""

from __future__ import annotations

import pytest
import torch
from torch.testing import assert_close

from lessons import judge, train_judge
from models import mnist
from models.randomness import stream

DIGITS = mnist.load("test")
X, LABELS = mnist.unit_range(DIGITS.images[:1000]), DIGITS.labels[:1000]


def points(count: int, scale: float = 1.0, shift: float = 0.0) -> torch.Tensor:
    random = stream(1, "points", count)
    return scale * torch.randn(count, 4, generator=random, dtype=torch.float64) + shift


def test_the_shipped_judge_reads_99_percent_of_the_test_digits_right() -> None:
    everything = judge.read(mnist.unit_range(DIGITS.images))
    accuracy = float((everything.labels == DIGITS.labels).float().mean())
    assert accuracy >= 0.99
    assert accuracy == pytest.approx(judge.accuracy(), abs=5e-4)  # shipped in half precision


def test_the_judge_is_not_sure_of_noise_as_it_is_of_digits() -> None:
    drawn = judge.judged(X, LABELS)
    noise = judge.judged(torch.rand(200, 1, 28, 28, generator=stream(0)), LABELS[:200])
    assert drawn["confidence"] > 0.98
    assert noise["accuracy"] < 0.3


def test_what_is_read_does_not_depend_on_the_other_pictures() -> None:
    assert_close(judge.features(X[:3]), judge.features(X)[:3])


def test_the_frechet_distance_of_a_cloud_to_itself_is_zero() -> None:
    cloud = points(50)
    assert float(judge.frechet_distance(cloud, cloud)) == pytest.approx(0, abs=1e-10)


def test_a_shift_counts_squared_and_a_stretch_by_the_difference_of_the_spreads() -> None:
    cloud = points(4000)
    moved = float(judge.frechet_distance(cloud, cloud + 3))
    assert moved == pytest.approx(4 * 9, rel=1e-9)
    centred = cloud - cloud.mean(0)
    stretched = float(judge.frechet_distance(centred, 3 * centred))
    assert stretched == pytest.approx(4 * float(torch.cov(centred.T).trace()), rel=1e-9)


def test_the_frechet_distance_is_symmetric() -> None:
    a, b = points(100), points(120, scale=2, shift=1)
    assert_close(judge.frechet_distance(a, b), judge.frechet_distance(b, a))


def test_digits_are_nearer_to_digits_than_noise_is() -> None:
    floor, real = judge.frechet_floor(), judge.frechet(X)
    noise = judge.frechet(torch.rand(200, 1, 28, 28, generator=stream(0)))
    assert 0 < floor < real < 1 < noise


def test_test_digits_are_as_varied_as_test_digits_and_copies_not_at_all() -> None:
    everything = mnist.unit_range(DIGITS.images)
    assert judge.diversity(everything, DIGITS.labels) == pytest.approx(1, abs=1e-6)
    copies = X[:10].repeat_interleave(5, 0)
    assert judge.diversity(copies, torch.arange(10).repeat_interleave(5)) < 1e-6


def test_a_copied_training_digit_is_found_and_a_test_digit_is_none() -> None:
    known = mnist.unit_range(mnist.load("train").images[[59_999, 3]])
    found = judge.nearest(torch.cat([known, X[:1]]))
    assert found.distances[0] == pytest.approx(0, abs=1e-3)
    assert found.distances[1] == pytest.approx(0, abs=1e-3)
    assert found.distances[2] > 0.05
    assert (found.digits[0].pixels == mnist.load("train").images[59_999, 0].numpy()).all()


def test_a_shift_moves_every_digit_of_a_batch_alike_and_loses_no_ink() -> None:
    images = torch.zeros(3, 1, 28, 28)
    images[:, :, 10:14, 10:14] = 1
    moved = {tuple(train_judge.shifted(images, stream(s))[0, 0].sum(0).tolist()) for s in range(30)}
    assert len(moved) == 5
    assert all(sum(columns) == 16 for columns in moved)
