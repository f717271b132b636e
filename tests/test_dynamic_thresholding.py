"""Dynamic thresholding: limits, symmetries, diffusers as oracle."""

from __future__ import annotations

import pytest
import tiny_if
import torch
from torch.testing import assert_close

from lessons.diffusion.schedules import squaredcos_cap_v2
from lessons.dynamic_thresholding import limit_of, threshold
from models.text_to_image import ModelSpec, Threshold

ESTIMATE = torch.randn(3, 3, 16, 16, generator=torch.Generator().manual_seed(1))
SCALES = torch.tensor([0.1, 1.0, 30.0]).view(3, 1, 1, 1)


@pytest.mark.parametrize("ratio", [0.5, 0.95, 0.995])
@pytest.mark.parametrize("largest", [1.0, 1.5, 100.0])
def test_it_is_what_diffusers_does(ratio: float, largest: float) -> None:
    theirs = tiny_if.scheduler(dynamic_thresholding_ratio=ratio, sample_max_value=largest)
    expected = theirs._threshold_sample(SCALES * ESTIMATE)
    assert_close(threshold(SCALES * ESTIMATE, ratio, largest), expected)


def test_a_estimate_inside_the_range_stays_as_it_is() -> None:
    inside = ESTIMATE.clamp(-1, 1)
    assert_close(threshold(inside, 0.95, 1.5), inside, rtol=0, atol=0)


def test_nothing_is_left_outside_the_range_and_the_sign_stays() -> None:
    limited = threshold(30 * ESTIMATE, 0.95, 100.0)
    assert limited.abs().max() == 1
    assert_close(limited.sign(), ESTIMATE.sign(), rtol=0, atol=0)


def test_shades_survive_that_cutting_would_flatten() -> None:
    overdrawn = torch.linspace(-1.4, 1.4, 768).view(1, 3, 16, 16)
    flat = (overdrawn.clamp(-1, 1).abs() == 1).float().mean()
    assert (threshold(overdrawn, 0.95, 1.5).abs() == 1).float().mean() < flat / 4


def test_each_image_has_a_limit_of_its_own() -> None:
    together = threshold(SCALES * ESTIMATE, 0.95, 1.5)
    alone = [threshold(one[None], 0.95, 1.5) for one in SCALES * ESTIMATE]
    assert_close(together, torch.cat(alone), rtol=0, atol=0)


def test_without_a_threshold_estimates_are_left_alone() -> None:
    form = ModelSpec((3, 16, 16), -1.0, 1.0, squaredcos_cap_v2().alpha_bars)
    assert limit_of(form) is None
    limited = limit_of(form._replace(threshold=Threshold(0.95, 1.5)))
    assert limited(30 * ESTIMATE).abs().max() == 1
