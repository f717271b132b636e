"""A denoiser under noise that it was never trained for: exact cases, and what training decides."""

from __future__ import annotations

import pytest
import torch
from test_sampled_digits import finished, shipped
from torch import nn
from torch.testing import assert_close

from lessons.part_b import out_of_distribution as lesson
from lessons.training.networks import load_network
from models import mnist

X = mnist.unit_range(mnist.load("test").images[:10])
EPS = torch.randn(X.shape, generator=torch.Generator().manual_seed(1))


@pytest.fixture(scope="module")
def curve() -> lesson.PsnrCurve:
    return finished(lesson.psnr_curve(shipped("denoiser"), seed=1, count=10))[0]


def test_the_network_is_given_the_digit_under_noise_of_the_strength_that_was_asked_for() -> None:
    z, x_hat = lesson.denoise_at(nn.Identity(), X, EPS, 0.7)
    assert_close(z, X + 0.7 * EPS)
    assert torch.equal(x_hat, z)


def test_without_noise_the_input_is_the_truth_and_its_psnr_is_said_in_a_word() -> None:
    found, seen = finished(lesson.sweep(shipped("denoiser"), 3, seed=1, sigmas=(0.0, 0.5)))
    clean, noisy = found.trials
    assert (clean.noisy.pixels == found.truth.pixels).all()
    assert clean.noisy.caption == "identical"
    assert noisy.psnr > noisy.psnr_noisy
    assert [step.done for step in seen] == [1, 2]


def test_all_strengths_have_the_same_noise() -> None:
    found, _ = finished(lesson.sweep(shipped("denoiser"), 3, seed=1, sigmas=(0.2, 0.2)))
    one, other = found.trials
    assert (one.noisy.pixels == other.noisy.pixels).all()


def test_the_denoiser_gains_most_near_the_strength_that_it_was_trained_for(
    curve: lesson.PsnrCurve,
) -> None:
    gains = [after - before for before, after in zip(curve.noisy, curve.denoised, strict=True)]
    best = curve.sigmas[gains.index(max(gains))]
    assert 0.3 <= best <= 1.0
    assert gains[0] < 0 < max(gains)


def test_the_decibels_of_the_input_follow_from_the_strength_alone(
    curve: lesson.PsnrCurve,
) -> None:
    expected = -20 * torch.tensor(curve.sigmas).log10()
    assert_close(torch.tensor(curve.noisy), expected, atol=0.3, rtol=0)


@pytest.mark.parametrize("digit", [-1, 10_000])
def test_a_image_that_is_none_is_refused(digit: int) -> None:
    with pytest.raises(ValueError, match="0 to 9,999"):
        lesson.digit_image(digit)


def test_the_shared_network_is_left_as_it_was() -> None:
    network = load_network(shipped("denoiser"))
    before = {name: value.clone() for name, value in network.state_dict().items()}
    finished(lesson.sweep(shipped("denoiser"), 3, seed=1, sigmas=(0.5,)))
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
