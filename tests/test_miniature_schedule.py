"""The schedule, and how often its levels are drawn."""

import torch
from diffusers import DDPMScheduler
from torch.testing import assert_close

from models.miniature.schedule import alpha_bars, often, weight


def test_the_schedule_is_that_of_diffusers() -> None:
    theirs = DDPMScheduler(num_train_timesteps=1000, beta_schedule="squaredcos_cap_v2")
    assert_close(alpha_bars().float(), theirs.alphas_cumprod, rtol=1e-4, atol=1e-8)


def test_the_schedule_has_the_published_values() -> None:
    ours = alpha_bars()[[250, 500, 690, 750, 990]]
    published = torch.tensor([0.845888, 0.492285, 0.214523, 0.143179, 0.000197]).double()
    assert_close(ours, published, rtol=0, atol=6e-7)


def test_weights_cap_the_error_of_the_image_at_five() -> None:
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
