"""Hybrids: low and high pass make a whole, each prompt has its side, the variance is left alone."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close
from torchvision.transforms.functional import gaussian_blur

from lessons import text_to_image as t2i
from lessons.diffusion.hybrids import blend, hybrid, lowpass
from lessons.part_a.hybrid_images import demo, scaled
from models.catalog import finish, load

X = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(3))
Y = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(4))
SIGMA, KERNEL = scaled(64)


def test_at_64_pixels_the_lesson_has_sigma_2_and_a_kernel_of_33() -> None:
    assert (SIGMA, KERNEL) == (2.0, 33)


@given(height=st.integers(16, 512))
def test_sigma_and_kernel_grow_with_the_image(height: int) -> None:
    sigma, kernel = scaled(height)
    assert sigma == pytest.approx(height / 32)
    assert kernel % 2 == 1
    assert kernel // 2 == pytest.approx(8 * sigma, abs=0.51)  # cut off at eight σ
    assert kernel // 2 < height  # or the image could not be mirrored at its edge


def test_a_hybrid_of_a_prompt_with_itself_is_that_prompt() -> None:
    assert_close(blend(X, X, SIGMA, KERNEL), X)


def test_what_changes_slowly_comes_from_far_and_what_changes_fast_from_near() -> None:
    flat = torch.full_like(X, 0.7)
    checkered = torch.ones_like(X)
    checkered[..., ::2, 1::2] = checkered[..., 1::2, ::2] = -1
    inside = (..., slice(16, -16), slice(16, -16))
    assert_close(blend(flat, checkered, SIGMA, KERNEL)[inside], (flat + checkered)[inside])
    assert blend(checkered, flat, SIGMA, KERNEL)[inside].abs().max() < 1e-4


def test_a_lowpass_keeps_what_is_flat_and_makes_noise_smaller() -> None:
    flat = torch.full((1, 1, 64, 64), 0.3)
    assert_close(lowpass(flat, SIGMA, KERNEL), flat)
    # A Gaussian leaves 1/(4πσ²) of the variance of white noise.
    left = lowpass(X, SIGMA, KERNEL)[..., 16:-16, 16:-16].var().item()
    assert left == pytest.approx(1 / (4 * torch.pi * SIGMA**2), rel=0.2)


def test_a_wave_of_5_3_sigma_pixels_passes_with_half_of_its_amplitude() -> None:
    places = torch.arange(512, dtype=torch.float32)
    kept = []
    for length in (4.5, 5.3, 6.5):
        wave = torch.cos(2 * torch.pi * places / (length * SIGMA)).expand(1, 1, 64, -1)
        passed = lowpass(wave, SIGMA, KERNEL)[..., 32, 64:-64]
        kept.append(float(passed.abs().max()))
    assert kept[0] < 0.45
    assert kept[1] == pytest.approx(0.5, abs=0.01)
    assert kept[2] > 0.6


def test_the_variance_is_averaged_and_not_filtered() -> None:
    def network(between: Tensor):  # type: ignore[no-untyped-def]
        return lambda x_t, _t: torch.cat([x_t, between], 1)

    predict = hybrid(network(X), network(Y), SIGMA, KERNEL)
    assert_close(predict(X, 5)[:, 3:], (X + Y) / 2)


def test_the_first_predictor_is_the_one_that_is_seen_from_far() -> None:
    predict = hybrid(lambda *_: X, lambda *_: Y, SIGMA, KERNEL)
    assert_close(predict(X, 5), blend(X, Y, SIGMA, KERNEL))


def test_both_predictors_see_the_same_image() -> None:
    seen = []

    def watch(x_t: Tensor, _t: int) -> Tensor:
        seen.append(x_t)
        return x_t

    hybrid(watch, watch, SIGMA, KERNEL)(X, 5)
    assert_close(seen, [X, X])


def test_a_hybrid_of_digits_falls_into_its_coarse_and_its_fine_part() -> None:
    found = finish(demo("digits", "3", "8", 2.0, 5.0, count=1, seed=276))
    [whole], [coarse], [fine] = found.results, found.coarse, found.fine
    assert coarse.pixels.astype(float).std() < whole.pixels.astype(float).std()
    assert fine.pixels.astype(float).mean() == pytest.approx(127.5, abs=12)
    assert len(found.trajectory.frames) == 34
    net = load("digits")
    by_hand = hybrid(
        t2i.make_predictor(net, "3", 5.0), t2i.make_predictor(net, "8", 5.0), *scaled(28)
    )
    _, x = finish(t2i.sample_from_noise(net.spec, by_hand, 276, 1))
    assert (t2i.captioned(x[0], net.spec).pixels == whole.pixels).all()


@pytest.mark.parametrize(("sigma", "kernel"), [(2.0, 33), (0.05, 15), (0.875, 15), (5.0, 9)])
@pytest.mark.parametrize("channels", [1, 3])
def test_the_blur_is_torchvisions_to_the_last_bit_edges_too(
    channels: int, sigma: float, kernel: int
) -> None:
    x = torch.randn(2, channels, 28, 28, generator=torch.Generator().manual_seed(2))
    theirs = gaussian_blur(x, [kernel, kernel], [sigma, sigma])
    assert torch.equal(lowpass(x, sigma, kernel), theirs)
