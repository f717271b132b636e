"""The schedule and the equations of v."""

import torch
from diffusers import DDPMScheduler
from torch.testing import assert_close

from models.miniature.schedule import alpha_bars, noise_in, often, velocity, weight


def levels(*timesteps: int) -> torch.Tensor:
    return alpha_bars()[list(timesteps)][:, None, None, None]


def pair() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(5)
    x_0, eps = torch.randn(2, 4, 3, 8, 8, generator=generator, dtype=torch.float64)
    return x_0, eps


def test_the_schedule_is_that_of_diffusers() -> None:
    theirs = DDPMScheduler(num_train_timesteps=1000, beta_schedule="squaredcos_cap_v2")
    assert_close(alpha_bars().float(), theirs.alphas_cumprod, rtol=1e-4, atol=1e-8)


def test_the_schedule_has_the_published_values() -> None:
    ours = alpha_bars()[[250, 500, 690, 750, 990]]
    published = torch.tensor([0.845888, 0.492285, 0.214523, 0.143179, 0.000197]).double()
    assert_close(ours, published, rtol=0, atol=6e-7)


def test_noise_is_read_back_from_its_own_v() -> None:
    x_0, eps = pair()
    alpha_bar_t = levels(0, 250, 700, 999)
    x_t = alpha_bar_t.sqrt() * x_0 + (1 - alpha_bar_t).sqrt() * eps
    v = velocity(x_0, eps, alpha_bar_t)
    assert_close(noise_in(x_t, v, alpha_bar_t), eps)


def test_v_is_noise_in_a_clean_picture_and_the_negative_picture_in_noise() -> None:
    x_0, eps = pair()
    assert_close(velocity(x_0, eps, torch.ones(())), eps)
    assert_close(velocity(x_0, eps, torch.zeros(())), -x_0)


def test_v_is_that_of_diffusers() -> None:
    x_0, eps = (tensor.float() for tensor in pair())
    timesteps = torch.tensor([0, 250, 700, 999])
    theirs = DDPMScheduler(num_train_timesteps=1000, beta_schedule="squaredcos_cap_v2")
    ours = velocity(x_0, eps, levels(*timesteps.tolist()).float())
    assert_close(ours, theirs.get_velocity(x_0, eps, timesteps), rtol=1e-4, atol=1e-5)


def test_weights_cap_the_error_of_the_picture_at_five() -> None:
    alpha_bar_t = alpha_bars()
    snr = alpha_bar_t / (1 - alpha_bar_t)
    # an error of v is an error of x_0 times (SNR + 1), and the cap is on the weight of that
    capped = weight(alpha_bar_t, least=0) * (snr + 1)
    assert_close(capped, (snr + 1).clamp(max=5.0))


def test_no_level_is_forgotten() -> None:
    assert weight(alpha_bars()).min() == 0.2


def test_every_strong_noise_level_weighs_the_same() -> None:
    alpha_bar_t = torch.tensor([1e-9, 0.1, 0.5, 0.8], dtype=torch.float64)
    assert_close(weight(alpha_bar_t), torch.ones(4, dtype=torch.float64))
    assert weight(torch.tensor(0.9)) < 1


def test_noise_levels_are_drawn_as_often_as_they_weigh() -> None:
    drawn = often((torch.arange(200_000, dtype=torch.float64) + 0.5) / 200_000)
    share = torch.bincount(drawn, minlength=1000) / 200_000
    expected = weight(alpha_bars()) / weight(alpha_bars()).sum()
    assert_close(share.double(), expected, rtol=0, atol=1e-5)


def test_the_ends_of_chance_are_levels_of_the_schedule() -> None:
    ends = often(torch.tensor([0.0, 1 - 1e-16], dtype=torch.float64))
    assert ends.tolist()[1] == 999
    assert ends[0] >= 0
