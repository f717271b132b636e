"""What a page can ask of a run: every wish is granted, mended or refused in one sentence."""

import math
import os
import shutil
import threading
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis import strategies as st
from small_runs import (
    columns,
    folder_of,
    prepared,
    tiny,
    trained_here,
    wait_for,
    wait_until,
)

from lessons.training import runs
from lessons.training.runs import files, notes, processes
from lessons.training.runs.recipes import NAMES, recipe

FAR: dict[str, tuple[Any, Any]] = {
    "num_hiddens": (-8, 10**9),
    "batch_size": (0, 10**30),
    "epochs": (-1, 41),
    "images_per_epoch": (999, 60_001),
    "learning_rate": (0.0, 1.0),
    "decay": (0.0, 1.5),
    "ema": (-0.1, 1.0),
    "seed": (-1, 2**31),
    "sigma": (-0.5, 1e300),
    "drop": (-0.1, 1.0),
    "gamma": (-1.0, 21.0),
    "sample_steps": (0, 301),
}
ENDS: dict[str, tuple[Any, Any]] = {
    "num_hiddens": (8, 128),
    "batch_size": (16, 512),
    "epochs": (1, 40),
    "images_per_epoch": (1_000, 60_000),
    "learning_rate": (1e-6, 0.1),
    "decay": (0.01, 1.0),
    "ema": (0.0, 0.9999),
    "seed": (0, 2**31 - 1),
    "sigma": (0.05, 2.0),
    "drop": (0.0, 0.9),
    "gamma": (0.0, 20.0),
    "sample_steps": (1, 300),
}
JUNK = (None, "", "much", [], [8], {}, math.nan, math.inf, -math.inf, 1.5j, b"\xff", object())
EVERY_FIELD = [(name, field) for name in NAMES for field in recipe(name).settings.model_fields]


@pytest.fixture(autouse=True)
def _nothing_ships(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the test's own runs are listed."""
    monkeypatch.setattr(files, "SHIPPED", tmp_path / "shipped")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("end", [0, 1])
def test_a_wish_beyond_an_end_gets_the_end_and_a_sentence(name: str, end: int) -> None:
    for field, limits in ENDS.items():
        if field not in recipe(name).settings.model_fields:
            continue
        found, changes = runs.nearest_settings(name, {field: FAR[field][end]})
        assert getattr(found, field) == limits[end]
        assert len(changes) == 1
        assert changes[0].endswith(f"{limits[end]} is used instead.")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("end", [0, 1])
def test_both_ends_of_every_range_are_allowed(name: str, end: int) -> None:
    fields = recipe(name).settings.model_fields
    wanted = {field: limits[end] for field, limits in ENDS.items() if field in fields}
    found, changes = runs.nearest_settings(name, wanted)
    assert changes == ()
    assert wanted.items() <= found.model_dump().items()


@pytest.mark.parametrize(("name", "field"), EVERY_FIELD)
def test_junk_gets_the_default_and_a_sentence(name: str, field: str) -> None:
    default = recipe(name).settings()
    for junk in JUNK:
        found, changes = runs.nearest_settings(name, {field: junk})
        assert found == default
        assert len(changes) == 1, junk
        assert changes[0].endswith(f"{getattr(default, field)} is used instead.")


@pytest.mark.parametrize(
    ("wanted", "width"),
    [
        (67, 64),
        (68, 72),
        (9, 8),
        (12, 16),
        (4, 8),
        (1, 8),
        (127, 128),
        ("20", 24),
        (12.0, 16),
        ("67.0", 64),
        (True, 8),
    ],
)
def test_a_width_between_two_allowed_ones_gets_the_nearest(wanted: object, width: int) -> None:
    found, changes = runs.nearest_settings("denoiser", {"num_hiddens": wanted})
    assert found.num_hiddens == width
    assert changes == (f"Width D can't be {wanted}; {width} is used instead.",)


def test_a_setting_that_does_not_exist_is_left_out_and_said() -> None:
    found, changes = runs.nearest_settings("denoiser", {"epochs": 2, "x" * 99: 1, "__class__": 3})
    assert found == recipe("denoiser").settings(epochs=2)
    assert len(changes) == 2
    assert all(change.startswith("There is no setting “") for change in changes)
    assert all(len(change) < 100 for change in changes)


def test_every_setting_with_a_range_is_in_the_table_of_ends() -> None:
    for name in NAMES:
        ranged = {
            parameter.name: (parameter.low, parameter.high)
            for parameter in runs.parameters(name)
            if not parameter.choices and parameter.name != "data"  # which is a name
        }
        assert ranged == {field: ENDS[field] for field in ranged}


def test_half_a_step_is_no_whole_number() -> None:
    found, changes = runs.nearest_settings("denoiser", {"epochs": 0.5, "batch_size": "7.5"})
    assert found == recipe("denoiser").settings()
    assert len(changes) == 2


def test_a_wish_of_several_lines_or_none_is_told_in_one() -> None:
    for wish, told in (("a\n\nb", "a b"), ("\n", "empty"), ("", "empty"), ("x" * 99, "x" * 40)):
        _, changes = runs.nearest_settings("denoiser", {"epochs": wish})
        assert changes == (f"Epochs can't be {told}; 5 is used instead.",)


def test_words_from_an_address_bar_are_read_as_numbers() -> None:
    found, changes = runs.nearest_settings("denoiser", {"epochs": "3", "sigma": "0.25"})
    assert (found.epochs, found.model_dump()["sigma"]) == (3, 0.25)
    assert changes == ()


values = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**40), 10**40), st.floats(), st.text(max_size=8)
)
fields = st.sampled_from([*recipe("denoiser").settings.model_fields, "", "other"])


