"""Pictures made in passing: digits can be seen to emerge, and training never notices."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from small_runs import folder_of

from lessons.training import runs
from lessons.training.loop import train
from lessons.training.runs import control, files, recorder
from lessons.training.runs.recipes import recipe
from lessons.training.runs.recorder import Recorder

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
        monkeypatch.setattr(f"lessons.part_b.{lesson}.EARLY_PREVIEW_STEPS", 2)


def new_run(name: str) -> Path:
    known = recipe(name).settings.model_fields
    wanted = {field: value for field, value in FAST.items() if field in known}
    settings, _ = runs.nearest_settings(name, wanted)
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


@pytest.mark.parametrize("name", ["denoiser", "ddpm", "class-ddpm", "flow", "class-flow"])
def test_a_run_draws_ten_digits_in_passing(name: str) -> None:
    folder = new_run(name)
    assert recipe(name).early_preview
    list(losses(folder, [1e6] * 3))
    seen = runs.early_previews(folder.name)
    # After the first step the images from before training are made.
    assert [(early_preview.step, early_preview.images) for early_preview in seen] == [
        (2, 32),
        (3, 48),
    ]
    assert all(len(early_preview.row) == 10 for early_preview in seen)
    assert (seen[0].row[0].pixels != seen[-1].row[0].pixels).any()


def test_looks_come_every_few_seconds_at_first_and_rarer_later() -> None:
    folder = new_run("flow")
    list(losses(folder, [3.0, 0.01, 3.1, 100.0, 4.0, 1.0, 10.0]))
    steps = [early_preview.step for early_preview in runs.early_previews(folder.name)]
    assert 1 not in steps  # not before three seconds are over
    assert 2 in steps
    assert 4 in steps
    assert 6 not in steps  # five percent of 110 s have to pass


def test_a_run_that_was_peeked_at_equals_one_that_was_not(tmp_path: Path) -> None:
    folder = new_run("class-ddpm")
    peeked = list(losses(folder, [1e6] * 4))
    assert runs.early_previews(folder.name)
    folder.rename(tmp_path / "seen")
    folder = new_run("class-ddpm")
    assert list(losses(folder, [0.0] * 4)) == peeked
    assert not runs.early_previews(folder.name)


def test_a_resumed_run_forgets_what_it_saw_after_its_checkpoint() -> None:
    folder = new_run("flow")
    list(losses(folder, [1e6] * 3))
    files.early_preview_path(folder, 3).rename(files.early_preview_path(folder, 9))
    with Recorder(folder).opened() as training:
        assert training.step == 3
    assert [early_preview.step for early_preview in runs.early_previews(folder.name)] == [2]


def test_a_damaged_image_is_left_out() -> None:
    folder = new_run("flow")
    list(losses(folder, [1e6] * 2))
    files.early_preview_path(folder, 1).write_bytes(b"no image")
    (folder / "peeks" / "step-x.png").write_bytes(b"")
    assert [early_preview.step for early_preview in runs.early_previews(folder.name)] == [2]


def test_the_last_look_is_at_the_final_network() -> None:
    folder = new_run("denoiser")
    recording = Recorder(folder)
    with recording.opened() as training:
        for step in train(training):
            recording.note(step, 0.0)
        recording.finish("finished")
    [last] = runs.early_previews(folder.name)
    assert last.step == training.settings.total_steps
    denoised = runs.samples(folder.name, 1)[2]
    for one, other in zip(last.row, denoised, strict=True):
        assert abs(one.pixels.astype(int) - other.pixels).max() <= 1  # batches round otherwise


def test_recipes_that_draw_nothing_have_no_early_previews() -> None:
    assert recipe("pure-noise").early_preview is None
    assert runs.early_previews("pure-noise-0000000000") == []
