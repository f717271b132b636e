"""Branching off a run on its page: what the settings then say, and what Start would do."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest
from test_pages import assert_fine, opened, widget_named

from lessons.training import runs
from lessons.training.runs import processes

NOTE = "**A fork** of "


@pytest.fixture
def forked() -> AppTest:
    """The denoiser's page after a click on Fork under the shipped run."""
    page = opened("train_denoiser.py")
    [button] = [button for button in page.button if button.label == "Fork after epoch 5"]
    button.click().run()
    assert_fine(page)
    return page


def says(page: AppTest, words: str) -> bool:
    return any(words in text.value for text in page.markdown)


def press(page: AppTest, label: str) -> None:
    [button] = [button for button in page.button if button.label == label]
    button.click().run()
    assert_fine(page)


def test_the_settings_go_on_as_the_run_did_and_say_what_they_start_from(forked: AppTest) -> None:
    assert says(forked, NOTE)
    assert says(forked, "300,000 images")
    for name in ("num_hiddens", "batch_size", "learning_rate"):
        shipped = next(run for run in runs.all_runs("denoiser") if run.shipped).settings
        assert widget_named(forked, f"denoiser: {name}").value == getattr(shipped, name)


def test_another_width_starts_from_scratch_and_says_so(forked: AppTest) -> None:
    widget_named(forked, "denoiser: num_hiddens").set_value(16).run()
    assert_fine(forked)
    assert not says(forked, NOTE)
    assert says(forked, "**starts from scratch**")


def test_start_makes_the_fork(forked: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "spawn", lambda _: None)  # its setting up is what counts
    press(forked, "Start")
    [own] = [run for run in runs.all_runs("denoiser") if not run.shipped]
    assert own.fork
    assert (own.fork.epoch, own.images_before) == (5, 300_000)


@pytest.mark.parametrize("way", ["From scratch", "preset"])
def test_from_scratch_and_a_preset_end_the_fork(forked: AppTest, way: str) -> None:
    if way == "preset":
        widget_named(forked, "denoiser: preset").set_value("Demo").run()
        assert_fine(forked)
    else:
        press(forked, way)
    assert not says(forked, NOTE)
