"""How long a reader waits: for the first page after a start, and for pages seen before.

    python -m benchmarks.pages

Starts the app three times and opens its home page in Chromium; then opens every page, and reloads
each five times, when its results are remembered. A page counts as there once it is connected, has
run to its end and shows all its images. Exits with 1 beyond a bar.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import time
from pathlib import Path

import psutil
from playwright.sync_api import Browser, Error, Page, sync_playwright

from benchmarks.load import ROOT, server, wait_for_work

STARTS, RELOADS = 3, 5
MOST_START_SECONDS, MOST_RELOAD_SECONDS = 10.0, 1.0
THERE = """() => {
    const app = document.querySelector("[data-testid=stApp]")
    return app !== null
        && app.dataset.testScriptState === "notRunning"
        && app.dataset.testConnectionState === "CONNECTED"
        && document.querySelector("h1") !== null
        && [...document.images].every((image) => image.complete && image.naturalWidth > 0)
}"""


def seconds_to_first_page(browser: Browser) -> float:
    """Start the app and return after how long its home page is there."""
    with server() as (port, _, start):
        page = browser.new_page()
        while True:
            try:
                page.goto(f"http://127.0.0.1:{port}/")
                break
            except Error:  # nobody listens yet
                time.sleep(0.05)
        page.wait_for_function(THERE)
        seconds = time.perf_counter() - start
        page.close()
    return seconds


def reload_seconds(page: Page, address: str) -> list[float]:
    """Open a page, which calculates what it shows, and time some more visits to it."""
    page.goto(address)
    page.wait_for_function(THERE)
    seconds = []
    for _ in range(RELOADS):
        start = time.perf_counter()
        page.reload()
        page.wait_for_function(THERE)
        seconds.append(time.perf_counter() - start)
    return seconds


def all_reloads(browser: Browser) -> dict[str, list[float]]:
    """The reload times of every page of the app."""
    files = sorted(file.stem for file in (ROOT / "pages").glob("*.py") if file.stem[0] != "_")
    with server() as (port, _, _):
        wait_for_work(port)
        page = browser.new_page()
        return {
            name: reload_seconds(page, f"http://127.0.0.1:{port}/{'' if name == 'home' else name}")
            for name in files
        }


def main() -> int:
    """Print the figures; 0 if they are within the bars."""
    found = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=Path(found) if found else None, args=["--no-sandbox", "--disable-gpu"]
        )
        print(f"load before: {psutil.getloadavg()[0]:.1f}")
        starts = sorted(seconds_to_first_page(browser) for _ in range(STARTS))
        print(
            f"start to first page: median {statistics.median(starts):.1f} s, "
            f"at most {starts[-1]:.1f} s; bar: {MOST_START_SECONDS:g} s"
        )
        reloads = all_reloads(browser)
        browser.close()
    for name, seconds in reloads.items():
        median, most = statistics.median(seconds), max(seconds)
        print(f"{name} again: median {median:.2f} s, at most {most:.2f} s", end="")
        print(f"; bar: {MOST_RELOAD_SECONDS:g} s")
    slowest = max(statistics.median(seconds) for seconds in reloads.values())
    return int(statistics.median(starts) > MOST_START_SECONDS or slowest > MOST_RELOAD_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
