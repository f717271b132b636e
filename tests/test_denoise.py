"""Image, noise and v from one another: each undoes the other, and diffusers says the same."""

import pytest
import torch
from diffusers import DDPMScheduler
from hypothesis import given
from hypothesis import strategies as st
from torch.testing import assert_close

from lessons.diffusion.denoise import clean_estimate, noise_estimate, noise_from_v, v_target
from lessons.diffusion.forward import add_noise, log_snr, signal_to_noise
from lessons.diffusion.schedules import squaredcos_cap_v2

ALPHA_BARS = squaredcos_cap_v2().alpha_bars
RANDOM = torch.Generator().manual_seed(1)
X_0 = torch.randn(2, 3, 8, 8, dtype=torch.float64, generator=RANDOM)
EPS = torch.randn(2, 3, 8, 8, dtype=torch.float64, generator=RANDOM)


@given(t=st.integers(0, 999))
def test_the_noise_can_be_read_off_the_image_that_it_was_added_to(t: int) -> None:
    x_t = add_noise(X_0, ALPHA_BARS[t], EPS)
    assert_close(noise_estimate(x_t, X_0, ALPHA_BARS[t]), EPS)
    assert_close(noise_estimate(x_t, clean_estimate(x_t, EPS, ALPHA_BARS[t]), ALPHA_BARS[t]), EPS)


@given(t=st.integers(0, 999))
def test_noise_and_image_can_both_be_read_off_v(t: int) -> None:
    x_t, v = add_noise(X_0, ALPHA_BARS[t], EPS), v_target(X_0, EPS, ALPHA_BARS[t])
    eps = noise_from_v(x_t, v, ALPHA_BARS[t])
    assert_close(eps, EPS)
    assert_close(clean_estimate(x_t, eps, ALPHA_BARS[t]), X_0)


def test_v_is_the_noise_where_all_is_image_and_minus_the_image_where_all_is_noise() -> None:
    one, zero = torch.ones(()).double(), torch.zeros(()).double()
    assert_close(v_target(X_0, EPS, one), EPS)
    assert_close(v_target(X_0, EPS, zero), -X_0)


@pytest.mark.parametrize("t", [0, 250, 500, 990, 999])
def test_v_is_that_of_diffusers(t: int) -> None:
    theirs = DDPMScheduler(1000, beta_schedule="squaredcos_cap_v2")
    velocity = theirs.get_velocity(X_0, EPS, torch.tensor([t, t]))
    assert_close(v_target(X_0, EPS, ALPHA_BARS[t]), velocity, rtol=1e-4, atol=1e-4)


def test_signal_and_noise_are_equally_strong_where_half_of_the_power_is_left() -> None:
    half = torch.tensor(0.5, dtype=torch.float64)
    assert signal_to_noise(half).item() == 1
    assert log_snr(half).item() == 0
    falling = signal_to_noise(ALPHA_BARS)
    assert (falling.diff() < 0).all()
    assert_close(log_snr(ALPHA_BARS), (ALPHA_BARS.sqrt() / (1 - ALPHA_BARS).sqrt()).log())
