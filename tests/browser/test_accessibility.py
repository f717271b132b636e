"""Every page for everybody: by axe, by ear, by keyboard, on a phone, and without motion.

A page is loaded once, every second one in the dark, and all tests look at it there; at the end it
is turned to the other theme where it stands. What has nothing to do with colours is looked at in
one theme. `python -m tests.browser.axe [page…]` lists what axe finds on a page, loaded in each.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import axe
import pytest
from conftest import PATIENCE, Reader
from playwright.sync_api import TimeoutError as PlaywrightTimeout
from playwright.sync_api import expect

from pages._ui.session import lessons

if TYPE_CHECKING:
    from conftest import Server
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.timeout(300), pytest.mark.usefixtures("finished_run")]

PAGES = {
    "": "Diffusion, step by step",
    **{lesson.file.removesuffix(".py"): lesson.name for lesson in lessons.discover()},
}
PHONE, LAPTOP = axe.WIDTHS
TALLEST = 3000

on_every_page = pytest.mark.parametrize(
    "visitor", PAGES, indirect=True, ids=[path or "home" for path in PAGES], scope="module"
)


@pytest.fixture(scope="module")
def visitor(
    request: pytest.FixtureRequest, browser: Browser, server: Server
) -> Iterator[tuple[str, Reader]]:
    """A page on a phone, read by somebody who asked their system for less motion."""
    path = request.param
    size: Any = {"width": PHONE, "height": 800}
    with browser.new_context(
        color_scheme=loaded_in(path), viewport=size, reduced_motion="reduce", device_scale_factor=1
    ) as context:
        reader = Reader(context, server)
        reader.page.goto(f"{server.url}/{path}")
        axe.settle(reader.page)
        yield path, reader


def loaded_in(path: str) -> axe.Theme:
    """The theme in which a page is loaded."""
    return axe.THEMES[list(PAGES).index(path) % 2]


@pytest.fixture
def page(visitor: tuple[str, Reader]) -> Page:
    """The visitor's page."""
    return visitor[1].page


@on_every_page
def test_every_page_stands_and_asks_no_other_server(visitor: tuple[str, Reader]) -> None:
    assert_stands(*visitor, loaded_in(visitor[0]))


def assert_stands(path: str, reader: Reader, theme: axe.Theme) -> None:
    expect(reader.page.get_by_role("heading", level=1)).to_have_text(PAGES[path])
    assert (lightness(reader) < 0.5) == (theme == "dark")
    assert reader.strangers() == set()
    assert reader.complaints == []


def lightness(reader: Reader) -> float:
    """How light the page's background is, 0 to 1."""
    app = reader.page.get_by_test_id("stApp")
    color = app.evaluate("node => getComputedStyle(node).backgroundColor")
    return sum(int(part) for part in re.findall(r"\d+", color)[:3]) / 3 / 255


@on_every_page
def test_axe_finds_nothing_serious_on_a_phone_and_on_a_laptop(page: Page) -> None:
    for width in axe.WIDTHS:
        axe.resize(page, width)
        assert axe.violations(page) == []


@on_every_page
def test_nothing_is_wider_than_the_screen_and_nothing_went_wrong(page: Page) -> None:
    for width in axe.WIDTHS:
        axe.resize(page, width)
        # Equations are set anew when their fonts arrive, which a busy machine takes a while for.
        with suppress(PlaywrightTimeout):
            page.wait_for_function(f"({SIDEWAYS})().length === 0", timeout=1000 * PATIENCE)
        assert page.evaluate(SIDEWAYS) == []
    expect(page.get_by_test_id("stException")).to_have_count(0)
    expect(page.get_by_test_id("stAlertContentError")).to_have_count(0)


SIDEWAYS = """() => {
    const main = document.querySelector("[data-testid=stMain]")
    const page = document.documentElement
    if (main.scrollWidth <= main.clientWidth && page.scrollWidth <= page.clientWidth) return []
    const right = main.getBoundingClientRect().right
    const out = [...main.querySelectorAll("*")].filter(
        (node) => node.getBoundingClientRect().right > right + 1)
    return ["wider than the screen", ...out.slice(0, 5).map((node) => node.outerHTML.slice(0, 120))]
}"""


@on_every_page
def test_headings_begin_with_the_title_and_skip_no_level_downwards(page: Page) -> None:
    titles = "[data-testid=stMain] :is(h1, h2, h3, h4, h5, h6)"
    heads = page.locator(titles).evaluate_all("nodes => nodes.map((node) => node.tagName)")
    levels = [int(name[1]) for name in heads]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


@on_every_page
def test_images_and_charts_say_what_is_in_them(page: Page) -> None:
    # What only repeats the words beside it says so, and has none of its own.
    speaking = "[data-testid=stMain] :is(img:not([role=presentation]), [role=img])"
    told = page.locator(speaking).evaluate_all(
        "nodes => nodes.map((node) => node.getAttribute('alt') ?? node.ariaLabel ?? '')"
    )
    assert [words for words in told if not says_something(words)] == []


