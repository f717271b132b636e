"""The set-up lesson: its prompts in few and more steps."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from test_pages import assert_fine, opened, quick  # noqa: F401 - the fixture

from lessons.part_a import set_up
from models.catalog import finish


def test_fewer_and_more_steps_make_like_images_of_what_was_asked_for() -> None:
    grid = finish(set_up.prompt_grid("digits", ("3", "6"), 5.0, seed=276))
    from lessons.measure import classifier

    pixels = np.stack([image.pixels for row in grid for image in row])
    read = classifier.read(torch.from_numpy(pixels)[:, None] / 255).labels
    assert read.tolist() == [3, 6, 3, 6]


def test_progress_counts_up_to_its_total() -> None:
    steps = list(set_up.prompt_grid("digits", ("3",), 5.0, seed=276))
    assert [step.done for step in steps if step.total == 30] == list(range(1, 31))


def test_what_can_be_asked_for_is_what_the_model_was_trained_on() -> None:
    known = set_up.vocabulary("pictures")
    assert known is not None
    assert "a dog" in known.subjects["animals"] or "a dog" in known.subjects["the course's prompts"]
    assert sum(map(len, known.subjects.values())) > 400
    assert "an oil painting of …" in known.wordings
    digits = set_up.vocabulary("digits")
    assert digits is not None
    assert digits.subjects["digits"][3] == "3 (three)"
    assert set_up.vocabulary("deepfloyd") is None


@pytest.mark.parametrize(
    ("model", "subject", "wording", "prompt"),
    [
        ("Digits", "6 (six)", "a handwritten …", "a handwritten 6"),
        ("Pictures", "an owl", "an oil painting of …", "an oil painting of an owl"),
    ],
)
def test_a_subject_and_a_wording_of_the_list_become_a_prompt(
    model: str, subject: str, wording: str, prompt: str
) -> None:
    page = opened("set_up.py", model=model)
    before = [box.value for box in page.text_input if box.label.startswith("Prompt")]
    page.selectbox(key="a0_subject").set_value(subject).run()
    page.selectbox(key="a0_wording").set_value(wording).run()
    page.button(key="a0_put2").click().run()
    assert_fine(page)
    now = [box.value for box in page.text_input if box.label.startswith("Prompt")]
    assert now == [before[0], prompt, before[2]]
    assert not [one.body for one in page.get("html") if "outside what this model" in one.body]
