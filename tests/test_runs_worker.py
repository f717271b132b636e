"""The process that trains: it survives its starter, and a kill or a full disk costs little."""

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import torch
from small_runs import columns, folder_of, prepared, tiny, wait_for, wait_until

from lessons.training import runs
from lessons.training.loop import train
from lessons.training.networks import load_network
from lessons.training.runs import files, notes, processes, worker
from lessons.training.runs.recorder import NotFinite, Recorder
from lessons.training.runs.run_view import RunView
from models import checkpoints

PROJECT = Path(__file__).parents[1]
WHOLE = tiny(epochs=3)


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a run that nobody disturbed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DIFFUSION_RUNS", str(tmp_path_factory.mktemp("uninterrupted")))
        run_id = runs.start("denoiser", WHOLE)
        wait_for(run_id, "finished")
        assert processes.join(folder_of(run_id), timeout=10)
        processes._children[-1].wait(10)
        yield folder_of(run_id)


def undisturbed(folder: Path) -> RunView:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DIFFUSION_RUNS", str(folder.parent))
        return runs.view(folder.name)


def worker_of(run_id: str) -> psutil.Process:
    return psutil.Process(files.read_json(folder_of(run_id) / "worker.json")["pid"])


def memory_of(process: psutil.Process) -> str:
    return " ".join(area.path for area in process.memory_maps())


def kill(run_id: str) -> None:
    """A real `kill -9`."""
    with contextlib.suppress(psutil.NoSuchProcess):
        worker = worker_of(run_id)
        os.kill(worker.pid, signal.SIGKILL)
    wait_until(lambda: not processes.alive(folder_of(run_id)), "the end of the worker")


def checkpoint_of(run_id: str) -> Path:
    return folder_of(run_id) / "checkpoint.safetensors"


def test_a_run_comes_to_its_end_and_leaves_what_it_promised(uninterrupted: Path) -> None:
    run = undisturbed(uninterrupted)
    assert (run.state, run.step, run.reason) == ("finished", 48, "")
    assert run.curve.steps == list(range(1, 49))
    assert run.curve.images[15:17] == [1000, 1064]
    assert run.curve.seconds == sorted(run.curve.seconds)
    assert run.curve.losses[-1] < 0.5 * run.curve.losses[0]
    assert [epoch.epoch for epoch in run.epochs] == [0, 1, 2, 3]
    assert [epoch.images for epoch in run.epochs] == [0, 1000, 2000, 3000]
    names = {str(path.relative_to(uninterrupted)) for path in uninterrupted.rglob("*")}
    images = {f"samples/epoch-00{epoch}.png" for epoch in range(4)}
    tensors = {"checkpoint.safetensors", "weights.safetensors"}
    assert images | tensors <= names
    assert not [name for name in names if name.endswith(".part")]
    assert not processes.alive(uninterrupted)


def test_a_finished_network_can_be_loaded_and_used(
    uninterrupted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DIFFUSION_RUNS", str(uninterrupted.parent))
    network = load_network(uninterrupted.name)
    assert not network.training
    assert network(torch.zeros(1, 1, 28, 28)).isfinite().all()


def test_a_run_killed_at_random_moments_equals_the_uninterrupted_one(uninterrupted: Path) -> None:
    seed = time.time_ns()
    chance = random.Random(seed)
    run_id = runs.start("denoiser", WHOLE)
    for least in sorted(chance.sample(range(48), 3)):
        wait_until(lambda least=least: runs.view(run_id).step >= least, f"step {least}")
        time.sleep(chance.uniform(0, 0.3))
        kill(run_id)
        if runs.view(run_id).state == "finished":
            break  # it was quicker
        assert runs.view(run_id).state == "interrupted"
        if checkpoint_of(run_id).exists():
            checkpoints.load_tensors(checkpoint_of(run_id))
        runs.resume(run_id)
    resumed, expected = wait_for(run_id, "finished"), undisturbed(uninterrupted)
    assert columns(resumed) == columns(expected), f"seed {seed}"
    assert resumed.epochs == expected.epochs
    lines = (folder_of(run_id) / "epochs.jsonl").read_text()
    assert lines == (uninterrupted / "epochs.jsonl").read_text()
    assert_same_tensors(folder_of(run_id), uninterrupted, "weights.safetensors")
    for image in (uninterrupted / "samples").iterdir():
        resumed_image = folder_of(run_id) / "samples" / image.name
        assert resumed_image.read_bytes() == image.read_bytes()
    assert not list(folder_of(run_id).glob(".*.part"))


def test_a_worker_killed_before_it_could_begin_is_interrupted_and_resumes() -> None:
    run_id = runs.start("denoiser", tiny(epochs=1))
    kill(run_id)
    assert runs.view(run_id).state == "interrupted"
    runs.one_step(run_id)
    wait_until(lambda: runs.view(run_id).step == 1, "the first step")
    assert wait_for(run_id, "paused").curve.steps == [1]


def test_a_killed_server_leaves_its_worker_at_work() -> None:
    code = """
import time
from lessons.training import runs
from lessons.part_b.train_denoiser import DenoiserSettings
print(runs.start("denoiser", DenoiserSettings(num_hiddens=8, batch_size=64,
      images_per_epoch=1000, epochs=40)), flush=True)
time.sleep(600)
"""
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=PROJECT
    ) as server:
        assert server.stdout is not None
        run_id = server.stdout.readline().strip()
        server.kill()
    assert server.returncode == -signal.SIGKILL
    worker = worker_of(run_id)
    wait_until(lambda: runs.view(run_id).step >= 3, "steps after the server's end")
    assert worker.is_running()
    runs.pause(run_id)  # another server can steer it
    assert wait_for(run_id, "paused").step >= 3


