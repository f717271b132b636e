"""Page B1.1 without a browser: the figure's geometry, and what each choice shows."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from lessons.part_b import architecture
from lessons.part_b import unet as lesson
from pages._service import engine as engine
from pages._shared.unet_figure import Box, lay_out
from pages._ui.session import lessons

ROUTER = str((lessons.FOLDER / "_router.py").resolve())


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No runs of this machine, and no job left behind."""
    monkeypatch.setenv("DIFFUSION_RUNS", str(tmp_path))
    yield
    engine.stop()


def open_page(**address: str) -> AppTest:
    app = AppTest.from_file(ROUTER, default_timeout=60)
    app.query_params["b11_width"] = "16"
    for name, value in address.items():
        app.query_params[name] = value
    return app.switch_page("unet.py").run()


def words(app: AppTest) -> str:
    return "\n".join(str(part.value) for part in [*app.header, *app.markdown, *app.get("html")])


def control(app: AppTest, key: str) -> Any:
    return next(x for x in app.get("button_group") if x.key == key)


def test_it_opens_on_the_first_block() -> None:
    app = open_page()
    assert not app.exception
    assert not app.error
    assert "lift: ConvBlock" in words(app)
    assert "124,433 parameters" in words(app)


@pytest.mark.parametrize("name", lesson.BLOCKS)
def test_choosing_a_block_shows_it(name: str) -> None:
    block = next(b for b in architecture.architecture(16).blocks if b.name == name)
    app = open_page()
    control(app, "b11_block").select(name).run()
    assert not app.exception
    shown = words(app)
    assert f"{name}: {block.kind}" in shown
    assert " × ".join(map(str, block.shape_in)) in shown
    assert " × ".join(map(str, block.shape_out)) in shown
    assert f"{block.parameters:,} parameters" in shown
    assert all(layer.product in shown for layer in block.layers)
    assert f"Code of {block.parts[0]}" in shown


def test_the_width_changes_the_total() -> None:
    app = open_page()
    control(app, "b11_width").select(32).run()
    assert not app.exception
    assert "495,137 parameters" in words(app)


def test_the_address_chooses_and_nonsense_in_it_does_no_harm() -> None:
    assert "up1: UpBlock" in words(open_page(b11_block="up1"))
    app = open_page(b11_block="nowhere", b11_digit="42")
    assert not app.exception
    assert "lift: ConvBlock" in words(app)


@functools.cache
def drawing(width: int) -> dict[str, Any]:
    return lay_out(architecture.architecture(width))


def boxes(width: int) -> dict[str, Box]:
    return {node["name"]: node["box"] for node in drawing(width)["nodes"]}


@pytest.mark.parametrize("width", architecture.WIDTHS)
def test_heights_are_as_the_images_and_one_pixel_is_one_pixel(width: int) -> None:
    found = boxes(width)
    assert found["lift"].h == pytest.approx(28 * found["flatten"].h)
    assert found["down1"].h == pytest.approx(14 * found["flatten"].h)
    assert found["up1"].h == found["down1"].h
    assert found["down2"].w > found["down1"].w


@pytest.mark.parametrize("width", architecture.WIDTHS)
def test_nothing_overlaps_and_all_is_inside(width: int) -> None:
    plan = drawing(width)
    placed = [*boxes(width).values(), *(copy["box"] for copy in plan["copies"]), *plan["ends"]]
    placed.sort(key=lambda box: box.x)
    for one, other in pairwise(placed):
        assert one.right <= other.x + 1e-6
    total, height = plan["size"]
    assert all(box.x >= 0 and box.right <= total for box in placed)
    assert all(box.y >= 0 and box.foot <= height for box in placed)


@pytest.mark.parametrize("width", architecture.WIDTHS)
def test_the_drawing_keeps_its_size_at_every_width(width: int) -> None:
    assert drawing(width)["size"] == pytest.approx(drawing(128)["size"])


def test_every_skip_connection_has_its_arc_and_its_copy() -> None:
    plan = drawing(16)
    assert {line["skip"] for line in plan["lines"]} - {""} == {"lift", "down1", "down2"}
    assert len(plan["copies"]) == 3
    # The way in, the way out, and one step to each block.
    assert len([line for line in plan["lines"] if not line["skip"]]) == len(lesson.BLOCKS) + 1


def test_every_block_says_in_words_what_it_does() -> None:
    node = next(node for node in drawing(16)["nodes"] if node["name"] == "flatten")
    assert node["words"] == (
        "flatten, Flatten: 32 channels of 7×7 in, 32 channels of 1×1 out, 0 parameters"
    )
