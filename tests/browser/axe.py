"""What axe finds wrong with a page for those who read it by ear, by keyboard or on a phone.

    python -m tests.browser.axe [page…]

Starts the app and lists the serious and critical violations of these pages (`unet`, `home`, …), or
of all, on a phone and on a laptop, in both themes. Exits with 1 when there are any.
"""

from __future__ import annotations

import functools
import shutil
import sys
from importlib.resources import files
from typing import Any, Final, Literal

from playwright.sync_api import Browser, Page, sync_playwright

Theme = Literal["light", "dark"]
THEMES: Final[tuple[Theme, Theme]] = ("light", "dark")
WIDTHS: Final = (360, 1280)
"""The phone first: on it the list of pages starts closed, and so covers nothing."""

NOT_OURS: Final = {
    # Streamlit puts each part of the list of pages into a <div> between its <ul> and its <li>.
    "list": "[data-testid=stSidebarNavItems]",
    "listitem": "[data-testid=stSidebarNavItems] > div > li",
}
"""Markup of Streamlit itself that no page can change, by axe's rule; each with its reason."""

_STANDS: Final = """(quiet) => {
    const app = document.querySelector("[data-testid=stApp]")
    const charts = [...document.querySelectorAll(".ui-plot")]
    const there = app !== null
        && app.dataset.testScriptState === "notRunning"
        && app.dataset.testConnectionState === "CONNECTED"
        && document.querySelector("h1") !== null
        && document.querySelector("[data-testid=stProgress]") === null
        && [...document.images].every((image) => image.complete)
        && charts.every((chart) => chart.querySelector(".main-svg, .ui-plot-words:not(:empty)"))
    // Between two of its messages a page looks finished too, so it has to stay as it is.
    const nodes = there ? document.querySelectorAll("*").length : -1
    const now = performance.now()
    if (window.testNodes !== nodes) Object.assign(window, { testNodes: nodes, testSince: now })
    return there && now - window.testSince > quiet
}"""

_TURNED: Final = """(theme) => {
    const app = document.querySelector("[data-testid=stApp]")
    const [r, g, b] = getComputedStyle(app).backgroundColor.match(/\\d+/g).map(Number)
    const moving = document.getAnimations().some((one) => one.playState === "running")
    return (r + g + b < 3 * 127.5) === (theme === "dark") && !moving
}"""

COLOURS: Final = ("color-contrast", "link-in-text-block")
"""The rules whose answer can depend on the theme, which changes colours alone."""

_RUN: Final = """async ([rules, theirs]) => {
    const some = rules.length ? { runOnly: rules } : {}
    const { violations } = await axe.run(document, { resultTypes: ["violations"], ...some })
    const excused = (rule, { target }) => rule in theirs && target.length === 1
        && typeof target[0] === "string" && document.querySelector(target[0])?.matches(theirs[rule])
    return violations.filter((one) => ["serious", "critical"].includes(one.impact))
        .map((one) => ({ ...one, nodes: one.nodes.filter((node) => !excused(one.id, node)) }))
}"""


def settle(page: Page, quiet: float = 1500.0) -> None:
    """Wait until a page stands, with its images and charts, and did not change for `quiet` ms."""
    page.wait_for_function(_STANDS, arg=quiet, timeout=600_000, polling=100)


def resize(page: Page, width: int, height: int = 800) -> None:
    """Give a page that stands another size."""
    page.set_viewport_size({"width": width, "height": height})
    settle(page, quiet=300)


def turn(page: Page, theme: Theme) -> None:
    """Give a page that stands the other theme, as its reader's system does in the evening."""
    page.emulate_media(color_scheme=theme)
    page.wait_for_function(_TURNED, arg=theme)
    settle(page, quiet=300)


def violations(page: Page, *rules: str) -> list[str]:
    """List what is seriously or critically wrong with an open page, a line for each place.

    Args:
        page: the page.
        rules: those of axe to look at; all by default.
    """
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(_source())
    return [
        f"{rule['id']} ({rule['impact']}): {_words(node)}"
        for rule in page.evaluate(_RUN, [rules, NOT_OURS])
        for node in rule["nodes"]
    ]


def _words(node: dict[str, Any]) -> str:
    summary = " ".join(str(node.get("failureSummary", "")).split())
    return f"{str(node['html'])[:160]}\n    {summary[:200]}\n    at {node['target'][-1][-120:]}"


@functools.cache
def _source() -> str:
    return (files("axe_playwright_python") / "axe.min.js").read_text("utf-8")


def main(names: list[str]) -> int:
    """Print the violations of pages by name; returns 1 if there are any."""
    from benchmarks.load import ROOT, server, wait_for_work

    names = names or sorted(f.stem for f in (ROOT / "pages").glob("*.py") if f.stem[0] != "_")
    with server() as (port, _, _), sync_playwright() as playwright:
        wait_for_work(port)
        found = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        count = sum(_report(browser, f"http://127.0.0.1:{port}", name) for name in names)
        browser.close()
    print(f"{count} violations" if count else "No serious and no critical violation.")
    return int(count > 0)


def _report(browser: Browser, server: str, name: str) -> int:
    """Print the violations of one page; returns how many."""
    count = 0
    for theme in THEMES:
        with browser.new_context(color_scheme=theme) as context:
            page = context.new_page()
            page.set_viewport_size({"width": WIDTHS[0], "height": 900})
            page.goto(f"{server}/{'' if name == 'home' else name}")
            settle(page)
            for width in WIDTHS:
                resize(page, width)
                wrong = violations(page)
                print(f"{name}, {theme}, {width} px: {len(wrong)}", *wrong, sep="\n  ", flush=True)
                count += len(wrong)
    return count


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
