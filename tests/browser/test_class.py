"""A class in real browsers: a run stays its browser's, the teacher's link, the wall."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from conftest import Reader, Server, kill_worker
from playwright.sync_api import expect

from lessons.classroom import readers, state, wall
from pages._ui.display.encode import png

KEY = "the key of this class"
TEACHER = readers.Reader(readers.hashed("t"), teacher=True)


@pytest.fixture(scope="module")
def class_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with a teacher's key."""
    server = Server(tmp_path_factory.mktemp("class"))
    server.runs.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(readers.KEY, KEY)
        server.start()
    yield server
    server.stop()
    for folder in server.runs.iterdir():
        kill_worker(folder)


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(readers.KEY, KEY)


def test_a_run_is_its_browser_s_over_a_reload_and_nobody_else_s(
    class_server: Server, new_reader: Callable[..., Reader]
) -> None:
    owner, stranger = new_reader(class_server), new_reader(class_server)
    page = owner.open("train_denoiser?preset=Demo&num_hiddens=8&images_per_epoch=1000")
    owner.press("Start")
    expect(page.get_by_role("button", name="Delete", exact=True)).to_be_visible()
    expect(page).to_have_url(re.compile(r"run=denoiser-"))
    [cookie] = [one for one in owner.context.cookies() if one["name"] == "diffusion_reader"]
    assert cookie["httpOnly"]
    assert "diffusion_reader" not in page.evaluate("document.cookie")
    page.reload()
    owner.wait()
    expect(page.get_by_role("button", name="Delete", exact=True)).to_be_visible()
    other = stranger.open(page.url.rpartition("/")[2])
    expect(other.get_by_text(readers.FOREIGN)).to_be_visible()
    for name in ("Pause", "Stop", "Delete"):
        expect(other.get_by_role("button", name=name, exact=True)).to_have_count(0)


def test_the_teacher_s_link_appears_on_an_open_page_and_is_hidden_for_good(
    class_server: Server, new_reader: Callable[..., Reader]
) -> None:
    reader = new_reader(class_server)
    page = reader.open("syllabus")
    line = page.locator(".ui-class-news")
    expect(line).to_be_hidden()
    root: Path = class_server.runs
    state.look_here(root, TEACHER, "unet", "seed=7", "<b>level</b> 2")
    expect(line).to_contain_text("Look here now: 1.1 The UNet")
    expect(line).to_contain_text("<b>level</b> 2")
    assert line.locator("b").count() == 0
    assert line.get_by_role("link").get_attribute("href") == f"{class_server.url}/unet?seed=7"
    line.get_by_role("button", name="Hide").click()
    page.reload()
    reader.wait()
    expect(line).to_be_hidden()
    assert reader.complaints == []


def test_an_image_of_the_wall_is_seen_large_and_turned(
    class_server: Server, new_reader: Callable[..., Reader]
) -> None:
    for value in (10, 200):
        image = png(np.full((8, 8), value, np.uint8))
        address = "visual_anagrams?seed=7"
        wall.put(class_server.runs, TEACHER, image, title="1.8", caption="<i>", address=address)
    reader = new_reader(class_server)
    page = reader.open("wall?present=1")
    tiles = page.locator(".ui-wall-images button")
    expect(tiles).to_have_count(2)
    tiles.first.focus()
    page.keyboard.press("Enter")
    large = page.get_by_role("dialog")
    large.get_by_role("button", name="Turn 180°").click()
    assert "rotate(180deg)" in str(large.locator("img").get_attribute("style"))
    expect(large.locator("p")).to_have_text("1.8 · <i>")
    settings = large.get_by_role("link", name="Its settings").get_attribute("href")
    assert settings == f"{class_server.url}/visual_anagrams?seed=7"
    page.keyboard.press("Escape")
    expect(large).to_be_hidden()
    assert page.evaluate("new URL(location.href).searchParams.get('present')") == "1"
    assert reader.complaints == []
