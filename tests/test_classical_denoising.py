"""Blur, one step, many steps: limits, and what the lessons claim about them."""

import numpy as np
import pytest
import torch
from skimage.filters import gaussian
from skimage.metrics import structural_similarity
from torch.testing import assert_close

from lessons import classical_denoising, image_to_image, one_step_denoising, three_denoisers
from lessons import text_to_image as t2i
from lessons.classical_denoising import best_blur, blurred, noisy, scaled
from lessons.quality import edge_energy, psnr, ssim
from models.catalog import finish

X = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(1)) * 2 - 1


def test_a_flat_picture_stays_flat_and_a_narrow_bell_changes_nothing() -> None:
    flat = torch.full((1, 1, 16, 16), 0.4)
    assert_close(blurred(flat, 9, 2.0), flat)
    assert_close(blurred(X, 5, 0.05), X)


def test_the_blur_is_that_of_scikit_image_where_the_edge_is_far() -> None:
    ours = blurred(X, 9, 1.0)[0, 0].numpy()
    theirs = gaussian(X[0, 0].numpy(), sigma=1.0, truncate=4.0, mode="reflect")
    assert np.abs(ours - theirs)[5:-5, 5:-5].max() < 1e-4


def test_at_full_strength_a_picture_without_noise_is_itself() -> None:
    alpha_bar_t = torch.tensor(0.25).view(1, 1, 1, 1)
    assert_close(scaled(alpha_bar_t.sqrt() * X, alpha_bar_t), X)


def test_the_best_blur_is_not_worse_than_any_other() -> None:
    form = t2i.outline("digits")
    x_0 = torch.zeros(1, *form.shape)
    x_0[..., 8:20, 12:16] = 1
    x_t, alpha_bar_t = noisy(form, x_0, 150, seed=1), t2i.level(form, 150)
    found = best_blur(x_t, x_0, alpha_bar_t, form)
    assert found.psnr == pytest.approx(float(psnr(found.image.clamp(0, 1), x_0)))
    assert found.psnr >= float(psnr(blurred(scaled(x_t, alpha_bar_t), 5, 1.5).clamp(0, 1), x_0))
    assert found.psnr > float(psnr(x_t, x_0))


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


def test_ssim_of_a_picture_with_itself_is_one_and_the_range_matters() -> None:
    assert_close(ssim(X, X, 2.0), torch.ones(1, dtype=torch.float64))
    noisy_x = X + 0.1
    assert float(ssim(noisy_x, X, 2.0)) != pytest.approx(float(ssim(noisy_x, X, 1.0)))


def test_blurring_takes_edges_and_noise_brings_some() -> None:
    assert edge_energy(blurred(X, 5, 1.0)) < edge_energy(X)
    assert edge_energy(X + torch.randn(X.shape)) > edge_energy(X)
    assert edge_energy(2 * X, 2.0) == edge_energy(X, 1.0)


def test_all_three_ways_begin_with_the_same_noisy_picture() -> None:
    form = t2i.outline("digits")
    start = t2i.timesteps_of(form, 20)[0]
    one = finish(one_step_denoising.demo("digits", "digit-3", "", (start,), seed=276))[0]
    ways = finish(three_denoisers.demo("digits", "digit-3", "", 20, seed=276))
    assert ways.t == one.t
    assert (ways.noisy.pixels == one.pictures[1].pixels).all()
    assert (ways.pictures[1].pixels == one.pictures[3].pixels).all()
    assert len(ways.film.frames) == 14


def test_the_network_beats_the_best_gaussian_at_every_level() -> None:
    levels = one_step_denoising.levels("digits")
    for one in finish(one_step_denoising.demo("digits", "digit-3", "", levels, seed=276)):
        assert one.gain == pytest.approx(one.psnr - one.blur_psnr)
        assert one.gain > 0


def test_many_steps_have_more_edges_than_one_step_though_their_psnr_may_be_lower() -> None:
    edges, decibels = [], []
    for digit in range(5):
        ways = finish(three_denoisers.demo("digits", f"digit-{digit}", "", 10, seed=276))
        _, one, many = ways.scores
        edges.append(many.edges - one.edges)
        decibels.append(many.psnr - one.psnr)
    assert np.mean(edges) > 0.1
    assert np.mean(decibels) < 0


def test_the_less_noise_the_closer_an_edit_stays_to_the_original() -> None:
    found = finish(image_to_image.demo("digits", "digit-3", "", 1.0, 276, starts=(1, 20, 31)))
    original = found.original.pixels.astype(int)
    far, middle, near = (np.abs(r.pixels - original).mean() for r in found.results)
    assert far > middle > near
    assert near < 8
    assert [len(film.frames) for film in found.films] == [33, 14, 3]


def test_the_lessons_table_has_a_row_a_level() -> None:
    rows = finish(classical_denoising.best("digits", "digit-3", seed=276))
    assert [row[1].caption.split(" ·")[0] for row in rows] == ["t = 75", "t = 150", "t = 225"]


@pytest.mark.parametrize(("kernel", "sigma"), [(4, 1.0), (5, 0.0), (5, -1.0), (99, 1.0)])
def test_a_filter_that_is_none_is_refused(kernel: int, sigma: float) -> None:
    with pytest.raises(ValueError, match="no Gaussian"):
        classical_denoising.by_hand("digits", "digit-3", 75, kernel, sigma, seed=1)
