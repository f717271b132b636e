"""Tensors become pixels by clamping, never by rescaling."""

import numpy as np
import pytest
import torch

from lessons.images.captioned import CaptionedImage, side_by_side, to_pixels


def test_values_outside_the_range_are_clamped() -> None:
    image = torch.tensor([[-3.0, 0.0, 0.5, 1.0, 7.0]])
    assert to_pixels(image).tolist() == [[0, 0, 128, 255, 255]]


def test_a_grey_image_stays_grey() -> None:
    """Rescaled to its own extremes it would be black and white."""
    faint = torch.tensor([[0.4, 0.6]])
    assert to_pixels(faint).tolist() == [[102, 153]]


def test_one_bright_pixel_changes_no_other() -> None:
    image = torch.full((28, 28), 0.5)
    brighter = image.clone()
    brighter[0, 0] = 9.0
    np.testing.assert_array_equal(to_pixels(image)[1:], to_pixels(brighter)[1:])


def test_another_range_is_mapped_once() -> None:
    image = torch.tensor([[-1.0, 0.0, 1.0]])
    assert to_pixels(image, low=-1.0).tolist() == [[0, 128, 255]]


def test_values_are_rounded_to_the_nearest_level() -> None:
    levels = torch.arange(256) / 255
    assert to_pixels(levels[None]).tolist() == [list(range(256))]


def test_colours_come_last() -> None:
    red = torch.zeros(3, 4, 5)
    red[0] = 1
    pixels = to_pixels(red)
    assert pixels.shape == (4, 5, 3)
    assert pixels[0, 0].tolist() == [255, 0, 0]


def test_one_channel_is_a_grey_image() -> None:
    assert to_pixels(torch.zeros(1, 28, 28)).shape == (28, 28)
    assert to_pixels(torch.zeros(1, 28, 28)).dtype == np.uint8


@pytest.mark.parametrize("shape", [(2, 28, 28), (1, 1, 28, 28), (28,), (4, 3, 28, 28)])
def test_what_is_no_single_image_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="expected one image"):
        to_pixels(torch.zeros(shape))


def test_a_image_that_needs_gradients_can_be_shown() -> None:
    assert to_pixels(torch.ones(2, 2, requires_grad=True)).tolist() == [[255, 255], [255, 255]]


def test_half_precision_can_be_shown() -> None:
    assert to_pixels(torch.ones(2, 2, dtype=torch.bfloat16)).max() == 255


def test_images_side_by_side_keep_their_pixels() -> None:
    one, other = np.zeros((2, 3), np.uint8), np.full((2, 4), 9, np.uint8)
    joined = side_by_side([CaptionedImage(one), CaptionedImage(other)], caption="both")
    assert joined.pixels.tolist() == [[0, 0, 0, 9, 9, 9, 9]] * 2
    assert joined.caption == "both"


def test_images_of_different_heights_do_not_go_side_by_side() -> None:
    with pytest.raises(ValueError, match="must match"):
        side_by_side(
            [CaptionedImage(np.zeros((2, 3), np.uint8)), CaptionedImage(np.zeros((3, 3), np.uint8))]
        )
    with pytest.raises(ValueError, match="at least one"):
        side_by_side([])
