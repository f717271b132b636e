"""Masks are black and white, lie where they were put, and say new with one."""

import numpy as np
import pytest
from numpy.typing import NDArray

from lessons.images import masks

SIZES = [(64, 64), (28, 28)]


def stroke(side: int = 320) -> NDArray[np.uint8]:
    """What a canvas gives: a disc in its left half, soft at the edge."""
    down, across = np.indices((side, side))
    distance = np.hypot(down - side / 2, across - side / 4) - side / 8
    drawn = np.zeros((side, side, 4), np.uint8)
    drawn[..., 3] = np.clip(127 - 60 * distance, 0, 255)
    return drawn


@pytest.mark.parametrize("size", SIZES)
def test_every_mask_is_of_zeros_and_ones_at_the_models_size(size: tuple[int, int]) -> None:
    white = np.random.default_rng(0).integers(0, 256, (100, 100, 3), np.uint8)
    for mask in (
        masks.rectangle(size, 0.4, 0.5, 0.3, 0.33),
        masks.circle(size, 0.4, 0.5, 0.33),
        masks.half(size, "left"),
        masks.from_drawing(stroke(), size),
        masks.from_image(white, size),
    ):
        assert mask.shape == size
        assert mask.dtype == np.uint8
        assert np.unique(mask).tolist() == [0, 1]
        assert set(np.unique(masks.image(mask).pixels)) == {0, 255}


def test_a_rectangle_lies_where_it_was_put() -> None:
    mask = masks.rectangle((8, 8), x=0.25, y=0.75, width=0.5, height=0.25)
    assert np.argwhere(mask).min(axis=0).tolist() == [5, 0]
    assert np.argwhere(mask).max(axis=0).tolist() == [6, 3]


def test_a_rectangle_over_all_marks_all_and_one_of_no_width_nothing() -> None:
    assert masks.rectangle((7, 9), 0.5, 0.5, 1, 1).all()
    assert not masks.rectangle((64, 64), 0.5, 0.5, 0, 1).any()
    assert not masks.circle((64, 64), 0.5, 0.5, 0).any()


def test_two_opposite_halves_are_the_whole_image() -> None:
    for one, other in (("left", "right"), ("top", "bottom")):
        together = masks.half((28, 28), one) + masks.half((28, 28), other)
        assert np.array_equal(together, np.ones((28, 28)))
    assert masks.half((4, 4), "left")[:, 0].all()
    assert masks.half((4, 4), "top")[0].all()


def test_a_circle_has_the_area_of_a_circle_and_is_as_wide_as_high() -> None:
    mask = masks.circle((64, 64), 0.5, 0.5, 0.5)
    assert abs(mask.mean() - np.pi * 0.25**2) < 0.01
    assert np.array_equal(mask, mask.T)


@pytest.mark.parametrize("size", SIZES)
def test_a_drawing_is_marked_where_it_was_drawn(size: tuple[int, int]) -> None:
    mask = masks.from_drawing(stroke(), size)
    assert mask[size[0] // 2, size[1] // 4] == 1
    assert mask[:, size[1] // 2 :].sum() == 0
    assert abs(mask.mean() - np.pi / 64) < 0.01


def test_the_soft_edge_of_a_stroke_counts_where_it_is_at_least_half_opaque() -> None:
    edge = np.zeros((4, 4, 4), np.uint8)
    edge[..., 3] = [0, 127, 128, 255]
    assert masks.from_drawing(edge, (4, 4)).tolist() == [[0, 0, 1, 1]] * 4


def test_a_small_pixel_is_new_when_more_than_half_of_it_is_marked() -> None:
    drawn = np.zeros((8, 8, 4), np.uint8)
    drawn[:5, :4, 3] = 255
    assert masks.from_drawing(drawn, (2, 2)).tolist() == [[1, 0], [0, 0]]
    assert masks.from_drawing(drawn, (1, 1)).tolist() == [[0]]
    dot = np.zeros((8, 8, 4), np.uint8)
    dot[3:5, 3:5, 3] = 255
    assert masks.from_drawing(dot, (1, 1)).tolist() == [[0]]
    dot[..., 3] = 255 - dot[..., 3]
    assert masks.from_drawing(dot, (1, 1)).tolist() == [[1]]


def test_white_in_an_uploaded_mask_is_new() -> None:
    white_left = np.zeros((100, 100, 3), np.uint8)
    white_left[:, :50] = 255
    assert np.array_equal(masks.from_image(white_left, (28, 28)), masks.half((28, 28), "left"))


def test_an_uploaded_mask_is_cropped_as_the_image_is() -> None:
    wide = np.zeros((10, 30, 3), np.uint8)
    wide[:, :10] = 255
    assert not masks.from_image(wide, (10, 10)).any()
