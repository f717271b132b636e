"""What a reader set before Start, in a real browser: only there do settings get lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from conftest import Reader


@pytest.mark.parametrize("lesson", ["1.2 Train a denoiser", "2.2 Train a time-conditioned DDPM"])
def test_settings_outlive_a_look_at_another_lesson(reader: Reader, lesson: str) -> None:
    page = reader.open("unet")
    reader.go(lesson)
    epochs = page.get_by_role("spinbutton", name="Epochs")
    before = epochs.input_value()
    page.get_by_role("radio", name="Demo").click()
    expect(epochs).not_to_have_value(before)  # the preset has arrived, and writes no more
    reader.wait()
    epochs.fill("7")
    epochs.press("Enter")
    page.wait_for_url("**epochs=7*")
    reader.wait()
    reader.go("1.1 The UNet")
    reader.go(lesson)
    expect(epochs).to_have_value("7")
    expect(page.get_by_role("radio", name="Demo")).to_be_checked()
    page.wait_for_url("**epochs=7*")
    page.get_by_role("radio", name="Laptop").click()  # a preset still sets all of them
    expect(epochs).not_to_have_value("7")