@effort(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(fields, values | st.lists(values) | st.dictionaries(st.text(), values)))
def test_whatever_a_browser_sends_becomes_valid_settings(wanted: dict[str, object]) -> None:
    model = recipe("denoiser").settings
    found, changes = runs.nearest_settings("denoiser", wanted)
    assert model.model_validate(found.model_dump()) == found
    assert len(changes) <= len(wanted)
    assert all("\n" not in change for change in changes)
    again, none = runs.nearest_settings("denoiser", found.model_dump())
    assert (again, none) == (found, ())


def test_a_recipe_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="no lesson trains 'os'"):
        runs.nearest_settings("os", {})
    with pytest.raises(ValueError, match="no lesson trains 'os'"):
        runs.start("os", tiny())


OUTSIDE = ["../x", "", "A", "a" * 500, "a/../../b", "denoiser-0000000000"]


@pytest.mark.parametrize("run_id", OUTSIDE)
@pytest.mark.parametrize(
    "ask",
    [
        runs.view,
        runs.pause,
        runs.resume,
        runs.one_step,
        runs.one_epoch,
        runs.stop,
        runs.delete,
        lambda run_id: runs.samples(run_id, 0),
    ],
)
def test_a_name_from_outside_reaches_nothing(
    ask: Any, run_id: str, runs_folder: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "x"
    outside.mkdir()
    with pytest.raises(ValueError, match=r"not the name of a run|no longer here|can't be read"):
        ask(run_id)
    assert outside.is_dir()
    assert not runs_folder.exists()


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A run that came with the project."""
    run_id = prepared(tiny(epochs=1), steps=16)
    monkeypatch.setattr(files, "SHIPPED", tmp_path / "shipped")
    shutil.move(folder_of(run_id), files.SHIPPED / run_id)
    return run_id


def test_a_shipped_run_can_be_seen_but_not_changed(shipped: str) -> None:
    before = {path: path.read_bytes() for path in files.SHIPPED.rglob("*") if path.is_file()}
    asks = (runs.pause, runs.resume, runs.one_step, runs.one_epoch, runs.stop, runs.delete)
    for ask in asks:
        with pytest.raises(ValueError, match="ships with the project and can't be changed"):
            ask(shipped)
    assert runs.view(shipped).shipped
    assert runs.view(shipped).step == 16
    assert len(runs.samples(shipped, 1)) == 3
    after = {path: path.read_bytes() for path in files.SHIPPED.rglob("*") if path.is_file()}
    assert before == after


def test_starting_what_ships_shows_it_instead(shipped: str, runs_folder: Path) -> None:
    assert runs.start("denoiser", tiny(epochs=1)) == shipped
    assert [run.id for run in runs.all_runs("denoiser")] == [shipped]
    assert not any(runs_folder.iterdir())


def test_shipped_runs_are_listed_first_and_then_the_newest(shipped: str) -> None:
    older = prepared(tiny(seed=1), steps=0)
    newer = prepared(tiny(seed=2), steps=0)
    os.utime(folder_of(older) / "settings.json", (1, 1))
    notes.Status("paused", step=1).write(folder_of(older))  # a change makes nothing newer
    assert [run.id for run in runs.all_runs("denoiser")] == [shipped, newer, older]


def test_a_run_that_is_deleted_while_others_are_listed_is_just_not_listed() -> None:
    kept = prepared(tiny(seed=1), steps=0)
    template, stopped = folder_of(kept), threading.Event()

    def come_and_go() -> None:
        folder = folder_of("denoiser-0123456789")
        while not stopped.is_set():
            shutil.copytree(template, folder)
            shutil.rmtree(folder)

    thread = threading.Thread(target=come_and_go)
    thread.start()
    try:
        for _ in range(300):
            assert kept in [run.id for run in runs.all_runs("denoiser")]
    finally:
        stopped.set()
        thread.join()


DAMAGE = {
    "settings.json": ["no JSON", '{"recipe": "denoiser", "settings": {"num_hiddens": 9999}}', "{}"],
    "metrics.jsonl": ['{"step": 1}\n', "garbage\n"],
    "epochs.jsonl": ["garbage\n", '{"epoch": 1}\n'],
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_run_is_listed_with_its_reason_and_others_work(name: str) -> None:
    good, bad = prepared(tiny(), steps=2), "denoiser-0123456789"
    for content in DAMAGE[name]:
        shutil.copytree(folder_of(good), folder_of(bad))
        (folder_of(bad) / name).write_text(content)
        listed = {run.id: run for run in runs.all_runs("denoiser")}
        assert listed[good].state == "paused"
        assert listed[good].curve.steps == [1, 2]
        assert listed[bad].state == "damaged"
        assert listed[bad].reason.startswith(name)
        assert listed[bad].label
        assert listed[bad].images_per_second == 0
        assert listed[bad].seconds_left is None
        runs.delete(bad)
        assert [run.id for run in runs.all_runs("denoiser")] == [good]


def test_a_wish_for_a_damaged_run_is_refused_with_the_reason() -> None:
    run_id = prepared(tiny(), steps=2)
    (folder_of(run_id) / "settings.json").write_text("no JSON")
    with pytest.raises(ValueError, match=r"settings\.json"):
        runs.one_epoch(run_id)


@pytest.mark.parametrize("lost", ["", "[1]", '{"state": "asleep"}', None])
def test_a_run_whose_status_was_lost_goes_on_from_its_checkpoint(lost: str | None) -> None:
    run_id = prepared(tiny(epochs=1), steps=5)
    status = folder_of(run_id) / "status.json"
    status.unlink() if lost is None else status.write_text(lost)
    run = runs.view(run_id)
    assert (run.state, run.step) == ("interrupted", 5)
    assert run.seconds == pytest.approx(0.05)
    runs.resume(run_id)
    assert wait_for(run_id, "finished").step == 16


def test_a_run_that_is_over_is_read_once_until_it_is_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run_id = trained_here("denoiser", tiny(epochs=1).model_dump())
    first = runs.view(run_id)
    assert first.state == "finished"
    with monkeypatch.context() as patch:
        patch.setattr(files, "read_json", lambda _: pytest.fail("read again"))
        assert runs.view(run_id) is first
        assert not runs.busy()
    shutil.rmtree(folder_of(run_id))
    assert prepared(tiny(epochs=1), steps=2) == run_id
    assert runs.view(run_id).step == 2


def test_a_missing_or_damaged_image_is_told() -> None:
    run_id = prepared(tiny(), steps=0)
    assert [len(row) for row in runs.samples(run_id, 0)] == [10, 10, 10]
    (folder_of(run_id) / "samples" / "epoch-000.png").write_bytes(b"garbage")
    for epoch in (0, 1, -1):
        with pytest.raises(ValueError, match=r"epoch-.*\.png can't be read"):
            runs.samples(run_id, epoch)
    assert runs.view(run_id).state == "paused"


@pytest.mark.usefixtures("where")
def test_a_run_goes_through_every_wish_and_is_gone_at_last() -> None:
    """Start, pause, one step, one epoch, resume, stop, delete: with one worker all the way."""
    run_id = runs.start("denoiser", tiny(epochs=40))
    wait_until(lambda: runs.view(run_id).step > 0, "the first step")
    worker = files.read_json(folder_of(run_id) / "worker.json")
    runs.pause(run_id)
    step = wait_for(run_id, "paused").step
    runs.one_step(run_id)
    wait_until(lambda: runs.view(run_id).step > step, "one more step")
    assert wait_for(run_id, "paused").step == step + 1
    runs.one_epoch(run_id)
    wait_until(lambda: runs.view(run_id).step > step + 1, "one more epoch")
    epoch_end = wait_for(run_id, "paused")
    assert epoch_end.step == (step + 1) // 16 * 16 + 16
    assert [epoch.step for epoch in epoch_end.epochs] == list(range(0, epoch_end.step + 1, 16))
    runs.resume(run_id)
    wait_until(lambda: runs.view(run_id).step > epoch_end.step, "going on")
    assert files.read_json(folder_of(run_id) / "worker.json") == worker
    assert runs.weights_file(run_id) is None
    runs.stop(run_id)
    stopped = wait_for(run_id, "stopped")
    assert stopped.curve.steps == list(range(1, stopped.step + 1))
    assert runs.weights_file(run_id) is not None
    runs.resume(run_id)
    assert runs.view(run_id).state == "stopped"
    runs.delete(run_id)
    assert runs.all_runs("denoiser") == []
    with pytest.raises(ValueError, match="no longer here"):
        runs.view(run_id)


@pytest.mark.usefixtures("where")
def test_a_run_at_work_can_be_deleted_and_its_worker_leaves() -> None:
    run_id = runs.start("denoiser", tiny(epochs=40))
    wait_until(lambda: runs.view(run_id).state == "running", "the start")
    pid = files.read_json(folder_of(run_id) / "worker.json")["pid"]
    runs.delete(run_id)
    assert not folder_of(run_id).exists()
    wait_until(lambda: not lives(pid), "the worker's end")
    assert not folder_of(run_id).exists()


def test_two_threads_that_start_the_same_run_share_one_worker() -> None:
    together = threading.Barrier(4)
    found: list[str] = []

    def start() -> None:
        together.wait()
        found.append(runs.start("denoiser", tiny(epochs=1)))

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1
    assert len(workers_on(folder_of(found[0]))) == 1
    done = wait_for(found[0], "finished")
    assert done.curve.steps == list(range(1, 17))
    assert len(runs.all_runs("denoiser")) == 1
    assert runs.start("denoiser", tiny(epochs=1)) == found[0]  # finished: nothing is done again
    assert runs.view(found[0]).state == "finished"


def test_a_second_run_waits_its_turn_and_then_works(runs_folder: Path) -> None:
    first = runs.start("denoiser", tiny(epochs=40))
    wait_until(lambda: runs.view(first).state == "running", "the first start")
    second = runs.start("denoiser", tiny(epochs=1, seed=1))
    third = runs.start("denoiser", tiny(epochs=1, seed=2))
    wait_until(lambda: processes.line(runs_folder) == [second, third], "the line")
    assert (runs.view(first).place, runs.view(second).place, runs.view(third).place) == (0, 1, 2)
    assert runs.view(second).state == "queued"
    assert "libtorch" not in memory_of(second)  # waiting is cheap
    wait_until(lambda: runs.view(first).step > 16, "one epoch of the first")
    assert processes.line(runs_folder) == [second, third]
    assert [path.name for path in runs_folder.glob(".slot-*")] == [".slot-0.lock"]
    runs.stop(third)
    wait_for(third, "stopped")
    runs.pause(first)  # its worker makes room at once, though it could wait in its pause
    wait_for(second, "finished")
    assert runs.view(first).state == "paused"
    curve = columns(runs.view(first))
    runs.one_step(first)
    wait_until(lambda: runs.view(first).step > curve[0][-1], "going on")
    assert columns(wait_for(first, "paused"))[2][:-1] == curve[2]


def test_pages_that_notice_a_workers_end_at_the_same_moment_all_go_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The second one to take the same process off the list used to fail."""

    class Ended:
        def poll(self) -> int:
            time.sleep(0.001)
            return 0

    children: list[Any] = []
    monkeypatch.setattr(processes, "_children", children)
    failed: list[Exception] = []

    def look(together: threading.Barrier) -> None:
        together.wait()
        try:
            processes.alive(tmp_path)
        except Exception as error:
            failed.append(error)

    for _ in range(20):
        children.extend(Ended() for _ in range(3))
        together = threading.Barrier(4)
        threads = [threading.Thread(target=look, args=(together,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert failed == []
    assert children == []


def test_a_living_worker_is_known_whatever_the_clock_does(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    processes.sign(tmp_path, os.getpid())
    assert processes.alive(tmp_path)
    for step in (-2.0, 2.0, 86_400.0):
        boot, now = psutil.boot_time(), time.time
        with monkeypatch.context() as patch:
            patch.setattr("psutil._pslinux.boot_time", lambda boot=boot, step=step: boot + step)
            patch.setattr(time, "time", lambda now=now, step=step: now() + step)
            assert processes.alive(tmp_path)
    files.write_json(tmp_path / "worker.json", {"pid": os.getpid(), "started": "another"})
    assert not processes.alive(tmp_path)


def test_a_place_in_line_that_a_dead_worker_left_holds_nobody_up(runs_folder: Path) -> None:
    first, second = prepared(tiny(seed=1), steps=0), prepared(tiny(seed=2), steps=0)
    for run_id in (first, second):
        processes.queue_up(folder_of(run_id))
    (runs_folder / ".line" / "00000000000000000001.denoiser-deleted").touch()
    processes.sign(folder_of(second), os.getpid())
    assert processes.line(runs_folder) == [second]
    slot = processes.take_slot(folder_of(second))
    assert slot is not None
    slot.release()
    assert list((runs_folder / ".line").iterdir()) == []


def test_who_was_first_comes_first_though_the_clock_was_set_back(
    monkeypatch: pytest.MonkeyPatch, runs_folder: Path
) -> None:
    first, second = prepared(tiny(seed=1), steps=0), prepared(tiny(seed=2), steps=0)
    for run_id, now in ((first, 2e9), (second, 1e9)):
        monkeypatch.setattr(time, "time", lambda now=now: now)
        processes.queue_up(folder_of(run_id))
        processes.sign(folder_of(run_id), os.getpid())
    assert processes.line(runs_folder) == [first, second]
    assert processes.take_slot(folder_of(second)) is None


def test_what_a_waiting_worker_looks_at_does_not_grow_with_runs_that_are_over(
    monkeypatch: pytest.MonkeyPatch, runs_folder: Path
) -> None:
    first, second = prepared(tiny(seed=1), steps=0), prepared(tiny(seed=2), steps=0)
    for run_id in (first, second):
        processes.queue_up(folder_of(run_id))
        processes.sign(folder_of(run_id), os.getpid())
    for number in range(50):
        shutil.copytree(folder_of(first), runs_folder / f"denoiser-{number:010x}")
    read, true = [], files.read_json
    monkeypatch.setattr(files, "read_json", lambda path: read.append(path) or true(path))
    assert processes.take_slot(folder_of(second)) is None
    runs.busy()
    assert len(read) <= 3


def test_a_bad_number_of_slots_is_told_before_a_run_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIFFUSION_TRAINING_SLOTS", "0")
    with pytest.raises(ValueError, match="DIFFUSION_TRAINING_SLOTS is '0'; allowed is a whole"):
        runs.start("denoiser", tiny())


def memory_of(run_id: str) -> str:
    pid = files.read_json(folder_of(run_id) / "worker.json")["pid"]
    return " ".join(area.path for area in psutil.Process(pid).memory_maps())


def workers_on(folder: Path) -> list[int]:
    found = []
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or []
        if "lessons.training.runs.worker" in words and words[-1] == str(folder):
            found.append(process.pid)
    return found


def lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
