"""The one sampling loop and its samplers: limits, the one-image world, diffusers as oracle."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from itertools import pairwise

import pytest
import torch
from diffusers import DDIMScheduler, DDPMScheduler, DPMSolverMultistepScheduler
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close

from lessons.diffusion.denoise import Limit, PredictNoise, clean_estimate, joined, split
from lessons.diffusion.forward import add_noise
from lessons.diffusion.noise import NoiseSource
from lessons.diffusion.posterior import (
    learned_variance,
    posterior_mean,
    posterior_variance,
    step_variance,
)
from lessons.diffusion.samplers import (
    Frame,
    Sampler,
    Variance,
    ddim,
    ddpm,
    dpm_solver_2m,
    sampling_trajectory,
)
from lessons.diffusion.schedules import (
    CLEAN,
    course_timesteps,
    ddpm_schedule,
    spread,
    squaredcos_cap_v2,
    strided,
)
from lessons.part_a.perfect_denoiser import perfect

COSINE = squaredcos_cap_v2().alpha_bars
LINEAR = ddpm_schedule(1e-4, 0.02, 300).alpha_bars
LONG_LINEAR = ddpm_schedule(1e-4, 0.02, 1000).alpha_bars
IMAGE = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(1)) * 2 - 1


def exact_noise(image: Tensor, alpha_bars: Tensor) -> PredictNoise:
    """In a world with a single image, the noise in x_t is known exactly."""

    def predict(x_t: Tensor, t: int) -> Tensor:
        return (x_t - alpha_bars[t].sqrt() * image) / (1 - alpha_bars[t]).sqrt()

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


SAMPLERS = {
    "DDPM, posterior variance": ddpm(),
    "DDPM, variance of the step": ddpm(step_variance),
    "DDIM, η = 0": ddim(0.0),
    "DDIM, η = 0.5": ddim(0.5),
    "DDIM, η = 1": ddim(1.0),
    "DPM-Solver++(2M)": dpm_solver_2m(),
}
EVERY = pytest.mark.parametrize("sampler", SAMPLERS.values(), ids=SAMPLERS.keys())


@EVERY
@pytest.mark.parametrize("stride", [1, 7, 30, 330])
@pytest.mark.parametrize("alpha_bars", [COSINE, LINEAR], ids=["cosine", "linear"])
def test_in_the_one_image_world_every_stride_finds_the_image(
    alpha_bars: Tensor, stride: int, sampler: Sampler
) -> None:
    timesteps = (*strided(len(alpha_bars) - 1, min(stride, len(alpha_bars) - 1)), CLEAN)
    noise = NoiseSource(5, 1, (3, 8, 8))
    predict = exact_noise(IMAGE, alpha_bars)
    frame = last(sampling_trajectory(noise(), timesteps, alpha_bars, predict, noise, sampler))
    assert frame.t == CLEAN
    assert_close(frame.x_t, IMAGE, atol=2e-4, rtol=0)


@pytest.mark.parametrize("sampler", [ddpm(), ddim(0.0), ddim(0.5), ddim(1.0), dpm_solver_2m()])
@pytest.mark.parametrize("stride", [10, 30, 330])
def test_after_every_step_there_is_as_much_noise_as_the_schedule_says(
    stride: int, sampler: Sampler
) -> None:
    noise = NoiseSource(5, 64, (3, 8, 8))
    predict = exact_noise(IMAGE, COSINE)
    times = strided(990, stride)
    frames = list(sampling_trajectory(noise(), times, COSINE, predict, noise, sampler))
    for frame in frames[:-1]:
        assert predict(frame.x_t, frame.t).std().item() == pytest.approx(1, abs=0.03)


def test_the_loop_takes_every_step_and_ends_at_the_last_timestep() -> None:
    timesteps = strided(990, 30)
    assert len(timesteps) == 34
    noise = NoiseSource(5, 1, (3, 8, 8))
    frames = list(
        sampling_trajectory(noise(), timesteps, COSINE, exact_noise(IMAGE, COSINE), noise)
    )
    assert [frame.t for frame in frames] == list(timesteps[1:])


def test_no_noise_is_drawn_on_the_last_step() -> None:
    drawn = 0

    def noise() -> Tensor:
        nonlocal drawn
        drawn += 1
        return torch.zeros(1, 3, 8, 8)

    list(sampling_trajectory(IMAGE, strided(990, 30), COSINE, exact_noise(IMAGE, COSINE), noise))
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
    x_0 = IMAGE.double()
    x_t = add_noise(x_0, COSINE[t].view(1, 1, 1, 1), eps)
    assert_close(clean_estimate(x_t, eps, COSINE[t]), x_0)


def test_image_i_does_not_depend_on_how_many_there_are() -> None:
    few, many = NoiseSource(9, 2, (1, 4, 4)), NoiseSource(9, 5, (1, 4, 4))
    for _ in range(3):
        assert_close(few(), many()[:2], rtol=0, atol=0)


def test_images_of_one_sample_differ() -> None:
    one, other = NoiseSource(9, 2, (1, 4, 4))()
    assert not torch.equal(one, other)


@pytest.mark.parametrize("timesteps", [(5,), (5, 5), (3, 5), (1000, 0), (5, -2)])
def test_timesteps_that_do_not_fall_inside_the_schedule_are_refused(
    timesteps: tuple[int, ...],
) -> None:
    with pytest.raises(ValueError, match="must fall"):
        next(
            sampling_trajectory(IMAGE, timesteps, COSINE, exact_noise(IMAGE, COSINE), lambda: IMAGE)
        )


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
    ours = sampling_trajectory(
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
    v = torch.full((1, 3, 2, 2), says, dtype=torch.float64)
    expected = bound(COSINE[690], COSINE[660]).expand_as(v)
    assert_close(learned_variance(v, COSINE[690], COSINE[660]), expected)


def test_the_bounds_of_a_learned_variance_are_those_of_the_stride() -> None:
    # Not of the schedule's own small steps: β of 690 → 660 is .15575, β of 690 → 689 only .0056.
    v = torch.ones(1, 1, 1, 1, dtype=torch.float64)
    assert learned_variance(v, COSINE[690], COSINE[660]).item() == pytest.approx(0.15575, abs=1e-5)


def test_a_prediction_falls_into_noise_and_variance_and_back() -> None:
    whole = torch.randn(2, 6, 4, 4)
    eps, v = split(whole, whole[:, :3])
    assert_close(eps, whole[:, :3])
    assert_close(joined(eps, v), whole)
    assert split(whole, whole) == (whole, None)
    with pytest.raises(ValueError, match="channels"):
        split(whole, whole[:, :4])


def test_the_hook_after_a_step_has_the_last_word() -> None:
    reached = []

    def after(x_s: Tensor, s: int) -> Tensor:
        reached.append(s)
        return torch.zeros_like(x_s)

    noise = NoiseSource(5, 1, (3, 8, 8))
    predict = exact_noise(IMAGE, COSINE)
    frames = list(
        sampling_trajectory(noise(), (900, 500, 100), COSINE, predict, noise, after=after)
    )
    assert reached == [500, 100]
    assert all(frame.x_t.eq(0).all() for frame in frames)


def test_a_limit_acts_on_the_estimate_and_so_on_the_step() -> None:
    noise = NoiseSource(5, 1, (3, 8, 8))
    predict = exact_noise(3 * IMAGE, COSINE)
    free = last(sampling_trajectory(noise(), (900, 500, CLEAN), COSINE, predict, noise))
    held = last(
        sampling_trajectory(
            noise(), (900, 500, CLEAN), COSINE, predict, noise, limit=lambda x: x.clamp(-1, 1)
        )
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


def leading(num_ts: int, steps: int) -> tuple[int, ...]:
    """The timesteps of diffusers' "leading" spacing, and the clean end."""
    stride = num_ts // steps
    return (*strided((steps - 1) * stride, stride), CLEAN)


