"""Samples from pure noise: what they depend on, and what they do not."""

from __future__ import annotations

import numpy as np

from lessons.part_a import sampling
from models.catalog import finish


def test_image_i_is_the_same_whatever_the_count_is() -> None:
    one = finish(sampling.demo("digits", "4", seed=276, count=1)).images[0].pixels
    many = finish(sampling.demo("digits", "4", seed=276, count=3)).images[0].pixels
    assert np.abs(one.astype(int) - many).max() <= 1


def test_another_seed_is_another_image() -> None:
    one, other = (finish(sampling.demo("digits", "", seed=s, count=1)) for s in (1, 2))
    assert (one.images[0].pixels != other.images[0].pixels).any()


def test_guidance_of_one_makes_the_image_that_the_networks_word_makes() -> None:
    obeyed = finish(sampling.demo("digits", "5", seed=276, count=1, gamma=1.0)).images[0]
    word = finish(sampling.demo("digits", "5", seed=276, count=1)).images[0]
    assert np.abs(obeyed.pixels.astype(int) - word.pixels).max() <= 1