def test_a_worker_whose_starter_died_before_it_took_a_note_still_signs() -> None:
    run_id = prepared(tiny(epochs=40), steps=1)
    notes.RunControl(until_step=10**9).write(folder_of(run_id))
    with subprocess.Popen(
        [sys.executable, "-m", "lessons.training.runs.worker", str(folder_of(run_id))], cwd=PROJECT
    ) as child:
        wait_until(lambda: processes.alive(folder_of(run_id)), "the signature")
        assert worker_of(run_id).pid == child.pid
        processes.spawn(folder_of(run_id))  # finds it at work
        assert worker_of(run_id).pid == child.pid
        child.kill()


def test_two_workers_on_one_run_work_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes a broken worker.json; the lock in the run's folder holds even then."""
    monkeypatch.setenv("DIFFUSION_TRAINING_SLOTS", "2")
    run_id = runs.start("denoiser", tiny(epochs=40))
    wait_until(lambda: runs.view(run_id).step > 0, "the first step")
    first = worker_of(run_id)
    (folder_of(run_id) / "worker.json").write_text("garbage")
    assert runs.view(run_id).state == "interrupted"
    runs.resume(run_id)
    second = worker_of(run_id)
    assert second.pid != first.pid
    step = runs.view(run_id).step
    wait_until(lambda: runs.view(run_id).step > step + 20, "twenty more steps")
    time.sleep(2)  # long enough for the second to get to work, if it could
    assert "libtorch" not in memory_of(second)
    first.terminate()
    wait_until(lambda: not first.is_running() or first.status() == "zombie", "the first's end")
    runs.stop(run_id)
    curve = wait_for(run_id, "stopped").curve
    assert curve.steps == list(range(1, len(curve.steps) + 1))


@pytest.mark.usefixtures("where")
def test_a_worker_that_is_asked_to_leave_pauses_with_a_checkpoint() -> None:
    run_id = runs.start("denoiser", tiny(epochs=40))
    wait_until(lambda: runs.view(run_id).step >= 3, "three steps")
    worker_of(run_id).terminate()
    paused = wait_for(run_id, "paused")
    wait_until(lambda: not processes.alive(folder_of(run_id)), "the end of the worker")
    assert runs.view(run_id).state == "paused"
    _, notes = checkpoints.load_tensors(checkpoint_of(run_id))
    assert int(notes["step"]) == paused.step == paused.curve.steps[-1] >= 3


@pytest.mark.usefixtures("where")
def test_a_paused_run_whose_worker_has_left_still_gets_its_weights_when_stopped() -> None:
    run_id = prepared(tiny(), steps=3)
    assert runs.weights_file(run_id) is None
    runs.stop(run_id)
    assert wait_for(run_id, "stopped").step == 3
    weights = runs.weights_file(run_id)
    assert weights is not None
    stored, _ = checkpoints.load_tensors(checkpoint_of(run_id))
    network = checkpoints.strip_prefix(stored, "network.")
    assert network.keys() == checkpoints.load_tensors(weights)[0].keys()


def test_a_finished_run_stays_finished_whatever_is_asked(
    uninterrupted: Path, runs_folder: Path
) -> None:
    shutil.copytree(uninterrupted, runs_folder / uninterrupted.name)
    run_id = uninterrupted.name
    for ask in (runs.stop, runs.pause, runs.resume, runs.one_step, runs.one_epoch):
        ask(run_id)
        assert not processes.alive(folder_of(run_id))
        assert runs.view(run_id).state == "finished"


