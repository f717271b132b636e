"""One step: what a network knows of an image that no blur can."""

from __future__ import annotations

import pytest

from lessons.part_a import (
    one_step_denoising,
)
from models.catalog import finish


def test_the_network_beats_the_best_gaussian_at_every_level() -> None:
    levels = one_step_denoising.levels("digits")
    for one in finish(one_step_denoising.demo("digits", "digit-3", "", levels, seed=276)):
        assert one.gain == pytest.approx(one.psnr - one.blur_psnr)
        assert one.gain > 0
