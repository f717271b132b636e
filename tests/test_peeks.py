"""Pictures made in passing: digits can be seen to emerge, and training never notices."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from small_runs import folder_of

from lessons import runs
from lessons.runs import control, files, recorder
from lessons.runs.recipes import recipe
from lessons.runs.recorder import Recorder
from lessons.training import train

FAST = {
    "num_hiddens": 8,
    "batch_size": 16,
    "images_per_epoch": 1000,
    "epochs": 1,
    "sample_steps": 1,
}


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    """A look at every opportunity, and few steps each."""
    monkeypatch.setattr(recorder, "FLUSH_SECONDS", 0.0)
    for lesson in ("train_ddpm", "train_class_ddpm", "flow_matching"):
        monkeypatch.setattr(f"lessons.{lesson}.PEEK_STEPS", 2)


def new_run(name: str) -> Path:
    settings, _ = runs.nearest_settings(name, FAST)
    folder = folder_of(f"{name}-{settings.fingerprint()}")
    folder.mkdir(parents=True)
    control._set_up(folder, name, settings)
    return folder


def losses(folder: Path, seconds: list[float]) -> Iterator[float]:
    """Steps that take so long by the clock of the run; at the end it pauses."""
    recording = Recorder(folder)
    with recording.opened() as training:
        for took, step in zip(seconds, train(training), strict=False):
            recording.note(step, took)
            yield step.loss.item()
        recording.pause()


@pytest.mark.parametrize("name", ["ddpm", "class-ddpm", "flow", "class-flow"])
def test_a_run_draws_ten_digits_in_passing(name: str) -> None:
    folder = new_run(name)
    assert recipe(name).peek
    list(losses(folder, [1e6] * 3))
    seen = runs.peeks(folder.name)
    assert [(peek.step, peek.images) for peek in seen] == [(1, 16), (2, 32), (3, 48)]
    assert all(len(peek.row) == 10 for peek in seen)
    assert (seen[0].row[0].pixels != seen[-1].row[0].pixels).any()


def test_looks_come_every_few_seconds_at_first_and_rarer_later() -> None:
    folder = new_run("flow")
    list(losses(folder, [3.0, 0.01, 3.1, 100.0, 4.0, 1.0, 10.0]))
    steps = [peek.step for peek in runs.peeks(folder.name)]
    assert 1 not in steps  # not before three seconds are over
    assert 2 in steps
    assert 4 in steps
    assert 6 not in steps  # five percent of 110 s have to pass


def test_a_run_that_was_peeked_at_equals_one_that_was_not(tmp_path: Path) -> None:
    folder = new_run("class-ddpm")
    peeked = list(losses(folder, [1e6] * 4))
    assert runs.peeks(folder.name)
    folder.rename(tmp_path / "seen")
    folder = new_run("class-ddpm")
    assert list(losses(folder, [0.0] * 4)) == peeked
    assert not runs.peeks(folder.name)


def test_a_resumed_run_forgets_what_it_saw_after_its_checkpoint() -> None:
    folder = new_run("flow")
    list(losses(folder, [1e6] * 2))
    files.peek_path(folder, 2).rename(files.peek_path(folder, 9))
    with Recorder(folder).opened() as training:
        assert training.step == 2
    assert [peek.step for peek in runs.peeks(folder.name)] == [1]


def test_a_damaged_picture_is_left_out() -> None:
    folder = new_run("flow")
    list(losses(folder, [1e6] * 2))
    files.peek_path(folder, 1).write_bytes(b"no picture")
    (folder / "peeks" / "step-x.png").write_bytes(b"")
    assert [peek.step for peek in runs.peeks(folder.name)] == [2]


def test_recipes_that_draw_nothing_have_no_peeks() -> None:
    assert recipe("denoiser").peek is None
    assert runs.peeks("denoiser-0000000000") == []
