"""A mask drawn with the mouse is there, and stays there."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Locator, expect
from test_every_page_opens import assert_no_sideways_scroll

if TYPE_CHECKING:
    from conftest import Reader, Server

DRAW = "?t_mask_shape=drawing"


def surface(reader: Reader) -> Locator:
    """What the mouse draws on."""
    return reader.page.locator("canvas.upper-canvas")


def draw(reader: Reader, *places: tuple[float, float]) -> None:
    """Draw a line through places, which are shares of the canvas's side."""
    expect(surface(reader)).to_be_visible()
    # What was drawn before is put back a moment after the canvas is seen.
    reader.page.wait_for_timeout(1000)
    box = surface(reader).bounding_box()
    assert box is not None
    points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in places]
    mouse = reader.page.mouse
    mouse.move(*points[0])
    mouse.down()
    for point in points[1:]:
        mouse.move(*point, steps=5)
    mouse.up()


def drawn(reader: Reader, x: float, y: float) -> bool:
    """Whether the canvas shows ink at a place."""
    alpha = """(canvas, [x, y]) => canvas.getContext("2d").getImageData(
        Math.floor(x * canvas.width), Math.floor(y * canvas.height), 1, 1).data[3]"""
    drawing = reader.page.locator("canvas.dc-canvas.lower-canvas")
    return bool(drawing.evaluate(alpha, [x, y]) > 127)


def new_pixels(reader: Reader, otherwise_than: int) -> int:
    """How many pixels are new, once it is another number."""
    words = reader.page.get_by_text(re.compile(r"^New: \d+ pixels$"))
    expect(words).not_to_have_text(f"New: {otherwise_than} pixels")
    reader.wait()
    return int(words.inner_text().split()[1])


def test_a_drawn_mask_stays_when_the_page_is_left_and_goes_on_from_there(
    drawing_server: Server, new_reader: Callable[..., Reader]
) -> None:
    reader = new_reader(at=drawing_server)
    page = reader.open(DRAW)
    expect(page.get_by_text("Nothing is marked yet")).to_be_visible()
    draw(reader, (0.2, 0.5), (0.8, 0.5))
    marked = new_pixels(reader, otherwise_than=0)
    # A line 40 wide and 192 long with round ends, on a canvas of 320 × 320, seen at 64 × 64.
    assert marked == pytest.approx((40 * 192 + 3.14 * 20**2) / 25, rel=0.05)
    reader.go("Elsewhere")
    expect(surface(reader)).to_have_count(0)
    reader.go("Marking")
    assert new_pixels(reader, otherwise_than=0) == marked
    expect(surface(reader)).to_be_visible()
    assert drawn(reader, 0.5, 0.5)
    assert not drawn(reader, 0.5, 0.2)
    draw(reader, (0.2, 0.2), (0.8, 0.2))
    assert new_pixels(reader, otherwise_than=marked) == pytest.approx(2 * marked, rel=0.05)
    assert drawn(reader, 0.5, 0.5)
    assert reader.strangers() == set()
    assert reader.complaints == []


def test_a_mask_can_be_drawn_on_a_phone(
    drawing_server: Server, new_reader: Callable[..., Reader]
) -> None:
    reader = new_reader(at=drawing_server, viewport={"width": 360, "height": 900})
    reader.open(DRAW)
    draw(reader, (0.05, 0.5), (0.95, 0.5))
    marked = new_pixels(reader, otherwise_than=0)
    assert marked == pytest.approx((40 * 288 + 3.14 * 20**2) / 25, rel=0.05)
    assert_no_sideways_scroll(reader)
