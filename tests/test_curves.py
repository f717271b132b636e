"""Loss curves: smoothing, and the course's curves at equal images seen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lessons import curves


@given(st.lists(st.floats(0, 10), min_size=1, max_size=50), st.floats(0, 0.99))
def test_a_smoothed_curve_stays_between_its_extremes(losses: list[float], weight: float) -> None:
    smoothed = curves.smooth(losses, weight)
    assert len(smoothed) == len(losses)
    assert min(losses) - 1e-9 <= min(smoothed) <= max(smoothed) <= max(losses) + 1e-9


def test_no_weight_changes_nothing() -> None:
    assert curves.smooth([3.0, 1.0, 2.0], 0) == [3.0, 1.0, 2.0]


def test_a_constant_curve_is_not_drawn_towards_zero() -> None:
    assert curves.smooth([0.5] * 5, 0.9) == pytest.approx([0.5] * 5)


@pytest.mark.parametrize("weight", [-0.1, 1.0, float("nan")])
def test_a_weight_outside_its_range_is_refused(weight: float) -> None:
    with pytest.raises(ValueError, match="weight"):
        curves.smooth([1.0], weight)


def test_the_courses_denoiser_is_drawn_at_equal_images_seen() -> None:
    assert curves.DENOISER.images[:2] == (50 * 256, 100 * 256)
    assert curves.DENOISER.losses[:2] == (0.0202, 0.0152)


def test_a_short_run_sees_only_the_beginning_of_the_courses_curve() -> None:
    assert len(curves.DENOISER.up_to(1_000).images) == 3
    assert curves.DENOISER.up_to(10**7) == curves.DENOISER
