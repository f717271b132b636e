"""One digit on its way into noise."""

import numpy as np
import pytest

from lessons.images.captioned import to_pixels
from lessons.part_b import from_denoiser_to_ddpm as lesson
from lessons.training.previews import test_digits as digits


def test_signal_and_noise_share_the_power() -> None:
    curves = lesson.schedule()
    assert curves.t == tuple(range(1, 301))
    assert np.square(curves.signal) + np.square(curves.noise) == pytest.approx(np.ones(300))


def test_the_first_step_leaves_the_digit_almost_as_it_was() -> None:
    first = lesson.under_noise(3, seed=1)[0].pixels.astype(int)
    assert np.abs(first - to_pixels(digits(10)[3])).max() < 20


def test_the_trajectory_ends_at_the_last_timestep_under_the_same_noise_as_the_levels() -> None:
    trajectory, levels = lesson.under_noise(3, seed=1), lesson.levels(3, seed=1)
    assert len(trajectory) == 31
    assert trajectory[-1].caption.startswith("t = 300")
    assert np.array_equal(trajectory[-1].pixels, levels[-1].pixels)


def test_there_is_no_eleventh_digit() -> None:
    with pytest.raises(ValueError, match="no 10"):
        lesson.levels(10, seed=1)
