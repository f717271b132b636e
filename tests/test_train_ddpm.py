"""DDPM on MNIST: what the network is asked, what it is told, and how it is sampled."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from told import Told, batch
from torch.testing import assert_close

from lessons.diffusion.noise import stream
from lessons.diffusion.schedules import CLEAN
from lessons.part_b import train_class_ddpm, train_ddpm
from lessons.part_b.train_ddpm import ALPHA_BARS, STEPS, DDPMSettings, noise_loss, noisy, normalised
from lessons.training.recipe import DigitBatch
from models.unet import TimeConditionalUNet

CPU = torch.device("cpu")


def test_the_schedule_has_the_published_values() -> None:
    assert len(ALPHA_BARS) == STEPS == 300
    found = [float(ALPHA_BARS[i]) for i in (0, 149, 299)]
    assert found == pytest.approx([0.9999, 0.467055, 0.048058], abs=1e-6)


def test_a_network_that_always_answers_zero_has_a_loss_of_one() -> None:
    loss = train_ddpm.loss(Told(), batch(256), DDPMSettings())
    assert float(loss) == pytest.approx(1, abs=0.01)


def test_every_image_of_a_batch_has_a_timestep_of_its_own_from_first_to_last() -> None:
    network = Told()
    for step in range(40):
        train_ddpm.loss(network, batch(64, step), DDPMSettings())
    t = torch.cat([told[1] for told in network.calls])
    assert set((t * STEPS).round().int().tolist()) == set(range(1, STEPS + 1))
    assert len(set(network.calls[0][1].tolist())) > 30


def test_the_network_is_told_the_same_time_in_training_and_in_sampling() -> None:
    network, with_classes = Told(), Told()
    index = torch.tensor([0, 149, 299])
    predict = train_ddpm.predictor(network)
    guided = train_class_ddpm.following(with_classes, torch.tensor([3]), 5.0)
    for t in index.tolist():
        predict(torch.zeros(1, 1, 28, 28), t)
        guided(torch.zeros(1, 1, 28, 28), t)
    assert_close(torch.cat([told[1] for told in network.calls]), normalised(index))
    twice = normalised(index).repeat_interleave(2)
    assert_close(torch.cat([told[2] for told in with_classes.calls]), twice)
    assert normalised(index).tolist() == pytest.approx([1 / 300, 0.5, 1.0])


def test_each_image_is_noised_to_its_own_level() -> None:
    x_0, eps = torch.ones(2, 1, 28, 28), torch.zeros(2, 1, 28, 28)
    x_t = noisy(x_0, torch.tensor([0, 299]), eps)
    assert_close(x_t[:, 0, 0, 0], ALPHA_BARS[[0, 299]].sqrt().float())


@pytest.mark.parametrize("lesson", [train_ddpm, train_class_ddpm])
def test_in_training_the_noise_level_is_the_one_of_the_time_that_is_told(lesson: Any) -> None:
    """So much light that the noise is lost in it: its share of x_t tells the level."""
    network = Told()
    bright = DigitBatch(
        torch.full((300, 1, 28, 28), 1e4), torch.arange(300) % 10, stream(0, "step", 0)
    )
    lesson.loss(network, bright, lesson.RECIPE.settings())
    x_t, *_, t = network.calls[0] if lesson is train_ddpm else network.calls[0][:3]
    expected = ALPHA_BARS[(t * STEPS).round().long() - 1].sqrt().float()
    assert_close(x_t.mean((1, 2, 3)) / 1e4, expected, atol=2e-5, rtol=0)


def test_the_loss_refuses_shapes_that_would_broadcast() -> None:
    with pytest.raises(ValueError, match="eps_hat"):
        noise_loss(torch.zeros(4, 1, 28, 28), torch.zeros(4, 28, 28))


def test_sampling_takes_all_300_steps_and_ends_clean() -> None:
    network = Told()
    frames = list(train_ddpm.sample(train_ddpm.predictor(network), 1, 2, CPU))
    assert [frame.t for frame in frames] == [*range(298, -1, -1), CLEAN]
    times = [round(float(told[1][0]) * STEPS) for told in network.calls]
    assert times == list(range(300, 0, -1))


def test_a_sample_does_not_depend_on_how_many_are_made_with_it() -> None:
    torch.manual_seed(0)
    network = TimeConditionalUNet(1, 10, 8).eval()
    with torch.no_grad():
        predict = train_ddpm.predictor(network)
        two = train_ddpm.last(train_ddpm.sample(predict, 1, 2, CPU))
        three = train_ddpm.last(train_ddpm.sample(predict, 1, 3, CPU))
    assert_close(two, three[:2], rtol=1e-3, atol=1e-3)


def test_a_fresh_networks_loss_is_about_one_and_finite() -> None:
    network = train_ddpm.build(DDPMSettings(num_hiddens=8))
    loss = train_ddpm.loss(network, batch(32), DDPMSettings()).item()
    assert math.isfinite(loss)
    assert 0.5 < loss < 3
