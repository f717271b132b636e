"""Lesson A1.1: the jump to a noise level."""

import numpy as np
import pytest
import torch
from diffusers import DDPMScheduler

from lessons import forward_process as lesson
from lessons.schedules import squaredcos_cap_v2


def pair() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    x_0, eps = torch.randn(2, 4, 3, 8, 8, generator=generator)
    return x_0, eps


def test_all_signal_is_the_clean_picture_and_no_signal_is_the_noise() -> None:
    x_0, eps = pair()
    torch.testing.assert_close(lesson.add_noise(x_0, torch.ones(4, 1, 1, 1), eps), x_0)
    torch.testing.assert_close(lesson.add_noise(x_0, torch.zeros(4, 1, 1, 1), eps), eps)


def test_it_agrees_with_diffusers_at_every_noise_level() -> None:
    x_0, eps = pair()
    t = torch.tensor([0, 250, 500, 999])
    scheduler = DDPMScheduler(num_train_timesteps=1000, beta_schedule="squaredcos_cap_v2")
    alpha_bar_t = squaredcos_cap_v2().alpha_bars[t].float().view(-1, 1, 1, 1)
    expected = scheduler.add_noise(x_0, eps, t)
    torch.testing.assert_close(
        lesson.add_noise(x_0, alpha_bar_t, eps), expected, atol=1e-4, rtol=1e-4
    )


def test_the_variance_of_unit_data_stays_one() -> None:
    generator = torch.Generator().manual_seed(1)
    x_0, eps = torch.randn(2, 1, 3, 256, 256, generator=generator)
    x_t = lesson.add_noise(x_0, torch.full((1, 1, 1, 1), 0.3), eps)
    assert float(x_t.var()) == pytest.approx(1, abs=0.02)


def test_noise_of_another_shape_is_refused_instead_of_broadcast() -> None:
    x_0, eps = pair()
    with pytest.raises(ValueError, match="eps is"):
        lesson.add_noise(x_0, torch.ones(4, 1, 1, 1), eps[:1])


def test_the_strip_shows_the_four_levels_with_their_share_of_signal() -> None:
    captions = [picture.caption for picture in lesson.levels("digits", "digit-3", 276)]
    assert captions == [
        "t = 0, √ᾱ = 1.000",
        "t = 75, √ᾱ = 0.906",
        "t = 150, √ᾱ = 0.680",
        "t = 225, √ᾱ = 0.422",
    ]


def test_t_of_zero_is_the_least_noisy_and_not_the_clean_picture() -> None:
    x_0, _, x_t = lesson.demo("digits", "digit-3", 0, 276)
    difference = np.abs(x_t.pixels.astype(int) - x_0.pixels.astype(int))
    assert 0 < difference.mean() < 5


def test_the_same_seed_gives_the_same_pixels_and_another_seed_others() -> None:
    first, again, other = (lesson.demo("digits", "tower", 150, seed) for seed in (276, 276, 277))
    assert np.array_equal(first[2].pixels, again[2].pixels)
    assert not np.array_equal(first[2].pixels, other[2].pixels)
    assert [picture.symbol for picture in first] == ["x_0", "eps", "x_t"]
    assert all(picture.alt for picture in first)


@pytest.mark.parametrize("t", [-1, 300])
def test_a_timestep_outside_the_table_is_refused(t: int) -> None:
    with pytest.raises(ValueError, match="t must be 0 to 299"):
        lesson.demo("digits", "digit-3", t, 276)
