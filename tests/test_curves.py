"""Loss curves: smoothing, and the course's curves at equal images seen."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lessons.training import curves


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


def test_a_short_run_sees_the_beginning_of_the_courses_curve_up_to_its_own_end() -> None:
    short = curves.DENOISER.up_to(75 * 256)
    assert short.images == (50 * 256, 75 * 256)
    assert short.losses == pytest.approx((0.0202, (0.0202 + 0.0152) / 2))
    assert curves.DENOISER.up_to(1_000).images == ()
    assert curves.DENOISER.up_to(10**7) == curves.DENOISER


@given(st.floats(-1, 12))
def test_what_is_cut_lies_on_the_curve_and_ends_where_it_was_cut(end: float) -> None:
    x, y = [0.0, 1.0, 4.0, 10.0], [3.0, 1.0, 7.0, 2.0]
    seen, values = curves.cut(x, y, end)
    assert len(seen) == len(values)
    if end >= 0:
        assert seen[-1] == pytest.approx(min(end, 10.0))
        assert values[-1] == pytest.approx(np.interp(end, x, y))
    else:
        assert not seen


def test_a_smoothed_curve_does_not_lag_on_a_steep_start() -> None:
    steep = [k**-0.5 for k in range(1, 400)]
    for value, truth in zip(curves.smooth(steep, 0.9), steep, strict=True):
        assert truth <= value < 1.13 * truth  # a constant weight is 1.5 times too high at step 8
    fast = curves.smooth([2.0 * 0.8**k + 0.1 for k in range(60)], 0.9)
    assert fast[20] < 2 * (2.0 * 0.8**20 + 0.1)


def test_in_the_long_run_noise_is_averaged_as_the_weight_says() -> None:
    noise = np.random.default_rng(0).normal(size=20_000)
    late = np.array(curves.smooth([*noise], 0.9))[1000:]
    assert late.std() == pytest.approx(((1 - 0.9) / (1 + 0.9)) ** 0.5, rel=0.05)


def test_the_courses_curves_name_their_batches_and_reach_the_end_of_the_course() -> None:
    for curve, batch, least in (
        (curves.DENOISER, 256, 0.95 * 300_000),
        (curves.DDPM, 256, 0.9 * 1_200_000),
        (curves.CLASS_DDPM, 256, 0.9 * 1_200_000),
        (curves.FLOW, 64, 0.94 * 1_200_000),
        (curves.CLASS_FLOW, 64, 0.94 * 1_200_000),
    ):
        assert f"batches of {batch}" in curve.name
        assert curve.images[-1] >= least
        assert len(curve.images) == len(curve.losses)
