"""The classifier: what it reads, and the numbers that are made of it."""

from __future__ import annotations

import pytest
import torch
from test_sampled_digits import shipped
from torch.testing import assert_close

from lessons.diffusion.noise import stream
from lessons.measure import classifier, nearest_digits, train_classifier
from lessons.training import runs
from models import mnist
from pages._shared import sampling

DIGITS = mnist.load("test")
X, LABELS = mnist.unit_range(DIGITS.images[:1000]), DIGITS.labels[:1000]


def points(count: int, scale: float = 1.0, shift: float = 0.0) -> torch.Tensor:
    random = stream(1, "points", count)
    return scale * torch.randn(count, 4, generator=random, dtype=torch.float64) + shift


def distance(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    return classifier.frechet_distance(classifier.fit(a), classifier.fit(b))


def test_the_shipped_classifier_reads_99_percent_of_the_test_digits_right() -> None:
    everything = classifier.read(mnist.unit_range(DIGITS.images))
    accuracy = float((everything.labels == DIGITS.labels).float().mean())
    assert accuracy >= 0.99
    assert accuracy == pytest.approx(classifier.accuracy(), abs=5e-4)  # shipped in half precision


def test_the_classifier_is_not_sure_of_noise_as_it_is_of_digits() -> None:
    drawn = classifier.classified(X, LABELS)
    noise = classifier.classified(torch.rand(200, 1, 28, 28, generator=stream(0)), LABELS[:200])
    assert drawn["confidence"] > 0.98
    assert noise["accuracy"] < 0.3


def test_what_is_read_does_not_depend_on_the_other_images() -> None:
    assert_close(classifier.features(X[:3]), classifier.features(X)[:3])


def test_the_frechet_distance_of_a_cloud_to_itself_is_zero() -> None:
    cloud = points(50)
    assert float(distance(cloud, cloud)) == pytest.approx(0, abs=1e-10)


def test_a_shift_counts_squared_and_a_stretch_by_the_difference_of_the_spreads() -> None:
    cloud = points(4000)
    moved = float(distance(cloud, cloud + 3))
    assert moved == pytest.approx(4 * 9, rel=1e-9)
    centred = cloud - cloud.mean(0)
    stretched = float(distance(centred, 3 * centred))
    assert stretched == pytest.approx(4 * float(torch.cov(centred.T).trace()), rel=1e-9)


def test_the_frechet_distance_is_symmetric() -> None:
    a, b = points(100), points(120, scale=2, shift=1)
    assert_close(distance(a, b), distance(b, a))


def test_digits_are_nearer_to_digits_than_noise_is() -> None:
    real = classifier.frechet(X)
    noise = classifier.frechet(torch.rand(200, 1, 28, 28, generator=stream(0)))
    assert 0 < real < 1 < noise


def test_the_kept_features_are_those_of_the_test_digits() -> None:
    kept, again = classifier._test_gaussian(), classifier.fit(classifier._test_features())
    assert_close(kept.mean, again.mean, atol=1e-4, rtol=1e-4)
    assert_close(kept.covariance, again.covariance, atol=1e-4, rtol=1e-4)


def test_the_floor_is_the_lower_the_more_digits_there_are_and_as_the_pages_say() -> None:
    floors = [classifier.frechet_floor(count) for count in (40, 100, 1000)]
    assert floors == sorted(floors, reverse=True)
    assert f"{floors[0]:.1f}" == f"{sampling.FLOOR_OF_FORTY:.1f}"
    noise = torch.randn(40, 1, 28, 28, generator=stream(1))
    assert classifier.frechet(noise) > 100


def test_pure_noise_is_far_from_digits_however_confident_the_classifier_is() -> None:
    before = runs.view(shipped("class-flow")).epochs[0]
    assert before.epoch == 0
    assert before.numbers["confidence"] > 0.99
    assert before.numbers["frechet"] > 100


@pytest.mark.parametrize("recipe", ["ddpm", "class-ddpm", "class-flow"])
def test_the_recorded_frechet_distances_are_those_of_the_images_kept(recipe: str) -> None:
    run = runs.view(shipped(recipe))
    for epoch in run.epochs:
        rows = runs.samples(run.id, epoch.epoch)
        pixels = [torch.from_numpy(image.pixels.copy()) for row in rows for image in row]
        x = torch.stack(pixels).float().reshape(40, 28, 28, -1)[..., 0][:, None] / 255
        assert epoch.numbers["frechet"] == pytest.approx(classifier.frechet(x), rel=1e-3)


def test_test_digits_are_as_varied_as_test_digits_and_copies_not_at_all() -> None:
    everything = mnist.unit_range(DIGITS.images)
    assert classifier.diversity(everything, DIGITS.labels) == pytest.approx(1, abs=1e-6)
    copies = X[:10].repeat_interleave(5, 0)
    assert classifier.diversity(copies, torch.arange(10).repeat_interleave(5)) < 1e-6


def test_a_copied_training_digit_is_found_and_a_test_digit_is_none() -> None:
    known = mnist.unit_range(mnist.load("train").images[[59_999, 3]])
    found = nearest_digits.nearest(torch.cat([known, X[:1]]))
    assert found.distances[0] == pytest.approx(0, abs=1e-3)
    assert found.distances[1] == pytest.approx(0, abs=1e-3)
    assert found.distances[2] > 0.05
    assert (found.digits[0].pixels == mnist.load("train").images[59_999, 0].numpy()).all()


def test_a_shift_moves_every_digit_of_a_batch_alike_and_loses_no_intensity() -> None:
    images = torch.zeros(3, 1, 28, 28)
    images[:, :, 10:14, 10:14] = 1
    moved = {
        tuple(train_classifier.shifted(images, stream(s))[0, 0].sum(0).tolist()) for s in range(30)
    }
    assert len(moved) == 5
    assert all(sum(columns) == 16 for columns in moved)
