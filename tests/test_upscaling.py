"""Enlarging with a second network, on a tiny DeepFloyd IF."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from lessons import upscaling
from lessons.upscaling import Upscaled, enlarge
from models import catalog

PIXELS = np.random.default_rng(1).integers(0, 256, (16, 16, 3), dtype=np.uint8)


def made(**changes: object) -> Upscaled:
    parameters = {"prompt": "a skull", "gamma": 2.0, "level": 250, "seed": 5, **changes}
    steps = upscaling.demo("deepfloyd", PIXELS, **parameters)  # type: ignore[arg-type]
    return catalog.finish(steps)


def test_stretching_keeps_corners_and_straight_lines() -> None:
    ramp = torch.linspace(0, 1, 16).expand(1, 3, 16, 16)
    assert_close(enlarge(ramp, 61), torch.linspace(0, 1, 61).expand(1, 3, 61, 61))


@pytest.mark.usefixtures("tiny_if_here")
def test_the_large_image_has_the_second_networks_size_and_follows_the_seed() -> None:
    once, again, other = made(), made(), made(seed=6)
    assert once.small.pixels.shape == (16, 16, 3)
    assert_close(once.small.pixels, PIXELS)
    assert once.stretched.pixels.shape == once.large.pixels.shape == (32, 32, 3)
    assert np.array_equal(once.large.pixels, again.large.pixels)
    assert not np.array_equal(once.large.pixels, other.large.pixels)


@pytest.mark.usefixtures("tiny_if_here")
@pytest.mark.parametrize("level", [-1, 1000])
def test_a_noise_level_outside_the_schedule_is_refused(level: int) -> None:
    with pytest.raises(ValueError, match="0 to 999"):
        made(level=level)


def test_digits_can_not_be_enlarged() -> None:
    assert not upscaling.offered("digits")
