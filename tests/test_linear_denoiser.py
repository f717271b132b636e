"""The best linear denoiser of lessons 1.2 and 1.3: for which images, and what readers see of it."""

import pytest
import torch
from torch.testing import assert_close

from lessons import text_to_image as t2i
from lessons.diffusion.forward import add_noise
from lessons.measure import linear_denoiser
from lessons.part_a import classical_denoising, one_step_denoising
from models import mnist
from models.catalog import finish
from models.miniature import load
from models.miniature.linear import wiener


def test_the_lessons_filter_is_the_one_that_the_network_begins_with() -> None:
    ours, its = linear_denoiser.for_images((3, 64, 64)), load().network.unet.linear
    assert ours is not None
    for name, tensor in its.state_dict().items():
        assert torch.equal(ours.state_dict()[name], tensor)


def test_where_no_spectrum_was_measured_there_is_no_filter() -> None:
    assert linear_denoiser.for_images((3, 16, 16)) is None


@pytest.mark.parametrize("t", [75, 150, 225])
def test_on_digits_it_has_the_error_that_its_spectrum_foretells(t: int) -> None:
    known = linear_denoiser.for_images((1, 28, 28))
    assert known is not None
    x_0 = mnist.load("train").images[20_000:22_000].float() / 255  # not those that it was fit to
    alpha_bar_t = t2i.alpha_bar_of(t2i.spec("digits"), t).float()
    eps = torch.randn(x_0.shape, generator=torch.Generator().manual_seed(1))
    estimate = wiener(add_noise(x_0, alpha_bar_t, eps), alpha_bar_t, known)
    S = known.spectrum
    foretold = (S * (1 - alpha_bar_t) / (alpha_bar_t * S + 1 - alpha_bar_t)).mean()
    assert_close((estimate - x_0).square().mean(), foretold, rtol=0.05, atol=0)


def test_the_tables_show_it_between_the_gaussian_and_the_network() -> None:
    rows = finish(classical_denoising.best("digits", "digit-3", seed=276))
    assert all(len(row) == len(classical_denoising.COLUMNS) == 4 for row in rows)
    assert [row[3].caption.split(" ·")[0] for row in rows] == ["Wiener filter"] * 3
    (one,) = finish(one_step_denoising.demo("digits", "digit-3", "", (150,), seed=276))
    labels = one_step_denoising.columns(one.images)
    assert labels == ("clean", "noisy", "best Gaussian", "Wiener filter", "one step")
    said = [image.caption.split(" ·")[0] for image in one.images[1:]]
    assert said == ["t = 150", *labels[2:]]
    assert (one.images[3].pixels == rows[1][3].pixels).all()
    assert one_step_denoising.columns(one.images[:4]) == (*labels[:3], labels[4])
