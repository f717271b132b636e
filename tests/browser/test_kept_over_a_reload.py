"""A reload loses nothing: the browser's cookie brings back what it did, to nobody else."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from conftest import Reader


def test_a_result_and_a_remark_are_there_after_a_reload_for_this_browser_alone(
    new_reader: Callable[..., Reader],
) -> None:
    reader = new_reader()
    page = reader.open("sampling?model=Digits")
    seed = page.get_by_role("spinbutton", name="Seed")
    seed.fill("7")
    seed.press("Enter")
    expect(page.get_by_role("button", name="Keep for the report")).to_be_visible()
    page = reader.open("report")
    expect(page.get_by_role("heading", name="A 1.5 · Sampling")).to_be_visible()
    remark = page.get_by_label("Your remark on 1.5")
    remark.fill("Five noises, five digits.")
    remark.press("Control+Enter")
    reader.wait()
    page.reload()
    expect(page.get_by_label("Your remark on 1.5")).to_have_value("Five noises, five digits.")
    other = new_reader().open("report")
    expect(other.get_by_text("Nothing yet: open a lesson")).to_be_visible()
    expect(other.get_by_role("heading", name="A 1.5 · Sampling")).to_have_count(0)
    page.get_by_role("button", name="Begin anew").click()
    page.get_by_role("button", name="Forget all of it").click()
    expect(page.get_by_text("Nothing yet: open a lesson")).to_be_visible()
    page.reload()
    expect(page.get_by_text("Nothing yet: open a lesson")).to_be_visible()
    assert reader.complaints == []
