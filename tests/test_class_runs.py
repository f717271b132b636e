"""Whose a run is, what a reader may start, and what the teacher says to the class."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from small_runs import folder_of, prepared, tiny, wait_for

from lessons.classroom import limits, presence, readers, state
from lessons.classroom.readers import NOBODY, Reader
from lessons.training import claims, runs
from lessons.training.runs import files, notes, processes

KEY = "the key of this class"
ASKS = (runs.pause, runs.resume, runs.one_step, runs.one_epoch, runs.stop, runs.delete)
OWNER, STRANGER = (Reader(readers.hashed(readers.new_token())) for _ in range(2))
TEACHER = Reader(readers.hashed("t"), teacher=True)
SENT = (
    NOBODY,
    STRANGER,
    Reader(OWNER.browser.upper()),
    Reader(OWNER.browser[:-1]),
    Reader("\ud800"),
    Reader("x" * 10_000),
)
"""What a browser that is not the owner's may come with."""


@pytest.fixture(autouse=True)
def _idle(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "works" not in request.node.name:
        monkeypatch.setattr(processes, "spawn", lambda folder: processes.queue_up(folder))
        monkeypatch.setattr(processes, "alive", lambda folder: claims.in_line(folder))


@pytest.fixture
def a_class(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(readers.KEY, KEY)


def begun(by: Reader = OWNER, **changes: object) -> str:
    return runs.start("denoiser", tiny(**changes), by=by)


def everything(run_id: str) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder_of(run_id).glob("*.json*")}


@pytest.mark.usefixtures("a_class")
@pytest.mark.parametrize("by", SENT, ids=range(len(SENT)))
@pytest.mark.parametrize("ask", ASKS)
def test_a_stranger_s_wish_is_refused_whatever_is_sent_and_changes_nothing(
    ask: Callable[..., None], by: Reader
) -> None:
    run_id = begun()
    before = everything(run_id)
    with pytest.raises(ValueError, match="belongs to another reader"):
        ask(run_id, by=by)
    assert everything(run_id) == before


@pytest.mark.usefixtures("a_class")
@pytest.mark.parametrize("by", [OWNER, TEACHER], ids=["owner", "teacher"])
@pytest.mark.parametrize("ask", ASKS)
def test_the_owner_s_wish_is_granted_and_the_teacher_s(
    ask: Callable[..., None], by: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = begun()
    monkeypatch.setattr(processes, "join", lambda *_, **__: True)
    notes.RunControl(until_step=7).write(folder_of(run_id))
    before = everything(run_id)["control.json"]
    ask(run_id, by=by)
    if ask is runs.delete:
        assert not folder_of(run_id).exists()
    else:
        assert everything(run_id)["control.json"] != before


@pytest.mark.parametrize("ask", ASKS)
def test_without_a_key_everybody_may_do_everything(
    ask: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "join", lambda *_, **__: True)
    ask(begun(), by=STRANGER)


@pytest.mark.usefixtures("a_class")
def test_a_run_that_nobody_started_is_the_teacher_s_alone() -> None:
    run_id = prepared(tiny(), steps=1)
    for by in (NOBODY, OWNER):
        with pytest.raises(ValueError, match="belongs to another reader"):
            runs.stop(run_id, by=by)
    runs.stop(run_id, by=TEACHER)
    (folder_of(run_id) / "owner.json").write_text('{"browser": ""}')
    with pytest.raises(ValueError, match="belongs to another reader"):
        runs.pause(run_id, by=NOBODY)


@pytest.mark.usefixtures("a_class")
def test_start_with_the_settings_of_a_foreign_run_shows_it_and_leaves_it_as_it_is() -> None:
    run_id = begun()
    runs.pause(run_id, by=OWNER)
    before = everything(run_id)
    assert begun(STRANGER) == run_id
    assert everything(run_id) == before
    own = runs.start("denoiser", tiny(), again=True, by=STRANGER)
    assert own == f"{run_id}-2"
    assert begun(STRANGER) == own
    assert begun(OWNER) == run_id
    runs.stop(own, by=STRANGER)


def test_a_run_s_folder_holds_only_a_hash_of_the_browser_s_token() -> None:
    token = readers.new_token()
    run_id = begun(Reader(readers.hashed(token)))
    held = [path for path in folder_of(run_id).rglob("*") if path.is_file()]
    assert not [path for path in held if token.encode() in path.read_bytes()]
    assert readers.owner_of(folder_of(run_id)) == readers.hashed(token)
    assert len({readers.new_token() for _ in range(100)}) == 100
    assert len(token) == 43


def in_another_process(run_id: str, browser: str) -> str:
    """What a server that was just started answers a browser that wants to pause a run."""
    code = f"""
from lessons.classroom import state
from lessons.classroom.readers import Reader
from lessons.training import runs
from lessons.training.runs import files
browser = {browser!r}
try:
    runs.pause({run_id!r}, by=Reader(browser, state.is_teacher(files.root(), browser)))
    print("granted")
except ValueError as refusal:
    print(refusal)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.mark.usefixtures("a_class")
def test_after_a_restart_a_run_and_the_teacher_s_browser_are_whose_they_were(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run_id = begun()
    state.sign_in(files.root(), TEACHER.browser)
    assert in_another_process(run_id, STRANGER.browser) == readers.FOREIGN
    assert in_another_process(run_id, OWNER.browser) == "granted"
    assert in_another_process(run_id, TEACHER.browser) == "granted"
    monkeypatch.setenv(readers.KEY, "another key of this class")  # who had the old one has none
    assert in_another_process(run_id, TEACHER.browser) == readers.FOREIGN


@pytest.mark.usefixtures("a_class")
def test_the_key_is_known_only_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "SLOWLY", 0.0)
    assert readers.is_teachers_key(f" {KEY} ")
    for said in ("", KEY[:-1], KEY.upper(), f"{KEY}x", "\ud800", "x" * 10_000):
        assert not readers.is_teachers_key(said)
    root = files.root()
    assert not state.is_teacher(root, "")
    state.sign_in(root, OWNER.browser)
    assert state.is_teacher(root, OWNER.browser)
    assert not state.is_teacher(root, STRANGER.browser)
    assert KEY not in (root / ".class.json").read_text()
    state.sign_out(root, OWNER.browser)
    assert not state.is_teacher(root, OWNER.browser)


def test_without_a_key_nobody_is_the_teacher(monkeypatch: pytest.MonkeyPatch) -> None:
    root = files.root()
    monkeypatch.setenv(readers.KEY, KEY)
    state.sign_in(root, OWNER.browser)
    state.freeze(root, TEACHER, True)
    monkeypatch.delenv(readers.KEY)
    assert not readers.is_teachers_key(KEY)
    assert not state.is_teacher(root, OWNER.browser)
    begun(STRANGER)  # what was frozen with a key is not without one
    with pytest.raises(ValueError, match="holder of the teacher's key"):
        state.freeze(root, TEACHER, False)


@pytest.mark.usefixtures("a_class")
@pytest.mark.parametrize("by", [NOBODY, OWNER])
def test_only_the_teacher_speaks_to_the_class(by: Reader) -> None:
    root = files.root()
    for ask in (
        lambda: state.freeze(root, by, True),
        lambda: state.look_here(root, by, "unet", "", ""),
        lambda: state.look_away(root, by),
        lambda: state.hand_over(root, by, "denoiser", begun()),
    ):
        with pytest.raises(ValueError, match="holder of the teacher's key"):
            ask()
    assert state.read(root) == state.ClassState()


@pytest.mark.usefixtures("a_class")
def test_start_that_is_switched_off_is_so_for_all_but_the_teacher() -> None:
    run_id = begun()
    runs.pause(run_id, by=OWNER)
    state.freeze(files.root(), TEACHER, True)
    for ask in (
        lambda: begun(seed=1),
        lambda: runs.resume(run_id, by=OWNER),
        lambda: runs.one_step(run_id, by=OWNER),
        lambda: runs.one_epoch(run_id, by=OWNER),
    ):
        with pytest.raises(ValueError, match="switched Start off"):
            ask()
    runs.pause(run_id, by=OWNER)
    assert begun(TEACHER, seed=2)
    state.freeze(files.root(), TEACHER, False)
    runs.resume(run_id, by=OWNER)


@pytest.mark.usefixtures("a_class")
def test_a_run_that_was_handed_to_the_class_is_changed_by_the_teacher_alone() -> None:
    run_id = begun()
    state.hand_over(files.root(), TEACHER, "denoiser", run_id)
    with pytest.raises(ValueError, match="belongs to the class"):
        runs.pause(run_id, by=OWNER)
    runs.pause(run_id, by=TEACHER)
    state.hand_over(files.root(), TEACHER, "denoiser", None)
    runs.pause(run_id, by=OWNER)


@pytest.mark.usefixtures("a_class")
def test_what_the_teacher_says_is_kept_and_two_at_once_lose_nothing() -> None:
    root = files.root()
    others = [f"{number:064d}" for number in range(8)]
    threads = [threading.Thread(target=state.sign_in, args=(root, other)) for other in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(state.is_teacher(root, other) for other in others)
    state.look_here(root, TEACHER, "unet", "seed=7", "  two\nlines " + "x" * 500)
    state.look_here(root, TEACHER, "train_ddpm", "", "")
    state.look_away(root, TEACHER)
    state.look_here(root, TEACHER, "unet", "seed=7", "  two\nlines " + "x" * 500)
    look = state.read(root).look
    assert look is not None
    assert (look.number, look.page, look.query) == (3, "unet", "seed=7")
    assert look.words.startswith("two lines xxx")
    assert len(look.words) == state.LONGEST_WORDS
    with pytest.raises(ValueError, match="longer than"):
        state.look_here(root, TEACHER, "unet", "x" * 1001, "")


@pytest.mark.usefixtures("a_class")
@pytest.mark.parametrize("content", ["", "no JSON", "[]", '{"look": 3}', '{"class_runs": []}'])
def test_a_state_that_makes_no_sense_is_none(content: str) -> None:
    files.root().mkdir()
    (files.root() / ".class.json").write_text(content)
    assert state.read(files.root()) == state.ClassState()
    state.freeze(files.root(), TEACHER, True)
    assert state.read(files.root()).frozen


def test_a_reader_may_have_so_many_runs_in_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(limits.WAITING, "2")
    first, _ = begun(seed=1), begun(seed=2)
    with pytest.raises(ValueError, match=r"^2 of your runs wait .* 2 are allowed .*MOST_WAITING"):
        begun(seed=3)
    assert len(runs.all_runs("denoiser")) == 2 + len(
        [run for run in runs.all_runs("denoiser") if run.shipped]
    )
    runs.resume(first, by=OWNER)  # it waits already
    begun(STRANGER, seed=4)
    claims.leave_line(folder_of(first))
    begun(seed=5)
    with pytest.raises(ValueError, match="wait for their turn"):
        runs.resume(first, by=OWNER)
    monkeypatch.setenv(readers.KEY, KEY)
    for seed in range(6, 9):
        begun(TEACHER, seed=seed)


def test_a_run_may_be_so_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(limits.IMAGES, "1999")
    with pytest.raises(ValueError, match=r"2,000 images, and 1,999 are allowed .*LONGEST_RUN"):
        begun()
    assert not list(files.root().glob("denoiser-*"))
    begun(epochs=1)
    monkeypatch.setenv(limits.IMAGES, "2000")
    begun()


def test_all_runs_together_may_be_so_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(limits.MEGABYTES, "1")
    first = begun()
    with (folder_of(first) / "weights.safetensors").open("wb") as file:
        file.truncate(999_000)
    begun(seed=1)
    with (folder_of(first) / "weights.safetensors").open("wb") as file:
        file.truncate(1_000_000)
    with pytest.raises(ValueError, match=r"together take 0.001 GB, and 0.001 GB .*RUNS_MEGABYTES"):
        begun(TEACHER, seed=2)
    assert begun() == first  # it is here already


def test_a_class_has_limits_and_a_reader_alone_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    assert limits.limits() == limits.Limits(0, 0, 0)
    assert limits.limits().words == ""
    monkeypatch.setenv(readers.KEY, KEY)
    assert limits.limits() == limits.Limits(3, 20_000, 0)
    assert limits.limits().words == (
        "At most, on this server: 3 waiting runs a reader, 20 GB for all runs."
    )


def test_pages_are_counted_by_the_browsers_that_show_them_now(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    presence.forget_all()
    now = [1000.0]
    monkeypatch.setattr(presence.time, "monotonic", lambda: now[0])
    for browser, page in (("a", "unet"), ("b", "unet"), ("c", "sampling"), ("a", "sampling")):
        presence.hear(browser, page)
    assert presence.counts() == {"unet": 1, "sampling": 2}
    now[0] += presence.PATIENCE / 2
    presence.hear("b", "unet")
    now[0] += presence.PATIENCE / 2 + 1
    assert presence.counts() == {"unet": 1}
    for number in range(presence.MOST + 10):
        presence.hear(f"invented {number}", "unet")
    assert presence.counts().total() == presence.MOST
    presence.forget_all()


@pytest.mark.usefixtures("a_class")
def test_a_stranger_s_stop_does_not_reach_a_run_that_works() -> None:
    run_id = begun(epochs=40)
    wait_for(run_id, "running")
    with pytest.raises(ValueError, match="belongs to another reader"):
        runs.stop(run_id, by=STRANGER)
    with pytest.raises(ValueError, match="belongs to another reader"):
        runs.delete(run_id, by=STRANGER)
    assert runs.view(run_id).state == "running"
    runs.stop(run_id, by=OWNER)
    wait_for(run_id, "stopped")
    runs.delete(run_id, by=OWNER)
    assert not Path(folder_of(run_id)).exists()
