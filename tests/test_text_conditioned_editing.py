"""Editing towards a prompt: the noise decides between the source image and the words."""

from __future__ import annotations

import numpy as np
import torch

from lessons.measure import classifier
from lessons.part_a import image_to_image, text_conditioned_editing
from lessons.part_a.image_to_image import STARTS
from models.catalog import finish


def edited(prompt: str) -> text_conditioned_editing.EditedTowards:
    return finish(text_conditioned_editing.demo("digits", "digit-3", prompt, 5.0, seed=276))


def test_an_edit_is_the_plain_one_with_another_prompt() -> None:
    ours = edited("a handwritten 8")
    plain = finish(image_to_image.demo("digits", "digit-3", "a handwritten 8", 5.0, seed=276))
    for one, other in zip(ours.results, plain.results, strict=True):
        assert np.abs(one.pixels.astype(int) - other.pixels).max() <= 1


def test_deep_in_the_noise_the_prompt_wins_and_a_light_touch_stays_near_the_source_image() -> None:
    found = edited("a handwritten 8")
    pixels = np.stack([image.pixels for image in found.results])
    assert len(pixels) == len(STARTS)
    assert int(classifier.read(torch.from_numpy(pixels[:1])[:, None] / 255).labels) == 8
    apart = np.abs(pixels.astype(int) - found.source_image.pixels).mean((1, 2))
    assert apart[-1] == min(apart)
    assert apart[-1] < 0.75 * apart[0]


def test_two_prompts_begin_with_the_same_noisy_images() -> None:
    one, other = edited("a handwritten 8"), edited("a handwritten 0")
    for a, b in zip(one.starts, other.starts, strict=True):
        assert (a.pixels == b.pixels).all()
    assert (one.results[0].pixels != other.results[0].pixels).any()
