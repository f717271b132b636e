"""A training run, steered and watched from a browser, and what ends without it ending too."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from conftest import PATIENCE, Reader, kill_worker, wait_until
from playwright.sync_api import expect

from lessons.training import runs

if TYPE_CHECKING:
    from conftest import Server
    from playwright.sync_api import Browser

ENDLESS = "num_hiddens=8&batch_size=16&epochs=40&images_per_epoch=60000&precision=float32"
SHORT = "num_hiddens=8&batch_size=64&epochs=1&images_per_epoch=1000&precision=float32"


def start(reader: Reader, address: str) -> str:
    """Start a run as a reader does, and return its name."""
    reader.open(f"train_denoiser?{address}")
    before = run_names(reader.server.runs)
    reader.press("Start")
    wait_until(lambda: run_names(reader.server.runs) > before, "the run's start")
    [run_id] = run_names(reader.server.runs) - before
    watches(reader, run_id)
    return run_id


def watches(reader: Reader, run_id: str) -> None:
    """Wait until the reader's page shows this run."""
    expect(reader.page.get_by_role("button", name=f"{run_id}.csv")).to_be_visible()


def run_names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if (path / "settings.json").exists()}


def says(reader: Reader, words: str) -> None:
    """Wait until the headline of the watched run says this."""
    expect(reader.page.locator("p", has_text=re.compile(words)).first).to_be_visible()


def wait_for_steps(run_id: str, more: int = 1) -> int:
    """Wait until a run has made more steps; returns how many it has."""
    goal = runs.view(run_id).step + more
    wait_until(lambda: runs.view(run_id).step >= goal, f"step {goal} of {run_id}")
    return runs.view(run_id).step


@pytest.fixture(scope="module")
def endless(browser: Browser, server: Server) -> Iterator[str]:
    """The name of a run, started by a click, that goes on as long as these tests."""
    with browser.new_context() as context:
        run_id = start(Reader(context, server), ENDLESS)
    yield run_id
    kill_worker(server.runs / run_id)


def test_the_live_chart_stays_the_same_chart_with_the_same_zoom(
    endless: str, reader: Reader
) -> None:
    page = reader.open(f"train_denoiser?run={endless}")
    wait_for_steps(endless, 100)
    chart = page.locator(".ui-plot-chart").first
    expect(chart.locator(".nsewdrag").first).to_be_visible()
    node = chart.element_handle()
    node.evaluate(
        """node => {
            node.updates = 0
            node.on("plotly_react", () => { node.updates += 1 })
        }"""
    )
    page.wait_for_function("node => node.updates >= 1 && node._fullData[0].x.length > 50", arg=node)
    chart.scroll_into_view_if_needed()
    box = chart.locator(".nsewdrag").first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + 0.5 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 0.5 * box["height"], steps=5)
    page.mouse.up()
    page.wait_for_function("node => node._fullLayout.xaxis.autorange === false", arg=node)
    zoom = node.evaluate("node => [...node._fullLayout.xaxis.range]")
    last = node.evaluate("node => { node.updates = 0; return node._fullData[0].x.at(-1) }")

    # One update a second, fewer where the machine is busy.
    page.wait_for_function("node => node.updates >= 20", arg=node, timeout=5000 * PATIENCE)

    assert node.evaluate("node => node.isConnected")
    assert node.evaluate("node => node === document.querySelector('.ui-plot-chart')")
    assert node.evaluate("node => node._fullLayout.xaxis.range") == pytest.approx(zoom)
    assert node.evaluate("node => node._fullData[0].x.at(-1)") > last
    assert reader.complaints == []
    assert reader.strangers() == set()


def test_the_zoom_outlives_the_end_of_the_training_and_can_be_reset(reader: Reader) -> None:
    page = reader.open(f"train_denoiser?{SHORT.replace('epochs=1', 'epochs=4')}&seed=6")
    reader.press("Start")
    chart = page.locator(".ui-plot-chart").first
    page.wait_for_function(
        "() => document.querySelector('.ui-plot-chart')?._fullData?.[0].x.length > 2"
    )
    reset = page.get_by_role("button", name="Reset zoom")
    expect(reset).to_be_hidden()
    chart.evaluate(
        "node => window.Plotly.relayout(node, {'xaxis.range': [100, 900], 'yaxis.range': [-2, -1]})"
    )
    expect(reset).to_be_visible()
    says(reader, "Finished.*on average")
    expect(page.get_by_role("button", name="Fork after epoch 4")).to_be_visible()
    axis = "() => document.querySelector('.ui-plot-chart')._fullLayout.xaxis"
    page.wait_for_function(f"() => ({axis})().range[1] === 900")
    reset.click()
    page.wait_for_function(f"() => ({axis})().autorange !== false")
    expect(reset).to_be_hidden()
    assert reader.complaints == []


