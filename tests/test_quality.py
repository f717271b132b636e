"""Errors in decibels, against values that are known."""

import math

import pytest
import torch

from lessons.quality import mean_squared_error, psnr


@pytest.mark.parametrize(
    ("off_by", "decibels"), [(1.0, 0.0), (0.1, 20.0), (0.01, 40.0), (0.5, 6.020600)]
)
def test_an_even_error_has_its_known_psnr(off_by: float, decibels: float) -> None:
    truth = torch.zeros(1, 1, 28, 28, dtype=torch.float64)
    torch.testing.assert_close(
        psnr(truth + off_by, truth), torch.tensor([decibels], dtype=torch.float64)
    )


def test_psnr_agrees_with_scikit_image() -> None:
    from skimage import metrics

    random = torch.Generator().manual_seed(1)
    truth = torch.rand(1, 3, 8, 8, generator=random)
    image = truth + 0.1 * torch.randn(truth.shape, generator=random)
    expected = metrics.peak_signal_noise_ratio(truth.numpy(), image.numpy(), data_range=2.0)
    assert psnr(image, truth, value_range=2.0).item() == pytest.approx(expected, abs=1e-4)


def test_twice_the_range_is_six_decibels_more() -> None:
    truth, image = torch.zeros(1, 1, 2, 2), torch.full((1, 1, 2, 2), 0.3)
    gain = psnr(image, truth, value_range=2.0) - psnr(image, truth)
    assert gain.item() == pytest.approx(20 * math.log10(2), abs=1e-5)


def test_equal_pictures_are_infinitely_good() -> None:
    x = torch.rand(2, 1, 4, 4)
    assert psnr(x, x).tolist() == [math.inf, math.inf]


def test_every_picture_gets_its_own_value() -> None:
    truth = torch.zeros(2, 1, 2, 2)
    image = torch.stack([torch.full((1, 2, 2), 0.1), torch.full((1, 2, 2), 0.2)])
    torch.testing.assert_close(mean_squared_error(image, truth), torch.tensor([0.01, 0.04]))


def test_nothing_is_clamped_before_it_is_measured() -> None:
    assert mean_squared_error(torch.full((1, 1, 1, 1), 3.0), torch.ones(1, 1, 1, 1)).item() == 4


@pytest.mark.parametrize("shape", [(1, 1, 28, 28), (5, 1, 28, 1), (5, 28, 28), (5, 3, 28, 28)])
def test_shapes_that_would_broadcast_are_refused(shape: tuple[int, ...]) -> None:
    for measure in (mean_squared_error, psnr):
        with pytest.raises(ValueError, match="but truth is"):
            measure(torch.zeros(5, 1, 28, 28), torch.zeros(shape))
