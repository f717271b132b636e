"""Every stroke is answered with new images, and none is lost while others are being answered."""

from __future__ import annotations

import json
import urllib.request
from typing import TYPE_CHECKING

import pytest
from conftest import wait_until
from playwright.sync_api import expect

if TYPE_CHECKING:
    from conftest import Reader

LINES = (((0.3, 0.2), (0.7, 0.2)), ((0.7, 0.25), (0.4, 0.5)), ((0.3, 0.8), (0.7, 0.75)))


def stroke(reader: Reader, begin: tuple[float, float], end: tuple[float, float]) -> None:
    """Draw one line; its ends are shares of the canvas's side."""
    box = reader.page.locator("canvas.upper-canvas").bounding_box()
    assert box is not None
    mouse = reader.page.mouse
    points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in (begin, end)]
    mouse.move(*points[0])
    mouse.down()
    mouse.move(*points[1], steps=8)
    mouse.up()


def ink(reader: Reader, x: float, y: float) -> bool:
    """Whether the canvas shows ink at a place."""
    alpha = """(canvas, [x, y]) => canvas.getContext("2d").getImageData(
        Math.floor(x * canvas.width), Math.floor(y * canvas.height), 1, 1).data[3]"""
    drawing = reader.page.locator("canvas.dc-canvas.lower-canvas")
    return bool(drawing.evaluate(alpha, [x, y]) > 127)


def waiting(reader: Reader) -> int:
    with urllib.request.urlopen(f"{reader.server.url}/api/health", timeout=10) as answer:
        return int(json.loads(answer.read())["waiting"])


@pytest.mark.timeout(300)
def test_every_stroke_is_answered_and_none_is_lost_or_queued(reader: Reader) -> None:
    page = reader.open("paint_along?model=digits")
    expect(page.locator("canvas.upper-canvas")).to_be_visible()
    expect(page.get_by_text("An example, until your first stroke.")).to_be_visible()
    page.locator("canvas.upper-canvas").scroll_into_view_if_needed()
    page.wait_for_timeout(1000)
    first = page.locator(".ui-figure", has_text="noise 1").locator("img")
    drawing = page.locator(".ui-figure", has_text="the drawing").locator("img")

    before = first.get_attribute("src") or ""
    stroke(reader, *LINES[0])
    expect(first).not_to_have_attribute("src", before)
    expect(page.get_by_text("from the stroke's arrival here")).to_be_visible()
    reader.wait()
    after_one, seen = first.get_attribute("src") or "", drawing.get_attribute("src") or ""

    for line in LINES[1:]:  # the second is on its way while the third is drawn
        stroke(reader, *line)
        assert waiting(reader) == 0
    expect(first).not_to_have_attribute("src", after_one)
    reader.wait()
    for (x_1, y_1), (x_2, y_2) in LINES:
        assert ink(reader, (x_1 + x_2) / 2, (y_1 + y_2) / 2)
    # What the network saw at last holds all three lines, at the size of a digit.
    expect(drawing).not_to_have_attribute("src", seen)
    # The answer to the last stroke may come after one to the stroke before.
    bright = """img => { const c = document.createElement("canvas"); c.width = c.height = 28;
        const g = c.getContext("2d"); g.drawImage(img, 0, 0, 28, 28);
        return [0.2, 0.375, 0.775].every(y => [12, 13, 14, 15, 16].some(
            x => g.getImageData(x, Math.round(y * 28), 1, 1).data[0] > 100)) }"""
    wait_until(lambda: drawing.evaluate(bright), "an answer to all three lines")
    assert waiting(reader) == 0
    assert reader.strangers() == set()
    assert reader.complaints == []
