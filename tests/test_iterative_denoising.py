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
    Variance,
    clean_estimate,
    course_timesteps,
    denoise,
    joined,
    learned_variance,
    posterior_mean,
    posterior_variance,
    split,
    spread,
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


@pytest.mark.parametrize("stride", [10, 30, 330])
def test_after_every_step_there_is_as_much_noise_as_the_schedule_says(stride: int) -> None:
    noise = NoiseSource(5, 64, (3, 8, 8))
    predict = exact_noise(PICTURE, COSINE)
    for frame in list(denoise(noise(), strided(990, stride), COSINE, predict, noise))[:-1]:
        assert predict(frame.x_t, frame.t).std().item() == pytest.approx(1, abs=0.03)


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


def test_every_strided_step_with_a_learned_variance_equals_diffusers() -> None:
    scheduler = DDPMScheduler(
        1000,
        beta_schedule="squaredcos_cap_v2",
        variance_type="learned_range",
        clip_sample=False,
    )
    timesteps = (*strided(990, 30), CLEAN)
    scheduler.set_timesteps(timesteps=list(timesteps[:-1]))
    random = torch.Generator().manual_seed(3)
    predictions = {t: torch.randn(2, 6, 8, 8, generator=random).clamp(-1, 1) for t in timesteps}
    start = torch.randn(2, 3, 8, 8, generator=random)
    noise = torch.Generator().manual_seed(9)
    ours = denoise(
        start,
        timesteps,
        COSINE,
        lambda _x_t, t: predictions[t],
        lambda: torch.randn(2, 3, 8, 8, generator=noise),
    )
    x_t, theirs = start, torch.Generator().manual_seed(9)
    for frame, t in zip(ours, timesteps, strict=False):
        step = scheduler.step(predictions[t], t, x_t, generator=theirs)
        x_t = step.prev_sample
        assert_close(frame.x_t, x_t, rtol=1e-3, atol=1e-3)
        assert_close(frame.x_0, step.pred_original_sample, rtol=2e-3, atol=2e-3)
    assert frame.t == CLEAN


@pytest.mark.parametrize(("says", "bound"), [(-1.0, posterior_variance), (1.0, step_variance)])
def test_a_learned_variance_reaches_both_its_bounds(says: float, bound: Variance) -> None:
    between = torch.full((1, 3, 2, 2), says, dtype=torch.float64)
    expected = bound(COSINE[690], COSINE[660]).expand_as(between)
    assert_close(learned_variance(between, COSINE[690], COSINE[660]), expected)


def test_the_bounds_of_a_learned_variance_are_those_of_the_stride() -> None:
    # Not of the schedule's own small steps: β of 690 → 660 is .15575, β of 690 → 689 only .0056.
    between = torch.ones(1, 1, 1, 1, dtype=torch.float64)
    assert learned_variance(between, COSINE[690], COSINE[660]).item() == pytest.approx(
        0.15575, abs=1e-5
    )


def test_a_prediction_falls_into_noise_and_variance_and_back() -> None:
    whole = torch.randn(2, 6, 4, 4)
    eps, between = split(whole, whole[:, :3])
    assert_close(eps, whole[:, :3])
    assert_close(joined(eps, between), whole)
    assert split(whole, whole) == (whole, None)
    with pytest.raises(ValueError, match="channels"):
        split(whole, whole[:, :4])


def test_the_hook_after_a_step_has_the_last_word() -> None:
    reached = []

    def after(x_s: Tensor, s: int) -> Tensor:
        reached.append(s)
        return torch.zeros_like(x_s)

    noise = NoiseSource(5, 1, (3, 8, 8))
    predict = exact_noise(PICTURE, COSINE)
    frames = list(denoise(noise(), (900, 500, 100), COSINE, predict, noise, after=after))
    assert reached == [500, 100]
    assert all(frame.x_t.eq(0).all() for frame in frames)


def test_a_limit_acts_on_the_guess_and_so_on_the_step() -> None:
    noise = NoiseSource(5, 1, (3, 8, 8))
    predict = exact_noise(3 * PICTURE, COSINE)
    free = last(denoise(noise(), (900, 500, CLEAN), COSINE, predict, noise))
    held = last(
        denoise(noise(), (900, 500, CLEAN), COSINE, predict, noise, limit=lambda x: x.clamp(-1, 1))
    )
    assert free.x_t.abs().max() > 1.5
    assert held.x_t.abs().max() <= 1
    assert_close(held.x_t, held.x_0)


@pytest.mark.parametrize(("num_ts", "first"), [(1000, 990), (300, 297), (34, 33), (66, 33)])
def test_the_lesson_has_34_timesteps_in_every_schedule(num_ts: int, first: int) -> None:
    timesteps = course_timesteps(num_ts)
    assert len(timesteps) == 34
    assert (timesteps[0], timesteps[-1]) == (first, 0)


def test_the_lessons_timesteps_are_the_courses() -> None:
    assert course_timesteps(1000) == strided(990, 30)
    assert course_timesteps(1000)[10] == 690


@given(num_ts=st.integers(2, 1000), data=st.data())
def test_spread_timesteps_fall_from_the_noisiest_to_the_least_noisy(
    num_ts: int, data: st.DataObject
) -> None:
    timesteps = spread(num_ts, steps := data.draw(st.integers(1, num_ts)))
    assert len(timesteps) == steps
    assert (timesteps[0], timesteps[-1]) == (num_ts - 1, 0 if steps > 1 else num_ts - 1)
    gaps = {t - s for t, s in pairwise(timesteps)} or {0}
    assert max(gaps) - min(gaps) <= 1
