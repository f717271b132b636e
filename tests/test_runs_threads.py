"""A run keeps the number of threads that it was set up with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from small_runs import folder_of, prepared, tiny

from lessons.training import runs
from lessons.training.in_process import train_in_process
from lessons.training.runs import notes, threads, worker
from lessons.training.runs.recipes import recipe
from pages._shared.training import code


@pytest.mark.parametrize(
    ("cores", "slots", "count"), [(1, 1, 1), (2, 1, 1), (8, 1, 4), (8, 2, 2), (8, 16, 1)]
)
def test_half_of_the_cores_train_shared_by_all_slots(
    cores: int, slots: int, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threads, "_cores", lambda: cores)
    monkeypatch.setenv("DIFFUSION_TRAINING_SLOTS", str(slots))
    assert threads.usual_threads() == count


def test_the_setting_says_another_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIFFUSION_TRAINING_THREADS", "3")
    assert threads.usual_threads() == 3
    monkeypatch.setenv("DIFFUSION_TRAINING_THREADS", "0")
    with pytest.raises(ValueError, match="DIFFUSION_TRAINING_THREADS is '0'; allowed is a whole"):
        threads.usual_threads()


def test_a_run_calculates_with_the_threads_that_it_was_set_up_with(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whatever the setting says by the time that the run goes on; its script as well."""
    used: list[int] = []
    monkeypatch.setenv("DIFFUSION_TRAINING_THREADS", "5")
    run_id = prepared(tiny(epochs=1), steps=8)
    monkeypatch.setenv("DIFFUSION_TRAINING_THREADS", "7")
    before = torch.get_num_threads()
    monkeypatch.setattr(torch, "set_num_threads", used.append)  # five would be slow here
    notes.RunControl(until_step=10**9).write(folder_of(run_id))
    worker._work(folder_of(run_id))
    assert used == [5, before]
    done = runs.view(run_id)
    assert (done.state, done.threads) == ("finished", 5)

    used.clear()
    call = code._call(done)
    steps = train_in_process(recipe("denoiser"), call.parameters)
    losses = [float(progress.note.removeprefix("loss ")) for progress in steps]
    assert used == [5, before]
    assert [round(loss, 4) for loss in done.curve.losses] == losses


def test_threads_are_fixed_for_a_while_and_put_back() -> None:
    before = torch.get_num_threads()
    with threads.fixed_threads(before + 1):
        assert torch.get_num_threads() == before + 1
    assert torch.get_num_threads() == before


@pytest.mark.parametrize("said", [None, 0, -1, 257, "2", 1.5, True])
def test_a_number_that_makes_no_sense_is_not_known(said: object, tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_text(json.dumps({"threads": said}))
    assert notes.threads_of(tmp_path) is None
