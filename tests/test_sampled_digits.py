"""Samples of the shipped runs: trajectories, classification, and what guidance does to them."""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeVar

import pytest
import torch
from torch.testing import assert_close

from lessons.diffusion.noise import NoiseSource
from lessons.diffusion.schedules import spread
from lessons.images.captioned import Progress
from lessons.part_b import (
    flow_matching,
    sampled_digits,
    train_class_ddpm,
    train_ddpm,
)
from lessons.training import networks, runs

T = TypeVar("T")


def shipped(recipe: str) -> str:
    return next(run.id for run in runs.all_runs(recipe) if run.shipped)


def finished(calculation: Generator[Progress, None, T]) -> tuple[T, list[Progress]]:
    seen = []
    while True:
        try:
            seen.append(next(calculation))
        except StopIteration as end:
            return end.value, seen


def last(run_id: str, count: int, steps: int, gamma: float, seed: int = 1) -> torch.Tensor:
    labels = torch.arange(count) % 10
    return train_ddpm.last(sampled_digits.sampled(run_id, labels, seed, steps, gamma))


@pytest.mark.parametrize("recipe", ["ddpm", "class-ddpm", "class-flow"])
def test_a_trajectory_has_a_frame_a_step_and_ends_clean(recipe: str) -> None:
    trajectory, seen = finished(sampled_digits.trajectory(shipped(recipe), seed=1, steps=5))
    assert len(trajectory.frames) == len(trajectory.times) == len(seen) == 5
    if "flow" in recipe:
        assert trajectory.times == pytest.approx((0.2, 0.4, 0.6, 0.8, 1.0))
    else:
        assert trajectory.times[-1] == 0
        assert list(trajectory.times) == sorted(trajectory.times, reverse=True)
    x_t, estimate = trajectory.frames[-1]
    assert (x_t.pixels == estimate.pixels).all()  # the last step adds no noise
    assert len(trajectory.samples) == len(trajectory.copies) == 10
    assert [p.done for p in seen] == [1, 2, 3, 4, 5]


def test_the_shipped_class_run_draws_what_it_is_asked_for() -> None:
    trajectory, _ = finished(sampled_digits.trajectory(shipped("class-ddpm"), seed=3, steps=20))
    assert trajectory.numbers["accuracy"] >= 0.9
    assert trajectory.numbers["confidence"] > 0.9


def test_an_evaluation_asks_for_ten_of_each_digit_and_counts_by_class() -> None:
    evaluation, seen = finished(sampled_digits.evaluation(shipped("class-ddpm"), seed=1, gamma=5.0))
    assert [p.done for p in seen] == list(range(1, 21))
    assert [len(row) for row in evaluation.rows] == [10] * 10
    for row, share in zip(evaluation.rows, evaluation.accuracies, strict=True):
        assert sum(image.caption == "" for image in row) == round(10 * share)
    assert evaluation.accuracy >= 0.9


def test_an_evaluation_without_guidance_is_failed() -> None:
    evaluation, _ = finished(
        sampled_digits.evaluation(shipped("class-ddpm"), seed=1, gamma=0.0, steps=2)
    )
    assert evaluation.accuracy < 0.3


def test_a_digit_does_not_depend_on_how_many_are_sampled() -> None:
    run = shipped("class-ddpm")
    assert_close(last(run, 12, 4, 5.0)[:3], last(run, 3, 4, 5.0), atol=1e-4, rtol=1e-4)


def test_ddpm_and_flow_start_from_the_same_noise() -> None:
    """So that their ways can be laid beside each other."""
    one = next(sampled_digits.sampled(shipped("class-flow"), torch.arange(2), 7, 10, 0.0))
    network = networks.load_network(shipped("class-flow"))
    noise = NoiseSource(7, 2, (1, 28, 28))()
    velocity = flow_matching.following(network, torch.arange(2), 0.0)(noise, 0.0)
    assert_close(one.x_t, noise + velocity / 10)


def test_a_run_that_makes_no_digits_and_steps_that_can_not_be_are_refused() -> None:
    with pytest.raises(ValueError, match="makes no digits"):
        last(shipped("denoiser"), 1, 2, 0.0)
    for steps in (0, 301):
        with pytest.raises(ValueError, match="between 1 and 300"):
            last(shipped("class-flow"), 1, steps, 0.0)


def test_another_seed_gives_other_digits_and_the_same_seed_the_same() -> None:
    run = shipped("ddpm")
    assert torch.equal(last(run, 2, 4, 0.0), last(run, 2, 4, 0.0))
    assert not torch.allclose(last(run, 2, 4, 0.0), last(run, 2, 4, 0.0, seed=2), atol=0.1)


def test_without_guidance_the_label_does_not_count() -> None:
    network = networks.load_network(shipped("class-ddpm"))
    x_t = torch.randn(2, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    threes = train_class_ddpm.following(network, torch.tensor([3, 3]), 0.0)(x_t, 100)
    eights = train_class_ddpm.following(network, torch.tensor([8, 8]), 0.0)(x_t, 100)
    assert torch.equal(threes, eights)


def test_every_image_may_have_a_gamma_of_its_own() -> None:
    network = networks.load_network(shipped("class-ddpm"))
    x_t = torch.randn(2, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    labels, own = torch.tensor([3, 8]), torch.tensor([1.0, 7.0]).view(-1, 1, 1, 1)
    together = train_class_ddpm.following(network, labels, own)(x_t, 100)
    for i, gamma in enumerate((1.0, 7.0)):
        alone = train_class_ddpm.following(network, labels, gamma)(x_t, 100)
        assert_close(together[i], alone[i])


def test_one_step_starts_from_the_noisiest() -> None:
    assert spread(train_ddpm.STEPS, 1) == (299,)


@pytest.mark.parametrize("steps", [2, 7, 299, 300])
def test_steps_are_spread_from_the_noisiest_to_the_least_noisy(steps: int) -> None:
    indices = spread(train_ddpm.STEPS, steps)
    assert (indices[0], indices[-1], len(set(indices))) == (299, 0, steps)


@pytest.mark.parametrize("steps", [0, -1, 301])
def test_a_number_of_steps_that_can_not_be_is_refused(steps: int) -> None:
    with pytest.raises(ValueError, match="between 1 and 300"):
        spread(train_ddpm.STEPS, steps)
