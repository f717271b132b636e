"""Lesson A1.1: the jump to a noise level."""

import numpy as np
import pytest
import torch
from diffusers import DDPMScheduler

from lessons.diffusion.forward import add_noise, forward_step
from lessons.diffusion.schedules import squaredcos_cap_v2
from lessons.part_a import forward_process as lesson


def pair() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    x_0, eps = torch.randn(2, 4, 3, 8, 8, generator=generator)
    return x_0, eps


def test_all_signal_is_the_clean_image_and_no_signal_is_the_noise() -> None:
    x_0, eps = pair()
    torch.testing.assert_close(add_noise(x_0, torch.ones(4, 1, 1, 1), eps), x_0)
    torch.testing.assert_close(add_noise(x_0, torch.zeros(4, 1, 1, 1), eps), eps)


def test_it_agrees_with_diffusers_at_every_noise_level() -> None:
    x_0, eps = pair()
    t = torch.tensor([0, 250, 500, 999])
    scheduler = DDPMScheduler(num_train_timesteps=1000, beta_schedule="squaredcos_cap_v2")
    alpha_bar_t = squaredcos_cap_v2().alpha_bars[t].float().view(-1, 1, 1, 1)
    expected = scheduler.add_noise(x_0, eps, t)
    torch.testing.assert_close(add_noise(x_0, alpha_bar_t, eps), expected, atol=1e-4, rtol=1e-4)


def test_the_variance_of_unit_data_stays_one() -> None:
    generator = torch.Generator().manual_seed(1)
    x_0, eps = torch.randn(2, 1, 3, 256, 256, generator=generator)
    x_t = add_noise(x_0, torch.full((1, 1, 1, 1), 0.3), eps)
    assert float(x_t.var()) == pytest.approx(1, abs=0.02)


def test_noise_of_another_shape_is_refused_instead_of_broadcast() -> None:
    x_0, eps = pair()
    with pytest.raises(ValueError, match="eps is"):
        add_noise(x_0, torch.ones(4, 1, 1, 1), eps[:1])


def test_the_strip_shows_the_four_levels_with_their_share_of_signal() -> None:
    captions = [image.caption for image in lesson.levels("digits", "digit-3", 276)]
    assert captions == [
        "t = 0, √ᾱ = 0.999950, signal power 99.9900 %",
        "t = 75, √ᾱ = 0.906, signal power 82 %",
        "t = 150, √ᾱ = 0.680, signal power 46 %",
        "t = 225, √ᾱ = 0.422, signal power 18 %",
    ]


def test_the_three_images_say_their_weights_with_enough_digits() -> None:
    captions = [image.caption for image in lesson.demo("digits", "digit-3", 0, 276)]
    assert captions == [
        "x₀, weight √ᾱ = 0.999950",
        "ε, weight √(1 − ᾱ) = 0.0100",
        "t = 0, √ᾱ = 0.999950, signal power 99.9900 %",
    ]


@pytest.mark.parametrize(
    ("value", "said", "percent"),
    [
        (0.0, "0.000", "0 %"),
        (1.0, "1.000", "100 %"),
        (0.5, "0.500", "50 %"),
        (0.0064, "0.0064", "0.64 %"),
        (0.99996, "0.999960", "99.9960 %"),
        (0.000049, "0.000049", "0.0049 %"),
    ],
)
def test_a_share_is_never_rounded_to_nothing_or_to_all(
    value: float, said: str, percent: str
) -> None:
    assert (lesson.share(value), lesson.percent(value)) == (said, percent)


def test_the_schedule_is_that_of_diffusers() -> None:
    scheduler = DDPMScheduler(num_train_timesteps=1000, beta_schedule="squaredcos_cap_v2")
    found = lesson.schedule("pictures")
    np.testing.assert_allclose(found.betas, scheduler.betas.numpy(), rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose(found.alpha_bars, scheduler.alphas_cumprod.numpy(), atol=1e-5)
    a = np.array(found.alpha_bars)
    np.testing.assert_allclose(found.snr, 10 * np.log10(a / (1 - a)), rtol=1e-9)
    assert found.snr[found.even] <= 0 < found.snr[found.even - 1]


def test_many_small_steps_and_one_jump_have_the_same_distribution() -> None:
    x_0 = torch.full((1, 1, 200, 200), 0.5)
    betas = lesson.betas_of(squaredcos_cap_v2(100).alpha_bars)[:60].float()
    random, x_t = torch.Generator().manual_seed(3), x_0
    for beta in betas:
        x_t = forward_step(x_t, beta, torch.randn(x_0.shape, generator=random))
    left = float((1 - betas).prod())
    assert float(x_t.mean()) == pytest.approx(0.5 * left**0.5, abs=0.02)
    assert float(x_t.var()) == pytest.approx(1 - left, rel=0.03)


def test_steps_and_jump_are_measured_against_the_equation() -> None:
    found = lesson.steps_and_jump("digits", "digit-3", 150, 276)
    assert [image.caption for image in found.images] == ["151 small steps", "one jump"]
    assert found.noise_by_steps == pytest.approx(found.predicted, rel=0.05)
    assert found.noise_by_jump == pytest.approx(found.predicted, rel=0.05)
    assert not np.array_equal(found.images[0].pixels, found.images[1].pixels)


def test_t_of_zero_is_the_least_noisy_and_not_the_clean_image() -> None:
    x_0, _, x_t = lesson.demo("digits", "digit-3", 0, 276)
    difference = np.abs(x_t.pixels.astype(int) - x_0.pixels.astype(int))
    assert 0 < difference.mean() < 5


def test_the_same_seed_gives_the_same_pixels_and_another_seed_others() -> None:
    first, again, other = (lesson.demo("digits", "tower", 150, seed) for seed in (276, 276, 277))
    assert np.array_equal(first[2].pixels, again[2].pixels)
    assert not np.array_equal(first[2].pixels, other[2].pixels)
    assert [image.symbol for image in first] == ["x_0", "eps", "x_t"]
    assert all(image.alt for image in first)


@pytest.mark.parametrize("t", [-1, 300])
def test_a_timestep_outside_the_table_is_refused(t: int) -> None:
    with pytest.raises(ValueError, match="t must be 0 to 299"):
        lesson.demo("digits", "digit-3", t, 276)