def test_a_wish_between_a_workers_last_look_and_its_end_is_not_lost() -> None:
    run_id = prepared(tiny(), steps=2)
    folder = folder_of(run_id)
    processes.sign(folder, os.getpid())
    notes.RunControl(until_step=3).write(folder)
    runs.one_step(run_id)  # finds a worker, this process, and relies on it
    assert worker_of(run_id).pid == os.getpid()
    assert not processes.resign(folder, lambda: worker._more_is_wanted(folder))
    notes.RunControl(until_step=2).write(folder)
    assert processes.resign(folder, lambda: worker._more_is_wanted(folder))
    assert not processes.alive(folder)


@pytest.mark.usefixtures("where")
def test_a_loss_that_is_no_number_ends_the_run_with_a_reason() -> None:
    run_id = prepared(tiny(), steps=3)
    poison(run_id, "network.out.weight", 3e38)  # a number still, but what it makes is none
    before = checkpoint_of(run_id).read_bytes()
    runs.resume(run_id)
    failed = wait_for(run_id, "failed")
    assert failed.reason == (
        "The loss stopped being a number at step 4. Try a smaller learning rate."
    )
    assert failed.curve.steps == [1, 2, 3]
    assert checkpoint_of(run_id).read_bytes() == before
    stored, _ = checkpoints.load_tensors(checkpoint_of(run_id))
    assert all(tensor.isfinite().all() for tensor in stored.values())


def test_weights_that_broke_in_the_last_step_are_never_saved() -> None:
    """Their step's loss was still a number."""
    run_id = prepared(tiny(), steps=3)
    before = checkpoint_of(run_id).read_bytes()
    recorder = Recorder(folder_of(run_id))
    with recorder.opened() as training:
        recorder.note(next(train(training)), seconds=0.01)
        next(training.network.parameters()).data[0] = torch.inf
        with pytest.raises(NotFinite, match="weights stopped being numbers at step 4"):
            recorder.pause()
    assert checkpoint_of(run_id).read_bytes() == before


def test_a_disk_that_refuses_the_checkpoint_ends_the_run_and_keeps_the_last_one() -> None:
    """The kernel cuts the worker off after 100 kB a file, as a full disk would."""
    run_id = prepared(tiny(), steps=3)
    before = checkpoint_of(run_id).read_bytes()
    assert len(before) > 200_000
    code = f"""
import resource
from lessons.training import runs
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))
runs.resume({run_id!r})
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=PROJECT)
    failed = wait_for(run_id, "failed")
    assert failed.reason.startswith("The run could not be written to disk: ")
    assert checkpoint_of(run_id).read_bytes() == before
    assert not [path for path in folder_of(run_id).iterdir() if path.name.endswith(".part")]
    wait_until(lambda: not processes.alive(folder_of(run_id)), "the end of the worker")
    runs.resume(run_id)  # there is room again
    assert wait_for(run_id, "finished").curve.steps == list(range(1, 33))


@pytest.mark.parametrize("harm", ["garbage", "other-network", "no-step"])
def test_a_damaged_checkpoint_ends_the_run_with_a_reason(harm: str) -> None:
    run_id = prepared(tiny(), steps=2)
    path = checkpoint_of(run_id)
    tensors, notes = checkpoints.load_tensors(path)
    if harm == "garbage":
        path.write_bytes(b"garbage" * 1000)
        expected = "checkpoint.safetensors can't be read: "
    elif harm == "other-network":
        del tensors["network.out.weight"]
        checkpoints.save_tensors(path, tensors, notes)
        expected = "these weights belong to another network: "
    else:
        checkpoints.save_tensors(path, tensors, {})
        expected = "checkpoint.safetensors does not say at which step it was made"
    work_here(folder_of(run_id))
    failed = runs.view(run_id)
    assert failed.state == "failed"
    assert failed.reason.startswith(expected)
    assert "\n" not in failed.reason


def test_litter_of_a_killed_write_is_cleared_away() -> None:
    run_id = prepared(tiny(), steps=2)
    litter = folder_of(run_id) / ".checkpoint.safetensors.4711.part"
    litter.write_bytes(b"half")
    work_here(folder_of(run_id), stop=True)
    assert not litter.exists()


def work_here(folder: Path, stop: bool = False) -> None:
    """Let the worker's own code work in this process, which is quicker than a new one."""
    notes.RunControl(until_step=10**9, stop=stop).write(folder)
    worker._work(folder)


def poison(run_id: str, name: str, value: float) -> None:
    tensors, notes = checkpoints.load_tensors(checkpoint_of(run_id))
    tensors[name].fill_(value)
    checkpoints.save_tensors(checkpoint_of(run_id), tensors, notes)


def assert_same_tensors(one: Path, other: Path, name: str) -> None:
    first, second = (checkpoints.load_tensors(folder / name)[0] for folder in (one, other))
    assert first.keys() == second.keys()
    for key in first:
        torch.testing.assert_close(first[key], second[key], rtol=0, atol=0, msg=key)
