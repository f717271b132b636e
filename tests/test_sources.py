"""A reader's image becomes a model's: cropped, never squashed, and in its range once."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from lessons.images import sources
from lessons.images.captioned import to_pixels
from models import gallery, mnist

COLOUR = (3, 64, 64)
GREY = (1, 28, 28)


def disc(height: int, width: int, ink: int = 0, paper: int = 255) -> NDArray[np.uint8]:
    """A disc in the middle, half as wide as the image is high (or high as it is wide)."""
    down, across = np.indices((height, width))
    inside = np.hypot(down - (height - 1) / 2, across - (width - 1) / 2) < min(height, width) / 4
    return np.where(inside[..., None], ink, paper).astype(np.uint8).repeat(3, axis=2)


@pytest.mark.parametrize(("height", "width"), [(300, 300), (300, 451), (451, 300), (64, 640)])
def test_a_disc_stays_round_whatever_the_image_around_it(height: int, width: int) -> None:
    seen = sources.seen(disc(height, width), COLOUR).pixels[..., 0] < 128
    assert seen.shape == (64, 64)
    assert abs(int(seen.any(axis=0).sum()) - 32) <= 1
    assert abs(int(seen.any(axis=1).sum()) - 32) <= 1


def test_the_middle_is_what_is_kept() -> None:
    wide = np.zeros((10, 30, 3), np.uint8)
    wide[:, 10:20] = 200
    assert np.array_equal(sources.seen(wide, (3, 5, 5)).pixels, np.full((5, 5, 3), 200))


def test_making_smaller_averages_instead_of_picking() -> None:
    stripes = np.zeros((256, 256, 3), np.uint8)
    stripes[::2] = 255
    small = sources.seen(stripes, COLOUR).pixels[8:-8]
    assert abs(small.astype(int) - 128).max() < 8


def test_a_image_of_the_right_size_is_not_touched() -> None:
    assert np.array_equal(sources.seen("tower", COLOUR).pixels, gallery.pixels("tower"))
    assert np.array_equal(sources.seen("digit-3", GREY).pixels, gallery.pixels("digit-3"))


@pytest.mark.parametrize(("low", "high"), [(-1.0, 1.0), (0.0, 1.0)])
def test_black_and_white_become_the_ends_of_the_models_range(low: float, high: float) -> None:
    checks = np.zeros((64, 64, 3), np.uint8)
    checks[:, 32:] = 255
    x_0 = sources.load(checks, COLOUR, low, high)
    assert x_0.shape == (1, 3, 64, 64)
    assert x_0.dtype == torch.float32
    assert x_0.unique().tolist() == [low, high]


@pytest.mark.parametrize(("low", "high"), [(-1.0, 1.0), (0.0, 1.0)])
@pytest.mark.parametrize("name", ["tower", "photo-cat"])
def test_the_range_is_converted_once_there_and_once_back(
    name: str, low: float, high: float
) -> None:
    x_0 = sources.load(name, COLOUR, low, high)
    there = sources.seen(name, COLOUR).pixels
    assert np.array_equal(to_pixels(x_0[0], low, high), there)
    torch.testing.assert_close(float(x_0.mean()), low + (high - low) * there.mean() / 255)


def test_a_digit_is_the_one_that_mnist_gives() -> None:
    test = mnist.load("test")
    first = test.images[int((test.labels == 7).nonzero()[0])]
    assert torch.equal(sources.load("digit-7", GREY, 0, 1)[0], mnist.unit_range(first))


def test_ink_on_paper_becomes_white_on_black_and_the_result_says_so() -> None:
    ink = sources.seen(disc(200, 200, ink=0, paper=255), GREY)
    chalk = sources.seen(disc(200, 200, ink=255, paper=0), GREY)
    assert ink.inverted
    assert not chalk.inverted
    assert ink.pixels[0, 0] == 0
    assert ink.pixels[14, 14] == 255
    assert np.array_equal(ink.pixels, chalk.pixels)
    assert "exchanged" in sources.image(disc(200, 200), GREY).caption


def test_a_colour_model_sees_ink_on_paper_as_it_is() -> None:
    seen = sources.seen(disc(200, 200), COLOUR)
    assert not seen.inverted
    assert seen.pixels[0, 0].tolist() == [255, 255, 255]


def test_colours_keep_their_channels() -> None:
    red = np.zeros((8, 8, 3), np.uint8)
    red[..., 0] = 255
    assert sources.load(red, COLOUR, 0, 1)[0, :, 0, 0].tolist() == [1, 0, 0]


def test_colour_models_are_offered_images_and_digit_models_digits_and_the_tower() -> None:
    colour = [choice.name for choice in sources.names(COLOUR)]
    grey = [choice.name for choice in sources.names(GREY)]
    assert colour[0] == "tower"
    assert "photo-cat" in colour
    assert grey == [*(f"digit-{label}" for label in range(10)), "tower"]


@pytest.mark.parametrize("shape", [COLOUR, GREY])
def test_all_that_is_offered_loads_and_is_credited(shape: sources.Shape) -> None:
    for choice in sources.names(shape):
        x_0 = sources.load(choice.name, shape, -1, 1)
        assert x_0.shape == (1, *shape)
        assert -1 <= float(x_0.min()) < -0.5
        assert 0 < float(x_0.max()) <= 1
        assert choice.credit.count("·") >= 1
        assert sources.image(choice.name, shape).alt == choice.title


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((4, 4, 3), np.float32),
        np.zeros((0, 4, 3), np.uint8),
    ],
)
def test_what_is_no_image_is_refused(pixels: NDArray[np.uint8]) -> None:
    with pytest.raises(ValueError, match="pixel"):
        sources.load(pixels, COLOUR, -1, 1)


def test_a_name_from_outside_is_no_path() -> None:
    with pytest.raises(ValueError, match="no image of this name"):
        sources.load("../../README.md", COLOUR, -1, 1)
