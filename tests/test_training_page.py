"""A training page whose runs change while it is read: deleted in another tab, trained before."""

from __future__ import annotations

import shutil
from typing import Any

import pytest
from small_runs import folder_of, prepared, tiny, trained_here
from streamlit.testing.v1 import AppTest
from test_pages import assert_fine, opened, widget_named

from lessons.training import costs, runs
from lessons.training.runs import files, notes, processes
from pages._shared.training import chart

GONE = "This run is no longer here: it was deleted meanwhile."


@pytest.fixture(autouse=True)
def _nobody_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "spawn", lambda _: None)
    monkeypatch.setattr(costs, "measure_soon", lambda _: None)


def own() -> list[str]:
    return [run.id for run in runs.all_runs("denoiser") if not run.shipped]


def press(page: AppTest, label: str) -> None:
    next(button for button in page.button if button.label == label).click().run()
    assert_fine(page)


def press_in_vain(page: AppTest, label: str) -> None:
    """An action that ends in a sentence, which is an error, and in nothing worse."""
    next(button for button in page.button if button.label == label).click().run()
    assert not page.exception


def said(page: AppTest) -> str:
    everything = (*page.error, *page.warning, *page.info, *page.markdown, *page.caption)
    return "\n".join(one.value for one in everything)


ACTIONS = {
    "Fork after epoch 1": "finished",
    "Delete this run": "finished",
    "Stop": "paused",
    "+1 epoch": "paused",
    "Resume": "paused",
}


@pytest.mark.parametrize("action", ACTIONS)
def test_an_action_on_a_run_that_was_deleted_meanwhile_says_so_and_shows_another(
    action: str,
) -> None:
    run_id = trained_here("denoiser", tiny(epochs=1).model_dump())
    notes.Status(ACTIONS[action], step=16).write(folder_of(run_id))
    page = opened("train_denoiser.py", run=run_id)
    shutil.rmtree(folder_of(run_id))
    press_in_vain(page, action)
    words = said(page)
    assert "no longer" in words
    assert "the mistake is ours" not in words
    [box] = [box for box in page.selectbox if box.label == "Run"]
    assert box.value != run_id
    assert not [button for button in page.button if run_id in str(button.key)]


@pytest.mark.parametrize("action", ["+1 epoch", "Resume", "Delete this run"])
def test_an_action_on_a_run_that_was_damaged_meanwhile_says_so(action: str) -> None:
    run_id = prepared(tiny(), steps=2)
    page = opened("train_denoiser.py", run=run_id)
    (folder_of(run_id) / "settings.json").write_text("no JSON")
    press_in_vain(page, action)
    assert "mistake is ours" not in said(page)
    if action != "Delete this run":
        assert "damaged" in said(page)


@pytest.fixture
def finished() -> tuple[AppTest, str]:
    """The page with settings that were trained to the end."""
    settings = {**tiny(epochs=1).model_dump(), "seed": 180, "precision": "float32"}
    run_id = trained_here("denoiser", settings)
    address = {
        name: str(value)
        for name, value in settings.items()
        if name not in ("seed", "schedule", "precision", "ema", "decay", "sigma")
    }
    page = opened(
        "train_denoiser.py", preset="Demo", train_seed="180", precision="float32", **address
    )
    return page, run_id


def test_start_with_settings_that_were_trained_asks_and_shows_what_is_there(
    finished: tuple[AppTest, str],
) -> None:
    page, run_id = finished
    press(page, "Start")
    assert own() == [run_id]
    assert "Trained already: D = 8 · 1,000 images" in said(page)
    press(page, "Show it")
    assert "Trained already" not in said(page)
    [box] = [box for box in page.selectbox if box.label == "Run"]
    assert box.value == run_id


def test_train_again_makes_another_run_and_keeps_the_older_one(
    finished: tuple[AppTest, str],
) -> None:
    page, run_id = finished
    press(page, "Start")
    press(page, "Train again")
    assert sorted(own()) == [run_id, f"{run_id}-2"]
    assert runs.view(run_id).state == "finished"
    [box] = [box for box in page.selectbox if box.label == "Run"]
    assert box.value == f"{run_id}-2"


def test_a_stopped_run_is_told_of_too(finished: tuple[AppTest, str]) -> None:
    page, run_id = finished
    notes.Status("stopped", step=16).write(folder_of(run_id))
    press(page, "Start")
    assert "Trained already, and stopped before its end" in said(page)


def test_the_runs_seed_is_the_sidebars_unless_it_is_set_on_purpose() -> None:
    page = opened("train_denoiser.py")
    widget_named(page, "seed").set_value(7).run()
    assert page.session_state["denoiser: seed"] == 7
    assert "Seed 7, the sidebar's seed." in said(page)
    widget_named(page, "denoiser: own seed").set_value(True).run()
    widget_named(page, "denoiser: seed").set_value(9).run()
    widget_named(page, "seed").set_value(8).run()
    assert page.session_state["denoiser: seed"] == 9
    assert "Seed 9, a seed of its own." in said(page)
    widget_named(page, "denoiser: own seed").set_value(False).run()
    assert page.session_state["denoiser: seed"] == 8
    assert_fine(page)


@pytest.mark.parametrize("whole", [False, True])
def test_other_curves_end_where_the_live_one_does_unless_the_reader_wants_them_whole(
    whole: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[Any] = []
    monkeypatch.setattr(chart.ui, "live_plot", lambda traces, **_: drawn.append(traces))
    run_id = prepared(tiny(images_per_epoch=60_000, batch_size=512), steps=0)
    lines = [{"step": k, "images": 512 * k, "loss": 1.0, "seconds": k} for k in range(1, 40)]
    files.append_lines(folder_of(run_id) / "metrics.jsonl", lines)
    opened("train_denoiser.py", run=run_id, denoiser_whole=str(whole).lower())
    ends = {
        trace.name: max(trace.x) for trace in drawn[-1] if trace.name and max(trace.x, default=0)
    }
    assert len(ends) >= 3  # this run, the shipped one, the course's
    assert ends["this run"] == 39 * 512
    assert (max(ends.values()) > 200_000) is whole
    assert whole or set(ends.values()) == {39 * 512}
