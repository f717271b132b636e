"""What every page does in a browser when it is opened."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from pages._ui.session import lessons

if TYPE_CHECKING:
    from conftest import Reader, Server


def test_the_very_first_visit_after_a_start_can_be_a_deep_link(
    server: Server, new_reader: Callable[..., Reader]
) -> None:
    server.stop()
    server.start()
    reader = new_reader()
    page = reader.open("out_of_distribution")
    expect(page.get_by_role("heading", level=1)).to_have_text("Out of distribution")
    navigation = page.get_by_test_id("stSidebarNav")
    for part in sorted({lesson.part for lesson in lessons.discover()}):
        expect(navigation).to_contain_text(lessons.PARTS[part])
    assert navigation.get_by_role("link").count() == 1 + len(
        [lesson for lesson in lessons.discover() if not lesson.for_teachers]
    )
    expect(page.get_by_role("spinbutton", name="Seed")).to_be_visible()
    expect(page.get_by_text("Page not found")).to_have_count(0)
    assert reader.complaints == []


def assert_no_sideways_scroll(reader: Reader) -> None:
    # A moment's patience: the layout follows a new width at its own pace.
    deadline = time.monotonic() + 5
    while wide := reader.page.evaluate(WIDE):
        assert time.monotonic() < deadline, f"wider than the page: {wide}"
        reader.page.wait_for_timeout(50)


WIDE = """() => {
    const main = document.querySelector("[data-testid=stMain]")
    if (main.scrollWidth <= main.clientWidth) return []
    const right = main.getBoundingClientRect().right
    const out = [...main.querySelectorAll("*")].filter(
        (node) => node.getBoundingClientRect().right > right + 1)
    return out.slice(0, 5).map((node) => node.outerHTML.slice(0, 120))
}"""
