"""The address in a browser: links that show the same, the front of a room, hidden controls."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Page, expect
from test_opening import assert_no_sideways_scroll

if TYPE_CHECKING:
    from conftest import Reader

CLIPBOARD = {"permissions": ["clipboard-read", "clipboard-write"]}


def query(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def pictures(page: Page) -> list[str | None]:
    return [image.get_attribute("src") for image in page.locator(".ui-figure img").all()]


def test_a_copied_link_shows_another_reader_the_same_pictures(
    new_reader: Callable[..., Reader],
) -> None:
    reader = new_reader(**CLIPBOARD)
    page = reader.open("iterative_denoising?model=digits&a14_start=12")
    for _ in range(3):
        page.locator(".ui-scrubber").get_by_role("slider").press("ArrowLeft")
    page.wait_for_url("**a14_film=18*")
    reader.wait()
    copy = page.get_by_role("button", name="Copy link")
    copy.focus()
    copy.press("Enter")
    expect(page.locator(".ui-copy [role=status]")).to_have_text("Copied")
    link = page.evaluate("navigator.clipboard.readText()")
    assert link == page.url
    other = new_reader()
    other.open(link.removeprefix(f"{other.server.url}/"))
    expect(other.page.locator(".ui-scrubber output")).to_have_text("t = 27")
    assert pictures(other.page) == pictures(page)
    assert reader.complaints == other.complaints == []


def test_where_the_clipboard_is_refused_the_address_can_be_copied_by_hand(reader: Reader) -> None:
    page = reader.open("forward_process?model=digits&a11_t_digits=9")
    page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    page.get_by_role("button", name="Copy link").click()
    field = page.get_by_role("textbox", name="Copy it from here")
    expect(field).to_have_value(page.url)
    expect(field).to_be_focused()


def test_a_reset_leads_back_to_the_plain_address_and_the_films_end(reader: Reader) -> None:
    page = reader.open("iterative_denoising?model=digits&a14_start=12&seed=7&a14_film=5")
    expect(page.locator(".ui-scrubber output")).not_to_have_text("t = 0")
    page.get_by_role("button", name="Reset this lesson").click()
    page.wait_for_url("**/iterative_denoising?model=Digits&seed=7")
    reader.wait()
    expect(page.locator(".ui-scrubber output")).to_have_text("t = 0")


def test_in_front_of_a_room_keys_lead_through_the_lessons_and_out(reader: Reader) -> None:
    page = reader.open("forward_process?present=1&hide=seed")
    sidebar = page.get_by_test_id("stSidebar")
    expect(sidebar).to_be_hidden()
    expect(page.get_by_test_id("stHeader")).to_be_hidden()
    size = page.locator(".ui-figure figcaption").first.evaluate(
        "node => parseFloat(getComputedStyle(node).fontSize)"
    )
    assert size >= 20
    for key, title in (
        ("PageDown", "Classical denoising"),
        ("ArrowRight", "One-step denoising"),
        ("ArrowLeft", "Classical denoising"),
        ("PageUp", "The forward process"),
    ):
        page.keyboard.press(key)
        expect(page.get_by_role("heading", level=1)).to_have_text(title)
        reader.wait()
        assert query(page)["present"] == ["1"]
        assert query(page)["hide"] == ["seed"]
    page.get_by_role("slider").first.focus()
    page.keyboard.press("ArrowRight")  # a control that has the focus keeps its keys
    page.wait_for_url("**a11_t_pictures=251*")
    expect(page.get_by_role("heading", level=1)).to_have_text("The forward process")
    page.get_by_role("slider").first.blur()
    reader.wait()
    page.keyboard.press("Escape")
    expect(sidebar).to_be_visible()
    expect(page.get_by_role("spinbutton", name="Seed")).to_be_hidden()
    assert "present" not in query(page)
    assert reader.complaints == []


def test_the_room_and_a_page_without_knobs_fit_on_a_phone(reader: Reader) -> None:
    reader.page.set_viewport_size({"width": 360, "height": 800})
    for address in ("iterative_denoising?present=1", "inpainting?hide=all"):
        reader.open(address)
        assert_no_sideways_scroll(reader)


def test_hidden_controls_are_out_of_sight_and_reach_and_the_others_stay(reader: Reader) -> None:
    page = reader.open("inpainting?model=digits&a172_mask_digits_x=20&hide=a172_mask,a172_gamma")
    expect(page.get_by_text("Three noises, three ways")).to_be_visible()
    for name in ("Centre, from the left, % of the side", "Guidance γ"):
        expect(page.get_by_role("slider", name=name)).to_have_count(0)
    expect(page.get_by_role("combobox", name="Picture")).to_be_visible()
    assert query(page)["a172_mask_digits_x"] == ["20"]
    page = reader.open("inpainting?model=digits&hide=all")
    expect(page.get_by_text("Three noises, three ways")).to_be_visible()
    for role in ("slider", "combobox", "spinbutton", "radio"):
        knobs = page.get_by_role(role).and_(page.locator(":visible:not(.ui-scrubber *)"))
        expect(knobs).to_have_count(0)  # the film stays: it is what there is to see


def test_a_teacher_makes_a_link_that_presents_and_hides(reader: Reader) -> None:
    page = reader.open("forward_process?model=Digits&a11_t_digits=9")
    page.get_by_text("For teachers").click()
    page.get_by_text("For the front of the room").click()
    page.wait_for_timeout(1500)  # a run that begins late would close the list again
    reader.wait()
    page.get_by_role("combobox", name="Take away").click()
    page.get_by_role("option", name="a11_t_digits").click()
    page.keyboard.press("Escape")
    reader.wait()
    link = page.get_by_role("link", name="Open it")
    for _ in range(50):  # it is written anew when it is pointed at; the choice may be on its way
        link.blur()
        link.focus()
        if link.get_attribute("href") == f"{page.url}&present=1&hide=a11_t_digits":
            break
        page.wait_for_timeout(200)
    assert link.get_attribute("href") == f"{page.url}&present=1&hide=a11_t_digits"
