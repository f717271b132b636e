"""What a stranger wrote into a link, in a real browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from conftest import Reader


@pytest.mark.parametrize(
    "value",
    ["![](//127.1:9/a)", "[x](//127.1:9)", "www.evil.example", "https://e.example", "a@e.eu"],
)
def test_a_strange_seed_is_repeated_as_words_alone(reader: Reader, value: str) -> None:
    page = reader.open(f"?seed={value}")
    toast = page.get_by_test_id("stToast")
    expect(toast).to_contain_text("The address asked for seed")
    words = (toast.text_content() or "").replace("\N{WORD JOINER}", "")
    assert value in words
    expect(toast.locator("a, img, code, em")).to_have_count(0)
    assert reader.strangers() == set()
