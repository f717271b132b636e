"""The noise schedules against the published numbers and against diffusers."""

import pytest
import torch
from diffusers import DDPMScheduler

from lessons.diffusion.schedules import ddpm_schedule, squaredcos_cap_v2


def test_the_cosine_schedule_has_the_published_values() -> None:
    alpha_bar = squaredcos_cap_v2().alpha_bars[[250, 500, 690, 750, 990]]
    expected = [0.845888, 0.492285, 0.214523, 0.143179, 0.000197]
    torch.testing.assert_close(alpha_bar, torch.tensor(expected).double(), atol=5e-7, rtol=0)


@pytest.mark.parametrize(
    ("t", "s", "alpha", "of_x_0", "of_x_t", "variance"),
    [
        (690, 660, 0.84425, 0.099953, 0.872536, 0.147903),
        (990, 960, 0.053317, None, None, 0.943376),
        (30, 0, None, 0.98833, None, None),
    ],
)
def test_a_strided_step_has_the_published_coefficients(
    t: int,
    s: int,
    alpha: float | None,
    of_x_0: float | None,
    of_x_t: float | None,
    variance: float | None,
) -> None:
    table = squaredcos_cap_v2().alpha_bars
    a_t, a_s = table[t], table[s]
    a = a_t / a_s
    found = (
        a,
        a_s.sqrt() * (1 - a) / (1 - a_t),
        a.sqrt() * (1 - a_s) / (1 - a_t),
        (1 - a_s) / (1 - a_t) * (1 - a),
    )
    for value, expected in zip(found, (alpha, of_x_0, of_x_t, variance), strict=True):
        if expected is not None:
            assert float(value) == pytest.approx(expected, abs=1e-5)


def test_the_linear_schedule_has_the_published_values() -> None:
    alpha_bars = ddpm_schedule(1e-4, 0.02, 300).alpha_bars
    assert float(alpha_bars[0]) == pytest.approx(0.9999, abs=1e-9)
    assert float(alpha_bars[149]) == pytest.approx(0.467055, abs=5e-7)
    assert float(alpha_bars[-1]) == pytest.approx(0.048058, abs=5e-7)


def test_both_schedules_agree_with_diffusers() -> None:
    cosine = DDPMScheduler(num_train_timesteps=1000, beta_schedule="squaredcos_cap_v2")
    linear = DDPMScheduler(num_train_timesteps=300, beta_start=1e-4, beta_end=0.02)
    # diffusers keeps float32 tables, whose running product drifts by a few units in the last place.
    torch.testing.assert_close(
        squaredcos_cap_v2().alpha_bars.float(), cosine.alphas_cumprod, atol=2e-6, rtol=2e-4
    )
    torch.testing.assert_close(
        ddpm_schedule(1e-4, 0.02, 300).alpha_bars.float(),
        linear.alphas_cumprod,
        atol=2e-6,
        rtol=2e-5,
    )


def test_the_tables_are_double_and_the_signal_only_fades() -> None:
    for schedule in (squaredcos_cap_v2(), ddpm_schedule(1e-4, 0.02, 300)):
        assert all(table.dtype == torch.float64 for table in schedule)
        assert bool((schedule.alpha_bars.diff() < 0).all())
        assert 0 < float(schedule.alpha_bars[-1]) < float(schedule.alpha_bars[0]) < 1


@pytest.mark.parametrize("bad", [(0, 0.02, 300), (0.02, 1e-4, 300), (1e-4, 1, 300), (0.1, 0.2, 1)])
def test_an_impossible_schedule_is_refused(bad: tuple[float, float, int]) -> None:
    with pytest.raises(ValueError, match="need 0 < beta1"):
        ddpm_schedule(*bad)


def test_a_schedule_without_steps_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one step"):
        squaredcos_cap_v2(0)
