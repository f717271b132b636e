"""What the previews of all recipes share: test digits, their noise, and rows of images."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

from lessons.diffusion.noise import stream
from lessons.images.captioned import CaptionedImage, to_pixels
from models import mnist

ROW: Final = 10
"""Digits in a row of a preview."""

SAMPLES: Final = 40
"""Samples that a preview shows."""

TEST_DIGITS: Final = 1_000
"""The first so many give the loss on test digits."""


def test_digits(count: int) -> Tensor:
    """Test digits (count, 1, 28, 28) in [0, 1], the first ten being 0 to 9."""
    return mnist.unit_range(mnist.first_of_each(mnist.load("test"), count).images)


def noise_like(x: Tensor, seed: int) -> Tensor:
    """The noise of a preview: image i gets the same, however many there are."""
    random = stream(seed, "preview")
    return torch.cat([torch.randn(1, *x.shape[1:], generator=random) for _ in x])


def images(images: Tensor) -> tuple[CaptionedImage, ...]:
    """A row of images, values clamped to [0, 1]; fewer than ten are followed by black ones."""
    blank = images.new_zeros(max(ROW - len(images), 0), *images.shape[1:])
    return tuple(CaptionedImage(to_pixels(image)) for image in torch.cat([images, blank]))
