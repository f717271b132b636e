"""Runs that are gone, that were trained before, and what they are called in a list."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from small_runs import folder_of, prepared, tiny, trained_here

from lessons.classroom.readers import Reader
from lessons.training import claims, runs
from lessons.training.runs import control, files, notes, processes, worker

NOW = datetime(2026, 3, 5, 18, 0, tzinfo=UTC)
ASKS = (runs.pause, runs.resume, runs.one_step, runs.one_epoch, runs.stop, runs.delete)
GONE = r"^This run is no longer here: it was deleted meanwhile\.$"


@pytest.fixture(autouse=True)
def _nobody_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "SHIPPED", tmp_path / "shipped")


@pytest.fixture
def idle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "spawn", lambda _: None)


@pytest.mark.parametrize("ask", ASKS)
def test_a_wish_for_a_run_that_was_deleted_says_so_and_makes_no_new_folder(
    ask: Callable[[str], None],
) -> None:
    run_id = prepared(tiny(), steps=1)
    shutil.rmtree(folder_of(run_id))
    with pytest.raises(ValueError, match=GONE):
        ask(run_id)
    assert not folder_of(run_id).exists()


@pytest.mark.parametrize("ask", ASKS)
def test_a_run_that_is_deleted_while_a_wish_is_granted_says_so(
    ask: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another reader was quicker, after the first look at the folder."""
    run_id = prepared(tiny(), steps=1)

    def delete_under_it(found: str, _by: Reader) -> tuple[Path, int]:
        shutil.rmtree(folder_of(found))
        return folder_of(found), 1

    monkeypatch.setattr(control, "_own", delete_under_it)
    with pytest.raises(ValueError, match=GONE):
        ask(run_id)
    assert not folder_of(run_id).exists()


@pytest.mark.usefixtures("idle")
def test_equal_settings_are_one_run_until_another_training_is_asked_for() -> None:
    first = runs.start("denoiser", tiny())
    assert runs.start("denoiser", tiny()) == first
    notes.Status("finished").write(folder_of(first))
    assert runs.start("denoiser", tiny()) == first
    assert runs.view(first).state == "finished"
    second = runs.start("denoiser", tiny(), again=True)
    third = runs.start("denoiser", tiny(), again=True)
    assert [second, third] == [f"{first}-2", f"{first}-3"]
    assert runs.same_runs("denoiser", tiny()) == [first, second, third]
    assert runs.same_runs("denoiser", tiny(seed=1)) == []
    runs.delete(second)
    assert runs.start("denoiser", tiny()) == third


def test_what_is_trained_again_draws_the_same_curve() -> None:
    first = trained_here("denoiser", tiny(epochs=1).model_dump())
    again = control._next_name("denoiser", tiny(epochs=1), None, 1)
    folder_of(again).mkdir()
    control._set_up(folder_of(again), "denoiser", tiny(epochs=1))
    notes.RunControl(until_step=10**9).write(folder_of(again))
    worker._work(folder_of(again))
    assert runs.view(again).state == "finished"
    assert runs.view(again).curve.losses == runs.view(first).curve.losses


@pytest.mark.usefixtures("idle")
def test_what_ships_can_be_trained_again_and_stays() -> None:
    shipped = prepared(tiny(), steps=1)
    shutil.move(folder_of(shipped), files.SHIPPED / shipped)
    assert runs.start("denoiser", tiny()) == shipped
    own = runs.start("denoiser", tiny(), again=True)
    assert own != shipped
    assert not runs.view(own).shipped
    assert runs.view(shipped).shipped


def begun(run_id: str, when: str) -> None:
    path = folder_of(run_id) / "settings.json"
    files.write_json(path, {**files.read_json(path), "created": when})


def test_runs_are_named_by_what_differs_when_they_began_and_whether_by_the_reader() -> None:
    one, two = prepared(tiny(), steps=0), prepared(tiny(learning_rate=0.02), steps=0)
    three = prepared(tiny(num_hiddens=16), steps=0)
    for run_id, when in (
        (one, "2026-03-05T14:05"),
        (two, "2026-03-05T14:07"),
        (three, "2026-02-27T09:00"),
    ):
        begun(run_id, f"{when}:00+00:00")
    called = runs.names(runs.all_runs("denoiser"), own=[two], now=NOW)
    assert called == {
        one: "D = 8 · 2,000 images · rate 0.002 · started 14:05",
        two: "D = 8 · 2,000 images · rate 0.02 · started by you 14:07",
        three: "D = 16 · 2,000 images · rate 0.002 · started 27 February 09:00",
    }


@pytest.mark.usefixtures("idle")
def test_no_two_runs_have_the_same_name() -> None:
    made = [runs.start("denoiser", tiny(), again=True) for _ in range(3)]
    for run_id in made:
        begun(run_id, "2026-03-05T14:05:00+00:00")
    called = runs.names([runs.view(run_id) for run_id in made], now=NOW)
    assert len(set(called.values())) == 3


@pytest.mark.parametrize("created", [None, 5, "yesterday"])
def test_a_run_without_a_time_has_a_name(created: object) -> None:
    run_id = prepared(tiny(), steps=0)
    path = folder_of(run_id) / "settings.json"
    files.write_json(path, {**files.read_json(path), "created": created})
    assert runs.names([runs.view(run_id)], now=NOW) == {run_id: "D = 8 · 2,000 images"}


def test_a_finished_run_tells_its_mean_speed_and_a_running_one_its_present_speed() -> None:
    lines = [{"step": k, "images": 10 * k, "loss": 1.0, "seconds": float(k)} for k in range(1, 101)]
    lines += [
        {"step": k, "images": 10 * k, "loss": 1.0, "seconds": 100 + (k - 100) / 10}
        for k in range(101, 201)
    ]
    run_id = prepared(tiny(), steps=0)
    files.append_lines(folder_of(run_id) / "metrics.jsonl", lines)
    assert runs.view(run_id).images_per_second == pytest.approx(100)
    notes.Status("finished").write(folder_of(run_id))
    assert runs.view(run_id).images_per_second == pytest.approx(1990 / 109)


def test_a_waiting_run_says_behind_which_others(monkeypatch: pytest.MonkeyPatch) -> None:
    busy, first, second = (prepared(tiny(seed=seed), steps=0) for seed in range(3))
    monkeypatch.setattr(processes, "alive", lambda _: True)
    notes.Status("running").write(folder_of(busy))
    claims.hold(files.root(), 0, busy)
    for run_id in (first, second):
        processes.queue_up(folder_of(run_id))
    assert (runs.view(first).place, runs.view(first).behind) == (1, (busy,))
    assert (runs.view(second).place, runs.view(second).behind) == (2, (busy, first))
    assert runs.view(busy).behind == ()