SCHEDULES = pytest.mark.parametrize(
    ("name", "alpha_bars"), [("squaredcos_cap_v2", COSINE), ("linear", LONG_LINEAR)]
)


@SCHEDULES
@pytest.mark.parametrize("eta", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("steps", [3, 4, 33, 142])
def test_every_step_of_ddim_equals_diffusers_from_the_first_to_the_last(
    steps: int, eta: float, name: str, alpha_bars: Tensor
) -> None:
    scheduler = DDIMScheduler(1000, beta_schedule=name, clip_sample=False)
    scheduler.set_timesteps(steps)
    timesteps = leading(1000, steps)
    assert scheduler.timesteps.tolist() == list(timesteps[:-1])
    random = torch.Generator().manual_seed(3)
    start = torch.randn(2, 3, 8, 8, generator=random)
    predictions = {t: torch.randn(2, 3, 8, 8, generator=random) for t in timesteps}
    drawn: list[Tensor] = []

    def noise() -> Tensor:
        drawn.append(torch.randn(2, 3, 8, 8, generator=random))
        return drawn[-1]

    frames = sampling_trajectory(
        start, timesteps, alpha_bars, lambda _x_t, t: predictions[t], noise, ddim(eta)
    )
    x_t = start
    for (t, s), frame in zip(pairwise(timesteps), frames, strict=True):
        z = torch.zeros_like(x_t) if s == CLEAN else drawn[-1]
        theirs = scheduler.step(predictions[t], t, x_t, eta=eta, variance_noise=z)
        scale = float(theirs.pred_original_sample.abs().max())
        assert_close(frame.x_0, theirs.pred_original_sample, rtol=1e-3, atol=1e-3 * scale)
        assert_close(frame.x_t, theirs.prev_sample, rtol=1e-3, atol=1e-3)
        x_t = frame.x_t
    assert frame.t == CLEAN
    assert len(drawn) == steps - 1


@SCHEDULES
@pytest.mark.parametrize("steps", [2, 10, 20])
def test_every_step_of_the_second_order_equals_diffusers(
    steps: int, name: str, alpha_bars: Tensor
) -> None:
    timesteps = (*spread(991, steps), CLEAN)
    scheduler = DPMSolverMultistepScheduler(1000, beta_schedule=name)
    with warnings.catch_warnings():  # theirs, of how NumPy will read a tensor one day
        warnings.simplefilter("ignore", DeprecationWarning)
        scheduler.set_timesteps(timesteps=list(timesteps[:-1]))
    random = torch.Generator().manual_seed(3)
    start = torch.randn(2, 3, 8, 8, generator=random)
    predictions = {t: torch.randn(2, 3, 8, 8, generator=random) for t in timesteps}
    frames = sampling_trajectory(
        start,
        timesteps,
        alpha_bars,
        lambda _x_t, t: predictions[t],
        lambda: torch.zeros_like(start),
        dpm_solver_2m(),
    )
    x_t = start
    for (t, _), frame in zip(pairwise(timesteps), frames, strict=True):
        x_t = scheduler.step(predictions[t], t, x_t).prev_sample
        scale = float(x_t.abs().max())
        assert_close(frame.x_t, x_t, rtol=1e-3, atol=1e-3 * scale)


@pytest.mark.parametrize("limit", [None, lambda x: x.clamp(-0.5, 0.5)])
@pytest.mark.parametrize("end", [0, CLEAN])
@pytest.mark.parametrize("stride", [1, 30, 330])
def test_ddim_with_an_eta_of_one_is_the_ancestral_sampler(
    stride: int, end: int, limit: Limit | None
) -> None:
    timesteps = (*strided(990, stride)[:-1], end)
    ends = []
    for sampler in (ddpm(), ddim(1.0)):
        noise = NoiseSource(5, 2, (3, 8, 8))
        frames = sampling_trajectory(
            noise(), timesteps, COSINE, exact_noise(IMAGE, COSINE), noise, sampler, limit
        )
        ends.append(torch.stack([frame.x_t for frame in frames]))
    assert_close(*ends, rtol=1e-4, atol=2e-4)


def test_ddim_with_an_eta_of_zero_leaves_nothing_to_chance() -> None:
    start = NoiseSource(5, 2, (3, 8, 8))()
    ends = []
    for seed in (1, 2):
        noise = NoiseSource(seed, 2, (3, 8, 8))
        predict = two_images(COSINE)
        times = (*strided(990, 30), CLEAN)
        ends.append(last(sampling_trajectory(start, times, COSINE, predict, noise, ddim())).x_t)
    assert torch.equal(*ends)


@pytest.mark.parametrize("eta", [-0.1, 1.1])
def test_an_eta_that_is_no_share_is_refused(eta: float) -> None:
    with pytest.raises(ValueError, match="0 to 1"):
        ddim(eta)


def two_images(alpha_bars: Tensor) -> PredictNoise:
    """The ideal denoiser of two images: nothing is straight there."""
    return perfect(torch.cat([IMAGE, -IMAGE.flip(-1)]), alpha_bars)


def test_the_first_step_of_second_order_is_one_of_ddim_and_later_ones_are_not() -> None:
    noise = NoiseSource(5, 2, (3, 8, 8))
    start = noise()
    first, second = (
        list(
            sampling_trajectory(
                start, (900, 600, 300, 0), COSINE, two_images(COSINE), noise, sampler
            )
        )
        for sampler in (ddim(), dpm_solver_2m())
    )
    assert_close(first[0].x_t, second[0].x_t, rtol=1e-5, atol=1e-5)
    assert (first[1].x_t - second[1].x_t).abs().max() > 0.01


def test_the_second_order_comes_closer_to_where_small_steps_lead() -> None:
    start = NoiseSource(5, 16, (3, 8, 8))()
    top, end, nothing = 900, 450, lambda: torch.zeros_like(start)

    def ended(steps: int, sampler: Sampler) -> Tensor:
        times = [round(top - (top - end) * k / steps) for k in range(steps + 1)]
        few = two_images(COSINE)
        return last(sampling_trajectory(start, times, COSINE, few, nothing, sampler)).x_t

    truth = ended(450, ddim())
    error = [float((ended(10, one) - truth).square().mean()) for one in (ddim(), dpm_solver_2m())]
    assert error[1] < error[0] / 2


def test_a_learned_variance_can_be_left_aside() -> None:
    noise = NoiseSource(5, 1, (3, 8, 8))
    start = noise()

    def learnt(x_t: Tensor, t: int) -> Tensor:
        return torch.cat([exact_noise(IMAGE, COSINE)(x_t, t), torch.ones_like(x_t)], dim=1)

    def reached(sampler: Sampler) -> Tensor:
        same = NoiseSource(7, 1, (3, 8, 8))
        return next(sampling_trajectory(start, (690, 660, 0), COSINE, learnt, same, sampler)).x_t

    assert torch.equal(reached(ddpm(learned=False)), reached(ddpm(posterior_variance, False)))
    assert not torch.equal(reached(ddpm()), reached(ddpm(learned=False)))
    assert_close(reached(ddpm()), reached(ddpm(step_variance, learned=False)))
