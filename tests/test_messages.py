"""What the app says to a reader: words from outside stay words, wherever they were written."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).parents[1]
IMAGE = "![](//127.1:9/a)"
LINK = "[x](//127.1:9)"
BARE = "www.evil.example"
ALERTS = ("toast", "info", "warning", "error", "success", "exception")


def said(page: str, **address: str) -> list[str]:
    test = AppTest.from_file(str(ROOT / "pages" / "_router.py"), default_timeout=60)
    for name, value in address.items():
        test.query_params[name] = value
    if page:
        test.switch_page(page)
    test.run()
    assert not test.exception
    return [str(one.value) for kind in ALERTS for one in test.get(kind)]


@pytest.mark.parametrize(
    ("page", "address"),
    [
        ("", {"seed": IMAGE, "year": LINK, "present": IMAGE}),
        ("", {"seed": BARE}),
        ("forward_process.py", {"model": LINK}),
        ("unet.py", {"b11_block": LINK}),
        ("inpainting.py", {"a172_mask_pictures_shape": IMAGE}),
        ("train_denoiser.py", {"num_hiddens": IMAGE, "learning_rate": LINK, "run": IMAGE}),
    ],
)
def test_a_link_puts_neither_links_nor_images_into_the_apps_own_words(
    page: str, address: dict[str, str]
) -> None:
    sentences = said(page, **address)
    assert sentences
    for sentence in sentences:
        [paragraph] = [t for t in MarkdownIt().parse(sentence) if t.type == "inline"]
        assert {part.type for part in paragraph.children or ()} <= {"text", "text_special"}
        assert BARE not in sentence


def damaged_run() -> None:
    from pages import _ui as ui

    with ui.telling("a place"):
        raise ValueError("status.json holds ![](//127.1:9/a)")
    ui.problems("a place")


def test_an_exceptions_words_are_plain_text() -> None:
    [error] = AppTest.from_function(damaged_run).run().error
    assert "![" not in error.value
    assert "127.1" in error.value


@pytest.mark.parametrize("path", sorted((ROOT / "pages").rglob("*.py")), ids=lambda path: path.stem)
def test_pages_speak_through_the_one_door_that_keeps_words_plain(path: Path) -> None:
    if path.name == "messages.py":
        return
    calls = [n for n in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(n, ast.Call)]
    direct = [
        call.lineno
        for call in calls
        if isinstance(call.func, ast.Attribute)
        and call.func.attr in ALERTS
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id in ("st", "place", "slot")
    ]
    assert direct == []
