"""Errors in decibels, against values that are known."""

import math

import pytest
import torch
from skimage.metrics import structural_similarity
from torch.testing import assert_close

from lessons.measure.quality import mean_squared_error, psnr, sharpness, ssim
from lessons.part_a.classical_denoising import blurred

X = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(1)) * 2 - 1


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


def test_equal_images_are_infinitely_good() -> None:
    x = torch.rand(2, 1, 4, 4)
    assert psnr(x, x).tolist() == [math.inf, math.inf]


def test_every_image_gets_its_own_value() -> None:
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


def test_ssim_is_that_of_scikit_image() -> None:
    for channels in (1, 3):
        a = torch.rand(2, channels, 40, 36, generator=torch.Generator().manual_seed(channels))
        b = (a + 0.2 * torch.randn(a.shape, generator=torch.Generator().manual_seed(5))).clamp(0, 1)
        theirs = [
            structural_similarity(
                one.numpy(),
                other.numpy(),
                data_range=1.0,
                gaussian_weights=True,
                sigma=1.5,
                use_sample_covariance=False,
                channel_axis=0,
            )
            for one, other in zip(a, b, strict=True)
        ]
        assert_close(ssim(a, b).tolist(), theirs, rtol=1e-5, atol=1e-5)


def test_ssim_of_a_image_with_itself_is_one_and_the_range_matters() -> None:
    assert_close(ssim(X, X, 2.0), torch.ones(1, dtype=torch.float64))
    noisy_x = X + 0.1
    assert float(ssim(noisy_x, X, 2.0)) != pytest.approx(float(ssim(noisy_x, X, 1.0)))


def square() -> torch.Tensor:
    x = torch.full((1, 3, 32, 32), -0.5)
    x[..., 8:24, 8:24] = 0.7
    return x


def test_a_blur_lowers_sharpness_and_the_range_scales_it() -> None:
    edges = square()
    assert float(sharpness(blurred(edges, 9, 2.0))) < 0.7 * float(sharpness(edges))
    assert_close(sharpness(2 * edges, 2.0), sharpness(edges, 1.0))
    assert float(sharpness(torch.full((1, 3, 32, 32), 0.3))) < 1e-9


def test_noise_does_not_pass_for_edges() -> None:
    # By squared differences alone, this noise has sixty times the edges of the square.
    edges, noise = square(), 0.5 * torch.randn(1, 3, 32, 32, generator=torch.Generator())
    plain = [float(x.diff(dim=-1).square().mean()) for x in (edges, noise)]
    assert plain[1] > 5 * plain[0]
    assert float(sharpness(noise)) < 0.5 * float(sharpness(edges))


def test_sharpness_is_that_of_the_eigenvalues_written_out() -> None:
    smooth = blurred(X / 2, 7, 1.0).double()[..., 3:-3, 3:-3]
    across, down = smooth.diff(dim=-1)[..., :-1, :], smooth.diff(dim=-2)[..., :-1]
    gradients = torch.stack([across, down], -1)
    outer = (gradients[..., :, None] * gradients[..., None, :]).sum(1)
    flat = outer.movedim((-2, -1), (1, 2)).flatten(1, 2)
    tensor = blurred(flat, 13, 2.0).unflatten(1, (2, 2)).movedim((1, 2), (-2, -1))
    low, high = torch.linalg.eigvalsh(tensor[:, 6:-6, 6:-6]).unbind(-1)
    expected = ((high - low).square() / (high + low)).mean()
    assert float(sharpness(X, 2.0)) == pytest.approx(float(expected), rel=1e-4)
