"""A DDPM that is told which digit, and sometimes is not."""

from __future__ import annotations

import pytest
import torch
from told import Told, batch
from torch.testing import assert_close

from lessons.diffusion.guidance import guide
from lessons.diffusion.noise import stream
from lessons.part_b import train_class_ddpm
from lessons.part_b.train_class_ddpm import ClassDDPMSettings
from lessons.part_b.train_ddpm import normalised
from lessons.training.labels import keep_mask
from models.unet import ClassConditionalUNet


def test_the_class_loss_keeps_nine_labels_in_ten_and_says_which_digits_they_are() -> None:
    network = Told()
    for step in range(20):
        train_class_ddpm.loss(network, batch(100, step), ClassDDPMSettings())
    kept = torch.cat([told[3] for told in network.calls])
    assert float(kept.mean()) == pytest.approx(0.9, abs=0.03)
    assert all(told[1].tolist() == [i % 10 for i in range(100)] for told in network.calls)


def test_labels_are_dropped_one_by_one_and_not_as_an_exact_share() -> None:
    kept = [int(keep_mask(100, 0.1, stream(0, "step", i)).sum()) for i in range(200)]
    assert sum(kept) / 20_000 == pytest.approx(0.9, abs=0.01)
    assert len(set(kept)) > 5


def test_nothing_is_dropped_at_zero() -> None:
    assert keep_mask(1000, 0.0, stream(0, "step", 1)).min() == 1


def test_a_dropped_label_is_the_same_as_no_label_at_all() -> None:
    torch.manual_seed(0)
    network = ClassConditionalUNet(1, 10, 8).eval()
    x, t = torch.randn(2, 1, 28, 28), torch.tensor([0.3, 0.9])
    dropped = network(x, torch.tensor([3, 7]), t, torch.zeros(2))
    assert_close(dropped, network(x, torch.tensor([1, 1]), t, torch.zeros(2)))
    kept = network(x, torch.tensor([3, 7]), t, torch.ones(2))
    assert_close(kept, network(x, torch.tensor([3, 7]), t))
    assert not torch.allclose(kept, dropped)


def test_guidance_is_one_call_with_each_image_twice() -> None:
    network = Told()
    labels = torch.tensor([3, 7])
    train_class_ddpm.following(network, labels, 5.0)(torch.zeros(2, 1, 28, 28), 10)
    (told,) = network.calls
    assert told[3].tolist() == [1, 1, 0, 0]
    assert told[1][:2].tolist() == [3, 7]  # where the mask is 0, any label is none


def test_a_guided_network_follows_the_equation() -> None:
    torch.manual_seed(0)
    network = ClassConditionalUNet(1, 10, 8).eval()
    x, labels = torch.randn(2, 1, 28, 28), torch.tensor([3, 7])
    t = normalised(torch.tensor([10, 10]))
    expected = guide(network(x, labels, t), network(x, labels, t, torch.zeros(2)), 3.0)
    found = train_class_ddpm.following(network, labels, 3.0)(x, 10)
    assert_close(found, expected, rtol=1e-4, atol=1e-4)


def test_the_presets_named_course_are_the_courses() -> None:
    course = train_class_ddpm.RECIPE.presets["Course"]
    assert isinstance(course, ClassDDPMSettings)
    assert (course.num_hiddens, course.batch_size, course.epochs) == (64, 128, 20)
    assert (course.learning_rate, course.images_per_epoch) == (1e-3, 60_000)
    assert course.decay ** (1 / course.epochs) == pytest.approx(0.1 ** (1 / 20))
    assert (course.schedule, course.drop, course.gamma, course.ema) == ("by epoch", 0.1, 5.0, 0.0)
