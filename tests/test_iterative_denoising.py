"""The one sampling loop: limits, the one-picture world, diffusers as oracle."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest
import torch
from diffusers import DDPMScheduler
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close

from lessons.forward_process import add_noise
from lessons.iterative_denoising import (
    CLEAN,
    Frame,
    NoiseSource,
    PredictNoise,
    clean_estimate,
    denoise,
    posterior_mean,
    posterior_variance,
    step_variance,
    strided,
)
from lessons.schedules import ddpm_schedule, squaredcos_cap_v2

COSINE = squaredcos_cap_v2().alpha_bars
LINEAR = ddpm_schedule(1e-4, 0.02, 300).alpha_bars
PICTURE = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(1)) * 2 - 1


def exact_noise(picture: Tensor, alpha_bars: Tensor) -> PredictNoise:
    """In a world with a single picture, the noise in x_t is known exactly."""

    def predict(x_t: Tensor, t: int) -> Tensor:
        return (x_t - alpha_bars[t].sqrt() * picture) / (1 - alpha_bars[t]).sqrt()

    return predict


def last(frames: Iterator[Frame]) -> Frame:
    *_, frame = frames
    return frame


def coefficients(t: int, s: int) -> tuple[float, float]:
    """What `posterior_mean` multiplies x_0 and x_t with."""
    one, zero = torch.ones(1, dtype=torch.float64), torch.zeros(1, dtype=torch.float64)
    of_x_0 = posterior_mean(zero, one, COSINE[t], COSINE[s])
    of_x_t = posterior_mean(one, zero, COSINE[t], COSINE[s])
    return of_x_0.item(), of_x_t.item()


def test_the_published_constants_of_a_strided_step() -> None:
    assert coefficients(690, 660) == pytest.approx((0.099953, 0.872536), abs=1e-6)
    assert posterior_variance(COSINE[690], COSINE[660]).item() == pytest.approx(0.147903, abs=1e-6)
    assert step_variance(COSINE[690], COSINE[660]).item() == pytest.approx(0.15575, abs=1e-5)


def test_the_first_and_the_last_strided_step_have_the_published_constants() -> None:
    assert 1 - step_variance(COSINE[990], COSINE[960]).item() == pytest.approx(0.053317, abs=1e-6)
    assert posterior_variance(COSINE[990], COSINE[960]).item() == pytest.approx(0.943376, abs=1e-6)
    assert coefficients(30, 0)[0] == pytest.approx(0.98833, abs=1e-5)


@pytest.mark.parametrize("stride", [1, 7, 30, 330])
@pytest.mark.parametrize("alpha_bars", [COSINE, LINEAR], ids=["cosine", "linear"])
def test_in_the_one_picture_world_every_stride_finds_the_picture(
    alpha_bars: Tensor, stride: int
) -> None:
    timesteps = (*strided(len(alpha_bars) - 1, min(stride, len(alpha_bars) - 1)), CLEAN)
    noise = NoiseSource(5, 1, (3, 8, 8))
    frame = last(denoise(noise(), timesteps, alpha_bars, exact_noise(PICTURE, alpha_bars), noise))
    assert frame.t == CLEAN
    assert_close(frame.x_t, PICTURE, atol=2e-4, rtol=0)


def test_the_loop_takes_every_step_and_ends_at_the_last_timestep() -> None:
    timesteps = strided(990, 30)
    assert len(timesteps) == 34
    noise = NoiseSource(5, 1, (3, 8, 8))
    frames = list(denoise(noise(), timesteps, COSINE, exact_noise(PICTURE, COSINE), noise))
    assert [frame.t for frame in frames] == list(timesteps[1:])


def test_no_noise_is_drawn_on_the_last_step() -> None:
    drawn = 0

    def noise() -> Tensor:
        nonlocal drawn
        drawn += 1
        return torch.zeros(1, 3, 8, 8)

    list(denoise(PICTURE, strided(990, 30), COSINE, exact_noise(PICTURE, COSINE), noise))
    assert drawn == 32


@pytest.mark.parametrize("variance_type", ["fixed_small", "fixed_large"])
def test_every_strided_step_equals_diffusers(variance_type: str) -> None:
    scheduler = DDPMScheduler(
        1000,
        beta_schedule="squaredcos_cap_v2",
        variance_type=variance_type,
        clip_sample=False,
    )
    timesteps = (*strided(990, 30), CLEAN)
    scheduler.set_timesteps(timesteps=list(timesteps[:-1]))
    choice = posterior_variance if variance_type == "fixed_small" else step_variance
    random = torch.Generator().manual_seed(3)
    x_t = torch.randn(2, 3, 8, 8, generator=random)
    for t, s in pairwise(timesteps):
        eps = torch.randn(2, 3, 8, 8, generator=random)
        z = torch.Generator().manual_seed(t)
        theirs = scheduler.step(eps, t, x_t, generator=torch.Generator().manual_seed(t))
        v = torch.randn(2, 3, 8, 8, generator=z)
        x_0 = clean_estimate(x_t, eps, COSINE[t])
        assert_close(x_0, theirs.pred_original_sample, rtol=2e-4, atol=2e-4)
        a_s = COSINE[s] if s != CLEAN else torch.ones((), dtype=torch.float64)
        ours = posterior_mean(x_t, x_0, COSINE[t], a_s)
        if t > 0:
            ours = ours + choice(COSINE[t], a_s).sqrt() * v
        assert_close(ours, theirs.prev_sample, rtol=2e-4, atol=2e-4)
        x_t = theirs.prev_sample


@given(t=st.integers(0, 999))
def test_the_clean_estimate_undoes_the_forward_process(t: int) -> None:
    eps = torch.randn(1, 3, 8, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(t))
    x_0 = PICTURE.double()
    x_t = add_noise(x_0, COSINE[t].view(1, 1, 1, 1), eps)
    assert_close(clean_estimate(x_t, eps, COSINE[t]), x_0)


def test_picture_i_does_not_depend_on_how_many_there_are() -> None:
    few, many = NoiseSource(9, 2, (1, 4, 4)), NoiseSource(9, 5, (1, 4, 4))
    for _ in range(3):
        assert_close(few(), many()[:2], rtol=0, atol=0)


def test_pictures_of_one_sample_differ() -> None:
    one, other = NoiseSource(9, 2, (1, 4, 4))()
    assert not torch.equal(one, other)


@pytest.mark.parametrize("timesteps", [(5,), (5, 5), (3, 5), (1000, 0), (5, -2)])
def test_timesteps_that_do_not_fall_inside_the_schedule_are_refused(
    timesteps: tuple[int, ...],
) -> None:
    with pytest.raises(ValueError, match="must fall"):
        next(denoise(PICTURE, timesteps, COSINE, exact_noise(PICTURE, COSINE), lambda: PICTURE))
