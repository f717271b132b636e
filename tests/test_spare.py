"""A process made in advance trains the next run: the same curve, and no trace where none comes."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from small_runs import columns, folder_of, prepared, tiny, wait_for, wait_until

from lessons.training import costs, runs, spare
from lessons.training.runs import files, processes
from models import checkpoints
from pages._service.engine import Health
from pages._service.spare import KEPT, SpareKeeper

PROJECT = Path(__file__).parents[1]
SERVER = """
import signal, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell in the background ignores it
from lessons.part_b.train_denoiser import DenoiserSettings
from lessons.training import runs, spare
from lessons.training.runs import processes
processes.keep_spare()
while not spare.is_ready():
    time.sleep(0.05)
print(spare.pid(), flush=True)
if {starts}:
    print(runs.start("denoiser", DenoiserSettings(num_hiddens=8, batch_size=64,
          images_per_epoch=1000, epochs=40)), flush=True)
time.sleep(600)
"""


def made_ready() -> int:
    """Have a process wait for a run; its number.

    No fixture: pytest tells the phase of a test in the environment, which has to stay the same.
    """
    processes.keep_spare()
    wait_until(spare.is_ready, "a process made in advance")
    pid = spare.pid()
    assert pid is not None
    return pid


def worker_of(run_id: str) -> int:
    pid: int = files.read_json(folder_of(run_id) / "worker.json")["pid"]
    return pid


def gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


@pytest.mark.parametrize("threads", ["1", "2"])
def test_a_run_of_a_process_made_in_advance_is_the_cold_one_to_the_last_bit(
    threads: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DIFFUSION_TRAINING_THREADS", threads)
    settings = tiny(ema=0.9)
    cold = wait_for(runs.start("denoiser", settings), "finished")
    assert processes.join(folder_of(cold.id), timeout=20)
    pid = made_ready()
    warm = wait_for(runs.start("denoiser", settings, again=True), "finished")
    assert warm.id != cold.id
    assert pid in [child.pid for child in processes._children]
    assert columns(warm) == columns(cold)
    assert warm.epochs == cold.epochs
    assert warm.device == cold.device == f"CPU, {threads} thread{'s' * (threads != '1')}"
    one, other = (
        checkpoints.load_tensors(folder_of(run.id) / "weights.safetensors")[0]
        for run in (cold, warm)
    )
    assert all(one[name].equal(other[name]) for name in one)


def test_the_run_that_is_started_is_trained_by_the_process_that_waited() -> None:
    waiting = made_ready()
    run_id = runs.start("denoiser", tiny(epochs=40))
    assert worker_of(run_id) == waiting
    assert spare.pid() is None
    wait_until(lambda: runs.view(run_id).step > 0, "the first step")
    runs.stop(run_id)
    wait_for(run_id, "stopped")


def test_a_process_that_waits_is_no_run_and_makes_none_wait(runs_folder: Path) -> None:
    waiting = made_ready()
    assert runs.all_runs("denoiser") == [run for run in runs.all_runs("denoiser") if run.shipped]
    assert not runs.busy()
    assert processes.line(runs_folder) == []
    assert processes.holders(runs_folder) == []
    assert not gone(waiting)


def test_no_process_is_made_in_advance_while_the_only_slot_is_taken() -> None:
    run_id = runs.start("denoiser", tiny(epochs=40))
    wait_until(lambda: runs.view(run_id).step > 0, "the first step")
    processes.keep_spare()
    assert spare.pid() is None


def test_a_run_that_has_to_wait_in_line_leaves_the_process_to_who_begins_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waiting = made_ready()
    monkeypatch.setattr(processes, "slot_is_free", lambda _: False)
    run_id = runs.start("denoiser", tiny(epochs=40))
    assert worker_of(run_id) != waiting == spare.pid()


def test_a_process_with_another_environment_is_ended_and_not_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waiting = made_ready()
    monkeypatch.setenv("DIFFUSION_TRAINING_THREADS", "2")
    run_id = runs.start("denoiser", tiny(epochs=1))
    assert worker_of(run_id) != waiting
    assert gone(waiting)
    assert wait_for(run_id, "finished").threads == 2


def test_a_process_that_loaded_older_code_is_ended_and_not_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waiting = made_ready()
    count, newest = spare.code()
    monkeypatch.setattr(spare, "code", lambda: (count, newest + 1))
    assert worker_of(runs.start("denoiser", tiny(epochs=1))) != waiting
    assert gone(waiting)


@pytest.mark.parametrize("harm", ["killed", "stopped"])
def test_a_process_that_died_or_hangs_leaves_the_run_to_a_new_one(
    harm: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = made_ready()
    monkeypatch.setattr(spare, "PATIENCE", 0.3)
    os.kill(waiting, signal.SIGKILL if harm == "killed" else signal.SIGSTOP)
    run_id = runs.start("denoiser", tiny(epochs=1))
    assert worker_of(run_id) != waiting
    assert gone(waiting)
    assert wait_for(run_id, "finished").step == 16


def test_a_process_that_dies_by_itself_is_not_made_again_and_again() -> None:
    waiting = made_ready()
    os.kill(waiting, signal.SIGKILL)
    wait_until(lambda: spare.pid() is None, "its end")
    with pytest.raises(OSError, match=r"ended; .*\.spare\.log may say why"):
        processes.keep_spare()
    processes.keep_spare()  # who asks once more gets one
    assert spare.pid() not in (None, waiting)


def test_a_run_that_is_handed_over_before_all_is_loaded_is_trained_all_the_same() -> None:
    processes.keep_spare()
    pid = spare.pid()
    assert not spare.is_ready()
    run_id = runs.start("denoiser", tiny(epochs=1))
    assert worker_of(run_id) == pid
    assert wait_for(run_id, "finished").step == 16


def test_the_process_trains_no_folder_that_is_no_run_of_this_server(tmp_path: Path) -> None:
    made_ready()
    run_id = prepared(tiny(epochs=1), steps=0)
    elsewhere = tmp_path / "elsewhere" / run_id
    elsewhere.parent.mkdir()
    folder_of(run_id).rename(elsewhere)
    child = spare._spare
    assert child is not None
    assert not spare._hand_over(child, elsewhere)
    assert child.process.wait(10) == 2
    assert not (elsewhere / "worker.log").exists()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_process_that_never_had_a_run_ends_with_its_server(how: signal.Signals) -> None:
    pid = ended_server(how)[0]
    wait_until(lambda: gone(int(pid)), "the end of the process that waited")


def test_a_run_of_such_a_process_outlives_the_server() -> None:
    pid, run_id = ended_server(signal.SIGKILL, starts=True)
    step = runs.view(run_id).step
    wait_until(lambda: runs.view(run_id).step > step + 3, "steps after the server's end")
    assert worker_of(run_id) == int(pid)
    assert os.getsid(int(pid)) == int(pid)  # no console's Ctrl+C reaches it
    runs.pause(run_id)
    wait_for(run_id, "paused")
    assert "Traceback" not in (folder_of(run_id) / "worker.log").read_text()


def ended_server(how: signal.Signals, *, starts: bool = False) -> list[str]:
    """What a server said that was ended by a signal: the process that waits, perhaps a run."""
    code = SERVER.format(starts=starts)
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        cwd=PROJECT,
    ) as server:  # fmt: skip
        assert server.stdout is not None
        said = [server.stdout.readline().strip() for _ in range(1 + starts)]
        server.send_signal(how)
    return said


def keeper(running: int = 0) -> SpareKeeper:
    return SpareKeeper(lambda: Health(1, running, 0, 0, 0))


def test_a_process_is_made_only_in_the_quiet_after_a_training_page_was_opened(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[int] = []
    monkeypatch.setattr(processes, "keep_spare", lambda: made.append(1))
    nobody, busy, quiet = keeper(), keeper(running=1), keeper()
    for one in (busy, quiet):
        one.want()
    for one in (nobody, nobody, busy, busy):
        one.look()
    quiet.look()
    assert not made
    quiet.look()
    assert made
    made.clear()
    monkeypatch.setattr(costs, "measuring", lambda: True)
    quiet.look()
    quiet.look()
    assert not made


def test_a_process_that_nobody_wants_any_more_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = made_ready()
    tired = keeper()
    tired.want()
    tired.look()
    assert not gone(waiting)
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + KEPT + 1)
    tired.look()
    assert gone(waiting)


def test_the_keeper_ends_what_waits_when_the_server_is_stopped() -> None:
    waiting = made_ready()
    one = keeper()
    one.start()
    one.stop()
    assert gone(waiting)