def says_something(words: str) -> bool:
    """Whether it is more than a number, a symbol, a file's name or a word for any image."""
    a_file = re.search(r"\.(png|jpe?g|gif|svg|webp)$", words)
    only_a_name = re.fullmatch(r"(picture|image|frame)?\W*\d*", words.strip(), re.IGNORECASE)
    only_a_setting = re.fullmatch(r"\W*\w{1,3} = [\d.]+\W*", words)
    return not (a_file or only_a_name or only_a_setting or words.rstrip().endswith(":"))


@on_every_page
def test_the_keyboard_reaches_every_control_shows_where_it_is_and_is_not_trapped(
    page: Page,
) -> None:
    axe.turn(page, "light")
    axe.resize(page, LAPTOP, TALLEST)
    page.evaluate(PREPARE)
    page.keyboard.press("Tab")
    unseen = []
    for _ in range(400):
        stop = page.evaluate(LOOK)
        if stop is None:
            break
        unseen += [] if stop["visible"] else [stop["html"]]
        page.keyboard.press("Tab")
    else:
        pytest.fail("the focus never leaves the page")
    assert unseen == []
    assert page.evaluate(MISSED) == []


PREPARE = """() => {
    const still = "<style>* { transition: none !important }</style>"
    document.head.insertAdjacentHTML("beforeend", still)
    window.testReached = new Set()
    window.testStops = new Set()
    document.activeElement?.blur()
    document.body.tabIndex = -1
    document.body.focus()
}"""

# Where the focus is, and whether that can be seen: something about the element, about what stands
# around it or about its neighbours looks otherwise than without the focus.
LOOK = """() => {
    let node = document.activeElement
    window.testReached.add(node)
    // A component with styles of its own has its controls a floor deeper.
    while (node?.shadowRoot?.activeElement) node = node.shadowRoot.activeElement
    if (!node || node === document.body || window.testStops.has(node)) return null
    window.testStops.add(node)
    const around = [node, ...node.querySelectorAll("*"), ...(node.parentElement?.children ?? [])]
    for (let up = node.parentElement; up && around.length < 60; up = up.parentElement) {
        around.push(up)
    }
    const looks = () => around.map((one) => {
        const { outlineStyle, outlineWidth, outlineColor, boxShadow, borderColor, backgroundColor,
            textDecoration, color, opacity, stroke, strokeWidth } = getComputedStyle(one)
        const outline = outlineStyle === "none" ? "" : outlineStyle + outlineWidth + outlineColor
        return [outline, boxShadow, borderColor, backgroundColor, textDecoration, color, opacity,
            stroke, strokeWidth]
    }).join()
    const focused = looks()
    node.blur()
    const plain = looks()
    node.focus({ preventScroll: true, focusVisible: true })
    return { visible: focused !== plain, html: node.outerHTML.slice(0, 160) }
}"""

# Controls that can be seen but were never reached. Of a group (radio buttons, tabs) one is enough,
# because the arrow keys go on from there.
MISSED = """() => {
    const query = "a[href], button, input, select, textarea, [tabindex='0']"
    const reached = window.testReached
    const groups = "[role=radiogroup], [role=tablist], [role=toolbar], [role=group]"
    return [...document.querySelectorAll(query)].filter((node) => {
        const box = node.getBoundingClientRect()
        if (node.disabled || node.closest("[inert], [aria-hidden=true]")) return false
        if (!node.checkVisibility({ visibilityProperty: true }) || box.width < 3) return false
        const group = node.closest(groups)
        if (group && [...reached].some((one) => group.contains(one))) return false
        if (node.tabIndex < 0 && node.dataset.testid?.startsWith("stNumberInputStep")) return false
        return !reached.has(node)
    }).map((node) => node.outerHTML.slice(0, 160))
}"""


@on_every_page
def test_nothing_moves_unasked_for_who_asked_for_less_motion(page: Page) -> None:
    moving = page.evaluate(
        """() => document.getAnimations().filter((one) => one.playState === "running").map((one) =>
            `${one.animationName ?? one.transitionProperty} of ${one.effect.target.outerHTML}`
                .slice(0, 160))"""
    )
    assert moving == []
    for trajectory in page.locator(".ui-scrubber").all():
        expect(trajectory.locator("[data-do=play]")).to_be_hidden()
    shown = [image.get_attribute("src") for image in page.locator(".ui-scrubber img").all()]
    page.wait_for_timeout(400)  # longer than a frame of a trajectory
    later = [image.get_attribute("src") for image in page.locator(".ui-scrubber img").all()]
    assert later == shown


@on_every_page
def test_every_page_turned_to_the_other_theme_stands_and_its_colours_can_be_told_apart(
    visitor: tuple[str, Reader],
) -> None:
    path, reader = visitor
    [other] = {*axe.THEMES} - {loaded_in(path)}
    axe.turn(reader.page, other)
    assert_stands(path, reader, other)
    for width in axe.WIDTHS:
        axe.resize(reader.page, width)
        assert axe.violations(reader.page, *axe.COLOURS) == []
