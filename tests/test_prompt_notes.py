"""What a page says of a prompt that the model was not trained on: on every page that takes one."""

from __future__ import annotations

import re

import pytest
from test_pages import assert_fine, opened, quick  # noqa: F401 - the fixture

from lessons import text_to_image
from models.catalog import finish
from pages._ui.inputs.model import OWN
from pages._ui.session import lessons

STRANGE = "quarterly tax return"

BOXES = {
    "attention_maps.py": ["a161_prompt"],
    "guidance.py": ["a16_prompt", "a16_negative"],
    "hybrid_images.py": ["a110_first", "a110_second"],
    "image_to_image.py": ["a17_prompt"],
    "inpainting.py": ["a172_prompt"],
    "inversion.py": ["a153_prompt", "a153_other", "a153_first", "a153_second"],
    "one_step_denoising.py": ["a13_prompt"],
    "paint_along.py": ["a174_prompt"],
    "samplers.py": ["a152_prompt"],
    "sampling.py": ["a15_prompt"],
    "set_up.py": ["a0_prompt1", "a0_prompt3"],
    "text_conditioned_editing.py": ["a173_prompt"],
    "visual_anagrams.py": ["a18_first", "a18_second"],
}
OWN_PAIR = {"a110_pair_pictures": OWN, "a18_pair_pictures": OWN}  # shows the boxes of a pair


def test_a_prompt_outside_the_vocabulary_gets_a_note_and_a_known_one_none() -> None:
    assert finish(text_to_image.note("pictures", "a photo of a dog")) == ""
    assert finish(text_to_image.note("pictures", "")) == ""
    assert "outside what this model was trained on" in finish(
        text_to_image.note("pictures", STRANGE)
    )


def test_every_page_that_takes_a_prompt_is_in_this_list() -> None:
    takes = [
        lesson.file
        for lesson in lessons.discover()
        if "ui.prompt" in (lessons.FOLDER / lesson.file).read_text("utf-8")
    ]
    assert sorted(takes) == sorted(BOXES)


@pytest.mark.parametrize("file", sorted(BOXES))
def test_what_to_expect_stands_under_the_prompt(file: str) -> None:
    address = {f"{key}_pictures": STRANGE for key in BOXES[file]} | OWN_PAIR
    page = opened(file, **address)
    assert_fine(page)
    notes = [one.body for one in page.get("html") if "outside what this model" in one.body]
    assert len(notes) == len(BOXES[file])
    assert all(re.search(f"“{STRANGE}” is outside", note) for note in notes)
    assert not any("outside what this model" in one.body for one in opened(file).get("html"))
