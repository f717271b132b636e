"""Part A in a browser: a mask is drawn and filled, an image turns, one steps back from another."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image
from playwright.sync_api import expect
from test_canvas import draw
from test_every_page_opens import assert_no_sideways_scroll
from test_finished_run import download

if TYPE_CHECKING:
    from conftest import Reader


def test_a_drawn_mask_is_filled_and_the_result_can_be_taken_home(
    reader: Reader, tmp_path: Path
) -> None:
    page = reader.open("inpainting?model=digits&a172_mask_digits_shape=drawing")
    expect(page.get_by_text("Nothing is marked yet")).to_be_visible()
    expect(page.get_by_text("Three samples from three noises")).to_have_count(0)
    draw(reader, (0.2, 0.15), (0.8, 0.15), (0.8, 0.3), (0.2, 0.3))
    expect(page.get_by_text("Three samples from three noises")).to_be_visible()
    reader.wait()
    with Image.open(download(page, "inpainted.png", tmp_path)) as sheet:
        side = sheet.height
        images = [
            np.array(sheet.convert("L").crop((left, 0, left + side, side)).resize((28, 28)))
            for left in (0, (sheet.width - side) // 2, sheet.width - side)
        ]
    below = [image[18:].astype(int) for image in images]
    assert all(np.abs(below[0] - other).max() <= 40 for other in below[1:])  # what was kept
    assert any((images[0][:12] != other[:12]).any() for other in images[1:])  # what is new
    with Image.open(download(page, "inpainted.gif", tmp_path)) as trajectory:
        assert trajectory.n_frames >= 30  # type: ignore[attr-defined]
    assert reader.strangers() == set()
    assert reader.complaints == []


def test_anagrams_turn_before_ones_eyes(reader: Reader) -> None:
    page = reader.open("visual_anagrams?model=digits")
    turning = page.locator(".ui-turning")
    word = turning.locator("output")
    expect(word).to_have_text("a handwritten 6")
    turning.get_by_role("button", name="Turn").click()
    expect(word).to_have_text("a handwritten 9")
    turned = "e => getComputedStyle(e).transform.startsWith('matrix(-1,')"
    card = turning.locator(".ui-turn-card").first
    page.wait_for_function(turned, arg=card.element_handle())
    turning.get_by_role("slider").press("Home")
    expect(word).to_have_text("a handwritten 6")
    assert reader.complaints == []


def test_stepping_back_makes_hybrids_small_and_names_what_is_seen(reader: Reader) -> None:
    page = reader.open("hybrid_images?model=digits")
    stepping = page.locator(".ui-stepping")
    image = stepping.locator(".ui-strip img").first
    near = image.bounding_box()
    stepping.get_by_role("slider").press("End")
    expect(stepping.locator("output")).to_have_text("from afar: a handwritten 3")
    far = image.bounding_box()
    assert near
    assert far
    assert far["width"] < near["width"] / 5
    assert reader.complaints == []


def test_part_a_fits_on_a_phone(reader: Reader) -> None:
    reader.page.set_viewport_size({"width": 360, "height": 800})
    for name in ("set_up", "iterative_denoising", "visual_anagrams", "hybrid_images", "inpainting"):
        reader.open(f"{name}?model=digits")
        assert_no_sideways_scroll(reader)
