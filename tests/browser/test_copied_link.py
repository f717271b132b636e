"""The address in a browser: links that show the same, the front of a room, hidden controls."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from conftest import wait_until
from playwright.sync_api import Page, TimeoutError, expect
from test_every_page_opens import assert_no_sideways_scroll

if TYPE_CHECKING:
    from conftest import Reader

CLIPBOARD = {"permissions": ["clipboard-read", "clipboard-write"]}


def query(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def images(page: Page) -> list[str | None]:
    return [image.get_attribute("src") for image in page.locator(".ui-figure img").all()]


def test_a_copied_link_shows_another_reader_the_same_images(
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
    wait_until(lambda: images(other.page) == images(page), "the same images")
    assert reader.complaints == other.complaints == []


def test_where_the_clipboard_is_refused_the_address_can_be_copied_by_hand(reader: Reader) -> None:
    page = reader.open("forward_process?model=digits&a11_t_digits=9")
    page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    page.get_by_role("button", name="Copy link").click()
    field = page.get_by_role("textbox", name="Copy it from here")
    expect(field).to_have_value(page.url)
    expect(field).to_be_focused()


def test_a_reset_leads_back_to_the_plain_address_and_the_trajectories_end(reader: Reader) -> None:
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
        wait_until(lambda: query(page).get("hide") == ["seed"], "the address of the next lesson")
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


def test_the_room_and_a_page_without_parameters_fit_on_a_phone(reader: Reader) -> None:
    reader.page.set_viewport_size({"width": 360, "height": 800})
    for address in ("iterative_denoising?present=1", "inpainting?hide=all"):
        reader.open(address)
        assert_no_sideways_scroll(reader)


def test_hidden_controls_are_out_of_sight_and_reach_and_the_others_stay(reader: Reader) -> None:
    page = reader.open("inpainting?model=digits&a172_mask_digits_x=20&hide=a172_mask,a172_gamma")
    expect(page.get_by_text("Three samples from three noises")).to_be_visible()
    for name in ("Centre, from the left, % of the side", "Guidance scale γ"):
        expect(page.get_by_role("slider", name=name)).to_have_count(0)
    expect(page.get_by_role("combobox", name="Image")).to_be_visible()
    assert query(page)["a172_mask_digits_x"] == ["20"]
    page = reader.open("inpainting?model=digits&hide=all")
    expect(page.get_by_text("Three samples from three noises")).to_be_visible()
    for role in ("slider", "combobox", "spinbutton", "radio"):
        parameters = page.get_by_role(role).and_(page.locator(":visible:not(.ui-scrubber *)"))
        expect(parameters).to_have_count(0)  # the trajectory stays: it is what there is to see


def test_a_teacher_makes_a_link_that_presents_and_hides(reader: Reader) -> None:
    page = reader.open("forward_process?model=Digits&a11_t_digits=9")
    page.get_by_text("For teachers").click()
    page.get_by_text("For the front of the room").click()
    page.wait_for_timeout(1500)  # a run that begins late would close the list again
    reader.wait()
    option = page.get_by_role("option", name="a11_t_digits")
    for _ in range(5):  # a list that opens while the page is being drawn may close again
        page.get_by_role("combobox", name="Take away").click()
        with suppress(TimeoutError):
            option.click(timeout=8000)
            break
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


def test_back_leads_to_the_lesson_with_its_parameters_as_they_were_left(reader: Reader) -> None:
    page = reader.open("guidance?a16_gamma=5")
    slider = page.get_by_test_id("stSlider").filter(has_text="Guidance")
    expect(slider).to_contain_text("5.00")
    for name, title in (("1.1 The UNet", "The UNet"), ("1.1 The forward process", "The forward")):
        page.get_by_test_id("stSidebarNav").get_by_role("link", name=name).click()
        expect(page.locator("h1")).to_contain_text(title)
        reader.wait()
    page.go_back()
    expect(page.locator("h1")).to_contain_text("The UNet")
    reader.wait()
    page.go_back()
    page.wait_for_url("**/guidance?a16_gamma=5")
    expect(slider).to_contain_text("5.00")
    reader.wait()
    page.go_forward()
    expect(page.locator("h1")).to_contain_text("The UNet")


def test_back_leads_through_what_the_reader_turned(reader: Reader) -> None:
    page = reader.open("forward_process?model=digits&a11_t_digits=9")
    slider = page.get_by_test_id("stSlider").get_by_role("slider")
    slider.press("ArrowRight")
    page.wait_for_url("**a11_t_digits=10*")
    reader.wait()
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="1.1 The UNet").click()
    expect(page.locator("h1")).to_contain_text("The UNet")
    reader.wait()
    page.go_back()
    page.wait_for_url("**a11_t_digits=10*")
