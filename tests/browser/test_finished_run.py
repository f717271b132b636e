"""What a finished run has to offer in a browser: files to take home, epochs to scrub through."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image
from playwright.sync_api import Page, expect
from safetensors.numpy import load_file
from streamlit.proto.BackMsg_pb2 import BackMsg

if TYPE_CHECKING:
    from conftest import Reader


@pytest.fixture
def page(finished_run: str, reader: Reader) -> Page:
    """The page of a finished run."""
    return reader.open(f"train_denoiser?run={finished_run}")


def download(page: Page, name: str, folder: Path) -> Path:
    with page.expect_download() as arriving:
        page.get_by_role("button", name=re.compile(re.escape(name))).click()
    path = folder / arriving.value.suggested_filename
    arriving.value.save_as(path)
    return path


def test_curve_images_and_weights_can_be_taken_home(
    page: Page, finished_run: str, tmp_path: Path
) -> None:
    curve = download(page, f"{finished_run}.csv", tmp_path)
    with curve.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["step"]) for row in rows] == list(range(1, len(rows) + 1))
    assert int(rows[-1]["images"]) == 3000
    assert all(0 < float(row["loss"]) < 10 for row in rows)

    with Image.open(download(page, f"{finished_run}-epoch-3.png", tmp_path)) as image:
        assert image.format == "PNG"
        assert image.width > image.height >= 3 * 28

    weights = load_file(download(page, f"{finished_run}.safetensors", tmp_path))
    assert sum(array.size for name, array in weights.items() if "weight" in name) > 10_000


def test_arrow_keys_move_through_the_epochs(page: Page) -> None:
    scrubber = page.locator(".ui-scrubber").last
    label = scrubber.locator("output")
    expect(label).to_have_text("After epoch 3")
    before = scrubber.locator("img").last.get_attribute("src")
    scrubber.get_by_role("slider").press("ArrowLeft")
    expect(label).to_have_text("After epoch 2")
    assert scrubber.locator("img").last.get_attribute("src") != before
    for _ in range(2):
        scrubber.get_by_role("slider").press("ArrowLeft")
    expect(label).to_have_text("Before training")
    scrubber.get_by_role("slider").press("ArrowRight")
    expect(label).to_have_text("After epoch 1")


def test_dragging_through_the_epochs_sends_nothing_before_it_ends(
    finished_run: str, reader: Reader
) -> None:
    sent: list[bytes] = []

    def note(frame: bytes) -> None:
        # Parts of the page look at the run by themselves; here the reader's own messages count.
        if not BackMsg.FromString(frame).rerun_script.is_auto_rerun:
            sent.append(frame)

    reader.page.on("websocket", lambda socket: socket.on("framesent", note))
    page = reader.open(f"train_denoiser?run={finished_run}")
    slider = page.locator(".ui-scrubber").last.get_by_role("slider")
    label = page.locator(".ui-scrubber output").last
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] - 8, middle)
    page.mouse.down()
    before = len(sent)
    assert before > 0
    for share in (0.9, 0.7, 0.5, 0.33, 0.2, 0.0):
        page.mouse.move(box["x"] + 8 + share * (box["width"] - 16), middle, steps=5)
    expect(label).to_have_text("Before training")
    page.wait_for_timeout(500)  # longer than a message that was held back would take
    assert len(sent) == before
    page.mouse.up()
    page.wait_for_timeout(1000)
    assert len(sent) == before + 1
    expect(label).to_have_text("Before training")
