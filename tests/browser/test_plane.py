"""The plane in a browser: what moves there moves without the server, and a drawing reaches it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from playwright.sync_api import Locator, Page, WebSocket, expect
from test_every_page_opens import assert_no_sideways_scroll

if TYPE_CHECKING:
    from conftest import Reader

FIGURE = ".ui-plane"
SHORT = "diffusion_in_the_plane?a10_steps=100"
PAINTED = """(canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height)
    let sum = 0
    for (let i = 0; i < data.length; i += 4) sum = (31 * sum + data[i] + 7 * data[i + 3]) % 1e9
    return sum
}"""


def sent(reader: Reader) -> list[object]:
    """What the browser tells the server from now on; the page is opened after this."""
    told: list[object] = []

    def listen(socket: WebSocket) -> None:
        socket.on("framesent", lambda message: told.append(message))

    reader.page.on("websocket", listen)
    return told


def first(page: Page) -> Locator:
    return page.locator(FIGURE).first


def painted(canvas: Locator) -> int:
    """A number that changes with what is on the canvas."""
    return int(canvas.evaluate(PAINTED))


def test_fields_and_particles_move_without_a_word_to_the_server(reader: Reader) -> None:
    told = sent(reader)
    page = reader.open(SHORT)
    figure = first(page)
    canvases = [figure.locator("canvas").nth(i) for i in range(3)]
    slider = figure.get_by_role("slider")
    expect(figure.locator("output")).to_have_text("t = 384 · σ = 0.57")
    before = [painted(canvas) for canvas in canvases]
    assert len(told) > 0
    told.clear()
    slider.press("ArrowRight")
    expect(figure.locator("output")).to_have_text("t = 359 · σ = 0.54")
    slider.press("End")
    expect(figure.locator("output")).to_have_text("clean · σ = 0")
    expect(slider).to_have_attribute("aria-valuetext", "clean · σ = 0")
    assert all(painted(canvas) != was for canvas, was in zip(canvases, before, strict=True))
    figure.get_by_role("button", name="Play").click()
    expect(figure.get_by_role("button", name="Pause")).to_be_visible()
    page.wait_for_function("(range) => range.value > 3", arg=slider.element_handle())
    figure.get_by_role("button", name="Pause").click()
    figure.get_by_role("button", name="Arrows").click()
    expect(figure.get_by_role("button", name="Arrows")).to_have_attribute("aria-pressed", "false")
    assert told == []
    assert "a10_noise=" in page.url
    assert reader.complaints == []
    assert reader.strangers() == set()


def test_the_place_of_a_figure_stays_when_another_control_moves_and_a_link_opens_it(
    reader: Reader,
) -> None:
    page = reader.open(SHORT)
    first(page).get_by_role("slider").press("Home")
    expect(first(page).locator("output")).to_have_text("t = 999 · σ = 1.00")
    page.get_by_role("radio", name="100", exact=True).first.click()
    reader.wait()
    expect(first(page).locator("output")).to_have_text("t = 999 · σ = 1.00")
    page.wait_for_url("**a10_count=100**")
    assert "a10_noise=0" in page.url
    address = page.url
    page.goto("about:blank")
    page.goto(address)
    reader.wait()
    expect(first(page).locator("output")).to_have_text("t = 999 · σ = 1.00")
    reader.press("Reset this lesson")
    expect(first(page).locator("output")).to_have_text("t = 384 · σ = 0.57")
    assert reader.complaints == []


def test_pointing_and_arrow_keys_ask_what_may_lie_under_the_noise(reader: Reader) -> None:
    page = reader.open(SHORT)
    figure = first(page)
    said = figure.locator(".ui-plane-said")
    expect(said).to_contain_text("From (1.2, 1.4) about")
    canvas = figure.locator("canvas").first
    canvas.hover(position={"x": 5, "y": 5})
    expect(said).to_contain_text("From (−2.")
    canvas.press("ArrowRight")
    canvas.press("ArrowDown")
    figure.get_by_role("slider").press("Home")
    expect(said).to_contain_text("about 400 data points are possible; their mean is (")
    figure.get_by_role("slider").press("End")
    expect(said).to_contain_text("about 1 data points")


def test_a_drawing_becomes_the_data_and_survives_a_visit_elsewhere(reader: Reader) -> None:
    page = reader.open(f"{SHORT}&a10_shape=your drawing")
    expect(page.get_by_text("Until then the data are two moons")).to_be_visible()
    square = page.locator(".ui-plane-drawing canvas")
    box = square.bounding_box()
    assert box
    page.mouse.move(box["x"] + 40, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 200, box["y"] + 220, steps=3)
    page.mouse.up()
    expect(page.get_by_text("Until then the data are two moons")).to_have_count(0)
    count = page.locator(".ui-plane-drawing output")
    drawn = count.text_content()
    assert drawn
    assert int(drawn.split()[0]) > 20
    square.press("ArrowUp")
    square.press("Space")
    expect(count).to_have_text(f"{int(drawn.split()[0]) + 1} of 400 points")
    square.press("Backspace")
    expect(count).to_have_text(drawn)
    reader.wait()
    reader.go("The forward process")
    reader.go("Diffusion in the plane")
    page.get_by_text("your drawing").click()
    expect(count).to_have_text(drawn)
    reader.press("Clear")
    expect(page.get_by_text("Until then the data are two moons")).to_be_visible()
    assert reader.complaints == []


def test_whoever_asked_for_less_motion_gets_no_play_button(
    new_reader: Callable[..., Reader],
) -> None:
    reader = new_reader(reduced_motion="reduce")
    figure = first(reader.open(SHORT))
    expect(figure.get_by_role("slider")).to_be_visible()
    expect(figure.get_by_role("button", name="Play")).to_have_count(0)


def test_a_change_of_theme_changes_the_colours_at_once(reader: Reader) -> None:
    page = reader.open(SHORT)
    canvas = first(page).locator("canvas").first
    before = painted(canvas)
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(
        f"([canvas, before]) => ({PAINTED})(canvas) !== before",
        arg=[canvas.element_handle(), before],
    )


def test_on_a_phone_the_bar_stays_in_sight_and_points_are_sharp(
    new_reader: Callable[..., Reader],
) -> None:
    reader = new_reader(viewport={"width": 360, "height": 780}, device_scale_factor=2)
    page = reader.open(SHORT)
    assert_no_sideways_scroll(reader)
    canvas = first(page).locator("canvas").nth(1)
    canvas.scroll_into_view_if_needed()
    expect(first(page).get_by_role("slider")).to_be_in_viewport()
    assert canvas.evaluate("(one) => one.width === Math.round(2 * one.clientWidth)")
