"""Blur, one step, many steps: limits, and what the lessons claim about them."""

import numpy as np
import pytest
import torch
from skimage.filters import gaussian
from torch.testing import assert_close

from lessons import text_to_image as t2i
from lessons.measure.quality import psnr
from lessons.part_a import (
    classical_denoising,
)
from lessons.part_a.classical_denoising import best_blur, blurred, noisy, scaled
from models.catalog import finish

X = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(1)) * 2 - 1


def test_a_flat_image_stays_flat_and_a_narrow_bell_changes_nothing() -> None:
    flat = torch.full((1, 1, 16, 16), 0.4)
    assert_close(blurred(flat, 9, 2.0), flat)
    assert_close(blurred(X, 5, 0.05), X)


def test_the_blur_is_that_of_scikit_image_where_the_edge_is_far() -> None:
    ours = blurred(X, 9, 1.0)[0, 0].numpy()
    theirs = gaussian(X[0, 0].numpy(), sigma=1.0, truncate=4.0, mode="reflect")
    assert np.abs(ours - theirs)[5:-5, 5:-5].max() < 1e-4


def test_at_full_strength_a_image_without_noise_is_itself() -> None:
    alpha_bar_t = torch.tensor(0.25).view(1, 1, 1, 1)
    assert_close(scaled(alpha_bar_t.sqrt() * X, alpha_bar_t), X)


def test_the_best_blur_is_not_worse_than_any_other() -> None:
    form = t2i.spec("digits")
    x_0 = torch.zeros(1, *form.shape)
    x_0[..., 8:20, 12:16] = 1
    x_t, alpha_bar_t = noisy(form, x_0, 150, seed=1), t2i.alpha_bar_of(form, 150)
    found = best_blur(x_t, x_0, alpha_bar_t, form)
    assert found.psnr == pytest.approx(float(psnr(found.image.clamp(0, 1), x_0)))
    assert found.psnr >= float(psnr(blurred(scaled(x_t, alpha_bar_t), 5, 1.5).clamp(0, 1), x_0))
    assert found.psnr > float(psnr(x_t, x_0))


def test_the_lessons_table_has_a_row_a_level() -> None:
    rows = finish(classical_denoising.best("digits", "digit-3", seed=276))
    assert [row[1].caption.split(" ·")[0] for row in rows] == ["t = 75", "t = 150", "t = 225"]


@pytest.mark.parametrize(("kernel", "sigma"), [(4, 1.0), (5, 0.0), (5, -1.0), (99, 1.0)])
def test_a_filter_that_is_none_is_refused(kernel: int, sigma: float) -> None:
    with pytest.raises(ValueError, match="no Gaussian"):
        classical_denoising.by_hand("digits", "digit-3", 75, kernel, sigma, seed=1)