def test_images_loss_and_epoch_move_together_while_a_run_grows(reader: Reader) -> None:
    """Who stands on the last epoch stands on the next one when it comes, in the chart too."""
    page = reader.open(f"train_denoiser?{SHORT.replace('epochs=1', 'epochs=3')}")
    reader.press("Start")
    shown = page.locator(".ui-scrubber output").last
    expect(shown).to_have_text("After epoch 3", timeout=60_000)
    expect(page.locator(".legendtext", has_text="epoch 3")).to_be_visible()
    expect(page.get_by_role("button", name="Fork after epoch 3")).to_be_visible()


def test_a_run_goes_on_while_its_reader_is_on_another_page_and_when_nobody_is_there(
    endless: str, reader: Reader
) -> None:
    reader.open(f"train_denoiser?run={endless}")
    says(reader, "Training.*step")
    reader.go("Pure noise")
    wait_for_steps(endless, 5)
    reader.go("Train a denoiser")
    says(reader, "Training.*step")
    watches(reader, endless)
    reader.context.close()
    wait_for_steps(endless, 20)
    assert runs.view(endless).state == "running"


def test_pause_one_step_resume_stop_and_delete_do_what_they_say(reader: Reader) -> None:
    run_id = start(reader, f"{ENDLESS}&seed=5")
    says(reader, "Training.*step")
    reader.press("Pause")
    says(reader, "Paused.*step")
    step = runs.view(run_id).step
    reader.press("+1 step")
    says(reader, f"Paused.*step {step + 1:,} of")
    assert runs.view(run_id).step == step + 1
    reader.press("Resume")
    says(reader, "Training.*step")
    wait_for_steps(run_id, 5)
    reader.press("Stop")
    says(reader, "Stopped.*step")
    wait_until(lambda: runs.weights_file(run_id) is not None, "saving the weights")
    expect(reader.page.get_by_role("button", name="Stop", exact=True)).to_have_count(0)
    # While the page is drawn anew the button of before stands beside the new one.
    expect(reader.page.get_by_role("button", name="Delete", exact=True)).to_have_count(1)
    reader.press("Delete")
    reader.press("Delete this run")
    wait_until(lambda: not (reader.server.runs / run_id).exists(), "the run's end")
    expect(reader.page.get_by_role("button", name=f"{run_id}.csv")).to_have_count(0)
    assert reader.complaints == []


def test_two_readers_who_start_the_same_settings_watch_one_run(
    new_reader: Callable[..., Reader],
) -> None:
    first, second = new_reader(), new_reader()
    before = run_names(first.server.runs)
    for reader in (first, second):
        reader.open(f"train_denoiser?{SHORT}&seed=7")
    for reader in (first, second):
        reader.press("Start")
    for reader in (first, second):
        says(reader, "Finished.*step 16 of 16")
    assert len(run_names(first.server.runs) - before) == 1


def test_a_run_survives_the_sudden_end_of_the_server_and_its_page_comes_back(
    endless: str, reader: Reader, server: Server
) -> None:
    reader.open(f"train_denoiser?run={endless}")
    says(reader, "Training.*step")
    server.kill()
    wait_for_steps(endless, 5)
    server.start()
    step = wait_for_steps(endless, 5)
    assert runs.view(endless).state == "running"
    reader.open(f"train_denoiser?run={endless}")
    says(reader, "Training.*step")
    wait_for_steps(endless, step - runs.view(endless).step + 5)


def test_after_the_sudden_end_of_a_worker_the_page_says_interrupted_and_resume_works(
    endless: str, reader: Reader, server: Server
) -> None:
    reader.open(f"train_denoiser?run={endless}")
    says(reader, "Training.*step")
    kill_worker(server.runs / endless)
    says(reader, "Interrupted.*step")
    expect(reader.page.get_by_text("Resume continues from the last checkpoint")).to_be_visible()
    reader.press("Resume")
    says(reader, "Training.*step")
    wait_until(lambda: runs.view(endless).state == "running", "going on")
    wait_for_steps(endless)
    assert reader.complaints == []
