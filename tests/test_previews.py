"""What every preview shows: the same test digits under the same noise."""

from __future__ import annotations

import torch

from lessons.training import previews
from models import mnist


def test_the_test_digits_begin_with_0_to_9_and_repeat_none() -> None:
    digits = previews.test_digits(1000)
    assert digits.shape == (1000, 1, 28, 28)
    assert (digits.min(), digits.max()) == (0, 1)
    assert len({digit.numpy().tobytes() for digit in digits}) == 1000
    test = mnist.load("test")
    where = {image.numpy().tobytes(): i for i, image in enumerate(test.images)}
    ten = [where[(digit * 255).round().byte().numpy().tobytes()] for digit in digits[:10]]
    assert test.labels[ten].tolist() == list(range(10))


def test_a_digit_of_the_preview_is_the_same_however_many_there_are() -> None:
    torch.testing.assert_close(previews.test_digits(10), previews.test_digits(1000)[:10])
    few, many = torch.zeros(3, 1, 28, 28), torch.zeros(7, 1, 28, 28)
    assert torch.equal(previews.noise_like(few, 1), previews.noise_like(many, 1)[:3])
    assert not torch.equal(previews.noise_like(few, 1), previews.noise_like(few, 2))


def test_every_image_of_a_preview_has_noise_of_its_own() -> None:
    noise = previews.noise_like(torch.zeros(50, 1, 28, 28), 1)
    assert len({eps.numpy().tobytes() for eps in noise}) == 50
