"""The microscope in a browser: its colours, its marks, its keys, and a phone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import axe
import pytest
from playwright.sync_api import expect
from test_every_page_opens import assert_no_sideways_scroll

if TYPE_CHECKING:
    from conftest import Reader
    from playwright.sync_api import Page

ADDRESS = "guidance?model=digits&a16_microscope=true"
PIXEL = "a16_row_28=7&a16_column_28=21"


def settled(reader: Reader, address: str) -> Page:
    """The page at rest: places are measured one after the other, so nothing may move between."""
    page = reader.open(address)
    axe.settle(page)
    return page


def test_a_symbol_has_one_colour_in_formula_frame_and_number(reader: Reader) -> None:
    page = settled(reader, ADDRESS)
    scope = page.locator(".st-key-ui_microscope_a16")
    expect(scope.locator(".ui-arithmetic")).to_have_count(3)
    colours = scope.evaluate(
        """scope => {
            const all = (where, which) =>
                [...scope.querySelectorAll(where)].map(e => getComputedStyle(e)[which])
            const formulas = [...scope.querySelectorAll('.katex-html [style*="color"]')]
                .map(e => getComputedStyle(e).color)
            return { formulas, frames: all('.ui-term img', 'outlineColor'),
                numbers: all('.ui-arithmetic b', 'color') }
        }"""
    )
    assert colours["frames"] == colours["numbers"]
    assert len(set(colours["frames"])) == 6
    assert set(colours["frames"]) == set(colours["formulas"])
    assert reader.complaints == []


def test_the_mark_lies_on_the_chosen_pixel_and_keys_move_the_step(reader: Reader) -> None:
    page = settled(reader, f"{ADDRESS}&{PIXEL}")
    marked = page.locator(".ui-marked").last
    image, mark = marked.locator("img").bounding_box(), marked.locator("i").bounding_box()
    assert image
    assert mark
    pixel = image["width"] / 28
    assert mark["x"] - image["x"] == pytest.approx(21 * pixel, abs=1)
    assert mark["y"] - image["y"] == pytest.approx(7 * pixel, abs=1)
    assert mark["width"] == pytest.approx(pixel, abs=1)
    assert mark["height"] == pytest.approx(pixel, abs=1)
    expect(page.get_by_text("Step 17 of 33")).to_be_visible()
    scope = page.locator(".st-key-ui_microscope_a16")
    scope.get_by_role("slider", name="Step").press("ArrowRight")
    expect(page.get_by_text("Step 18 of 33")).to_be_visible()
    assert reader.complaints == []


def test_the_microscope_fits_on_a_phone(reader: Reader) -> None:
    reader.page.set_viewport_size({"width": 360, "height": 800})
    page = settled(reader, ADDRESS)
    first, second = (page.locator(".ui-term img").nth(k).bounding_box() for k in (0, 1))
    assert first
    assert second
    assert first["y"] == pytest.approx(second["y"], abs=1)  # two to a row
    assert_no_sideways_scroll(reader)
