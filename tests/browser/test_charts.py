"""The chart library, when it does not come."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Route, expect

if TYPE_CHECKING:
    from conftest import Reader


@pytest.mark.parametrize(
    "answer", [{"body": "<!doctype html><title>a page</title>"}, {"status": 404}, {"body": ""}]
)
def test_a_chart_that_gets_no_library_says_so_and_its_values_in_words(
    reader: Reader, answer: dict[str, object]
) -> None:
    def instead(route: Route) -> None:
        route.fulfill(**{"content_type": "text/javascript", **answer})

    reader.page.route("**/plotly-basic.min.js*", instead)
    page = reader.open("train_denoiser")
    words = page.locator(".ui-plot-words").first
    expect(words).to_contain_text("The chart could not be drawn. Chart of loss")
