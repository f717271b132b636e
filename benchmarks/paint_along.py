"""How long a stroke waits for its images: `python -m benchmarks.paint_along [--browser]`.

Prints processor seconds, all threads together, of a calculation at 6, 8 and 10 steps with guidance,
with guidance in the first half of the steps, and without, and of a rerun of the page whose images
are known. Two cores can't take less than half of that. With --browser strokes are drawn in a real
Chromium, and the time from the end of a stroke to the changed images is measured by the clock.
Medians.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import time
from collections.abc import Callable, Iterator

import numpy as np
import torch
from playwright.sync_api import Browser, Page, sync_playwright
from streamlit.testing.v1 import AppTest

from benchmarks.load import ROOT, server, wait_for_work
from lessons import text_to_image as t2i
from lessons.beyond import paint_along as lesson
from lessons.prompts import prompts_for
from models.catalog import finish

PAGE_T = 6
"""Tenths of the schedule at which the page begins."""


def processor_seconds(call: Callable[[], object], repeats: int) -> float:
    """The median of several calls, after one to warm up."""
    seconds = []
    for _ in range(repeats + 1):
        start = time.process_time()
        call()
        seconds.append(time.process_time() - start)
    return statistics.median(seconds[1:])


def drawings() -> Iterator[np.ndarray]:
    """The example with ever more lines, none like another."""
    drawing = lesson.example((3, 64, 64)).copy()
    for row in range(10, 310, 6):
        drawing[row : row + 4, 20:300] = 0
        yield drawing.copy()


def calculations(model: str, repeats: int) -> None:
    """Print a row for each number of steps, with guidance and without."""
    t = PAGE_T * len(t2i.spec(model).alpha_bars) // 10
    usual = prompts_for(model).gamma
    for gamma, half in ((usual, False), (usual, True), (1.0, False)):
        for steps in lesson.STEPS:
            strokes = drawings()

            def call(gamma: float = gamma, half: bool = half, steps: int = steps) -> object:
                drawing = next(strokes)  # noqa: B023 - one generator a row
                prompt = lesson.prompt_for(model)
                return finish(lesson.demo(model, prompt, gamma, t, steps, 276, half, drawing))

            print(
                f"{model}, γ = {gamma:g}{' in the first half' if half else ''}, {steps} steps: "
                f"{processor_seconds(call, repeats):.2f} s of the processor"
            )


def rerun(model: str, repeats: int) -> None:
    """Print what a rerun of the page costs when its images are known."""
    test = AppTest.from_file(str(ROOT / "pages" / "_router.py"), default_timeout=600)
    test.query_params["model"] = model
    test.switch_page("paint_along.py").run()
    print(f"{model}, a rerun of the whole page: {processor_seconds(test.run, repeats):.2f} s")


def delays(browser: Browser, model: str, repeats: int) -> list[float]:
    """Seconds from the end of each stroke to other images, by the clock."""
    with server() as (port, _, _):
        wait_for_work(port)
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        page.set_default_timeout(120_000)
        page.goto(f"http://127.0.0.1:{port}/paint_along?model={model}")
        page.get_by_text("An example, until your first stroke.").wait_for()
        page.locator("canvas.upper-canvas").scroll_into_view_if_needed()
        page.wait_for_timeout(2000)
        return [delay(page, 0.1 + 0.8 * number / repeats) for number in range(repeats)]


def delay(page: Page, height: float) -> float:
    """Draw a line across the canvas, and wait for another first image."""
    box = page.locator("canvas.upper-canvas").bounding_box()
    assert box is not None
    first = page.locator(".ui-figure", has_text="noise 1").locator("img")
    before, y = first.get_attribute("src"), box["y"] + height * box["height"]
    page.mouse.move(box["x"] + 0.2 * box["width"], y)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.8 * box["width"], y, steps=8)
    page.mouse.up()
    start = time.perf_counter()
    page.wait_for_function(
        """before => [...document.querySelectorAll(".ui-figure")].some(figure =>
            figure.innerText.includes("noise 1") && figure.querySelector("img").src !== before)""",
        arg=before,
    )
    seconds = time.perf_counter() - start
    page.get_by_text("from the stroke's arrival here").wait_for()
    page.wait_for_timeout(1000)
    return seconds


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--browser", action="store_true", help="by the clock, in a browser")
    parser.add_argument("--model", choices=("pictures", "digits"), default="pictures")
    parser.add_argument("--repeats", type=int, default=10)
    chosen = parser.parse_args()
    print(f"{torch.get_num_threads()} threads")
    calculations(chosen.model, chosen.repeats)
    rerun(chosen.model, chosen.repeats)
    if chosen.browser:
        found = shutil.which("chromium") or shutil.which("google-chrome")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
            seconds = delays(browser, chosen.model, chosen.repeats)
        print(
            f"{chosen.model}, from a stroke to its images: median {statistics.median(seconds):.2f} "
            f"s, from {min(seconds):.2f} to {max(seconds):.2f} s"
        )


if __name__ == "__main__":
    main()
