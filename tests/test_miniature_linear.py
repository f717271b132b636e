"""The best linear denoiser, in its limits and against what theory says of it."""

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from models.miniature.linear import WienerDenoiser, cosine_transform, ring_number
from models.miniature.schedule import alpha_bars
from models.miniature.unet import PromptUNet, coarse_view


def smooth_images(count: int, size: int = 32) -> Tensor:
    """A stationary process with a falling spectrum, unequal colours and a mean that is not 0."""
    random = torch.Generator().manual_seed(5)
    white = torch.randn(count, 3, size, size, generator=random)
    transform = cosine_transform(size)
    power = 60 / (1 + ring_number(size).float()) ** 2
    smooth = transform.T @ (power.sqrt() * white) @ transform
    mixed = torch.tensor([[1.0, 0.5, 0.2], [0.0, 0.6, 0.3], [0.0, 0.0, 0.2]])
    return torch.einsum("bchw,cd->bdhw", smooth, mixed) * 0.3 + torch.tensor([0.5, 0.1, -0.2]).view(
        3, 1, 1
    )


@pytest.fixture(scope="module")
def fitted() -> WienerDenoiser:
    denoiser = WienerDenoiser(32)
    denoiser.fit(smooth_images(1500))
    return denoiser


def noisy(x_0: Tensor, alpha_bar: float) -> Tensor:
    eps = torch.randn(x_0.shape, generator=torch.Generator().manual_seed(9))
    return alpha_bar**0.5 * x_0 + (1 - alpha_bar) ** 0.5 * eps


def level(alpha_bar: float) -> Tensor:
    return torch.full((1, 1, 1, 1), alpha_bar)


def test_the_cosine_transform_is_orthogonal_and_begins_with_the_mean() -> None:
    transform = cosine_transform(16)
    assert_close(transform @ transform.T, torch.eye(16), rtol=1e-5, atol=1e-5)
    assert_close(transform[0], torch.full((16,), 0.25))


def test_without_noise_the_estimate_is_the_image(fitted: WienerDenoiser) -> None:
    x_0 = smooth_images(2)
    assert_close(fitted(x_0, level(1.0)), x_0, rtol=1e-4, atol=1e-4)


def test_without_signal_the_estimate_is_the_mean_colour(fitted: WienerDenoiser) -> None:
    estimate = fitted(torch.randn(2, 3, 32, 32), level(0.0))
    assert_close(estimate, fitted.mean.view(3, 1, 1).expand_as(estimate))
    assert_close(fitted.mean, torch.tensor([0.5, 0.1, -0.2]), rtol=0, atol=0.1)


@pytest.mark.parametrize("alpha_bar", [0.95, 0.5, 0.1])
def test_no_other_gain_does_better(fitted: WienerDenoiser, alpha_bar: float) -> None:
    x_0 = smooth_images(400)
    x_t = noisy(x_0, alpha_bar)

    def error(spectrum: Tensor) -> float:
        other = WienerDenoiser(32)
        other.load_state_dict(fitted.state_dict() | {"spectrum": spectrum})
        return float((other(x_t, level(alpha_bar)) - x_0).square().mean())

    best = error(fitted.spectrum)
    assert best < error(2 * fitted.spectrum)
    assert best < error(fitted.spectrum / 2)
    assert best < error(torch.full_like(fitted.spectrum, float(fitted.spectrum.mean())))


@pytest.mark.parametrize("t", [100, 500, 900])
def test_the_residual_scale_is_what_is_left_of_v(fitted: WienerDenoiser, t: int) -> None:
    x_0, alpha_bar = smooth_images(400), float(alpha_bars()[t])
    left = (fitted(noisy(x_0, alpha_bar), level(alpha_bar)) - x_0) / (1 - alpha_bar) ** 0.5
    assert_close(left.square().mean().sqrt(), fitted.residual_scale()[t], rtol=0.03, atol=0)


def test_a_network_of_half_the_size_is_told_the_level_that_its_means_have() -> None:
    told, coarse = coarse_view()
    levels = alpha_bars()
    for t in (0, 50, 400, 800, 990):
        low, high = levels[int(told[t])], levels[min(int(told[t]) + 1, 999)]
        between = low + (told[t].double() % 1) * (high - low)
        if t > 50:  # below, ᾱ′ is nearer to 1 than the schedule begins
            assert_close(between, coarse[t], rtol=2e-3, atol=1e-6)
    assert (told[1:] >= told[:-1]).all()
    assert (told <= torch.arange(1000)).all()


def test_a_grown_network_says_of_2x2_pixels_what_the_small_one_said() -> None:
    torch.manual_seed(0)
    small = PromptUNet((16, 32), 1, (False, True), fold=2, size=32)
    for parameter in small.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    large = PromptUNet((16, 32), 1, (False, True), fold=4, size=64, grown=True)
    large.grow_from(small)
    x, x_linear = torch.randn(2, 2, 3, 32, 32)
    states, t = torch.randn(2, 5, 384), torch.tensor([500, 900])
    alpha_bar_t = large.alpha_bar[t][:, None, None, None]
    wide = (alpha_bar_t + (1 - alpha_bar_t) / 4).sqrt() * doubled(x)
    said = large.correction(wide, doubled(x_linear), t, states)
    small.level = large.level
    assert_close(said, doubled(small.correction(x, x_linear, t, states)), rtol=1e-4, atol=1e-5)


def doubled(x: Tensor) -> Tensor:
    return x.repeat_interleave(2, 2).repeat_interleave(2, 3)
