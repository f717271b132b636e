"""Runs that a cluster trains: the local curve, whoever dies, and a word where nobody is left."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
from small_runs import columns, folder_of, prepared, tiny, wait_for, wait_until

from lessons.training import claims, runs, spare
from lessons.training.runs import files, notes, processes, worker
from models import checkpoints
from models.cluster import trainers
from models.cluster.trainers import TrainerNeeds

PROJECT = Path(__file__).parents[1]
SERVER = """
import os, time
from lessons.part_b.train_denoiser import DenoiserSettings
from lessons.training import runs
print(runs.start("denoiser", DenoiserSettings(num_hiddens=8, batch_size=64, images_per_epoch=1000,
      epochs=3, learning_rate=2e-3)), flush=True)
time.sleep(600)
"""


# -- on a cluster ---------------------------------------------------------------------------------


def process_of(run_id: str) -> psutil.Process:
    """The process that trains a run, however often it was made anew."""
    wait_until(lambda: processes._lives_here(folder_of(run_id)), "a process on the run")
    return psutil.Process(files.read_json(folder_of(run_id) / "worker.json")["pid"])


@pytest.mark.cluster
@pytest.mark.usefixtures("trains_on_cluster")
def test_a_run_outlives_its_server_its_process_and_its_trainer_and_equals_the_local_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import ray

    head = ray.get_runtime_context().gcs_address
    with subprocess.Popen(
        [sys.executable, "-c", SERVER],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=PROJECT,
        env={**os.environ, "DIFFUSION_RAY": head, "RAY_AUTH_MODE": "token"},
    ) as server:
        assert server.stdout is not None
        run_id = server.stdout.readline().strip()
        server.kill()
    wait_until(lambda: runs.view(run_id).step >= 3, "the first steps")
    first = process_of(run_id)
    first.kill()
    wait_until(lambda: not first.is_running() or first.status() == "zombie", "its end")
    assert runs.view(run_id).state in ("running", "queued")
    second = process_of(run_id)
    assert second.pid != first.pid
    trainer = second.parent()
    assert trainer is not None
    trainer.kill()
    wait_until(lambda: not second.is_running(), "the end of a process without its trainer")
    remote = wait_for(run_id, "finished")
    wait_until(lambda: not processes.alive(folder_of(run_id)), "the end of the claim")

    monkeypatch.setenv("DIFFUSION_RAY", "off")
    local = wait_for(runs.start("denoiser", tiny(epochs=3), again=True), "finished")
    assert local.id != remote.id
    assert columns(remote) == columns(local)
    assert remote.epochs == local.epochs
    assert remote.device == local.device
    one, other = (
        checkpoints.load_tensors(folder_of(run.id) / "weights.safetensors")[0]
        for run in (remote, local)
    )
    assert all(one[name].equal(other[name]) for name in one)
    assert "Traceback" not in (folder_of(run_id) / "worker.log").read_text()


@pytest.mark.cluster
@pytest.mark.usefixtures("trains_on_cluster")
def test_runs_wait_for_a_slot_of_the_cluster_and_can_be_taken_out_of_the_line(
    runs_folder: Path,
) -> None:
    first = runs.start("denoiser", tiny(epochs=40))
    second, third = (runs.start("denoiser", tiny(epochs=1, seed=seed)) for seed in (1, 2))
    wait_until(lambda: runs.view(first).step > 0, "the first step")
    assert processes.line(runs_folder) == [second, third]
    assert (runs.view(second).place, runs.view(third).place) == (1, 2)
    assert runs.view(third).behind == (first, second)
    runs.pause(second)
    assert runs.view(second).state == "paused"
    runs.stop(third)
    wait_for(third, "stopped")
    assert processes.line(runs_folder) == []
    runs.resume(second)
    assert runs.view(second).state == "queued"
    runs.pause(first)  # its process makes room at once, though it could wait in its pause
    assert wait_for(second, "finished").step == 16
    assert runs.view(first).state == "paused"
    runs.delete(first)
    assert not folder_of(first).exists()


@pytest.mark.cluster
@pytest.mark.usefixtures("trains_on_cluster")
def test_a_paused_run_can_be_stopped_while_the_cluster_trains_another() -> None:
    paused = prepared(tiny(seed=1), steps=3)
    busy = runs.start("denoiser", tiny(epochs=40))
    wait_until(lambda: runs.view(busy).step > 0, "the first step")
    runs.stop(paused)
    assert wait_for(paused, "stopped").step == 3
    assert runs.weights_file(paused) is not None
    assert runs.view(busy).state == "running"


# -- wherever somebody sees the folder ------------------------------------------------------------


@pytest.fixture
def crew(runs_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Trainers that give signs of life, of slots that are told; the cluster is not asked."""
    monkeypatch.setenv("DIFFUSION_RAY", "auto")

    def are_there(*slots: int, of: int = 2) -> None:
        runs_folder.mkdir(exist_ok=True)
        (runs_folder / ".crew").write_text(f"somebody {of}")
        for slot in slots:
            trainers.say_alive(runs_folder, slot)

    monkeypatch.setattr(processes, "_have_trainers", lambda _: are_there(0, 1))
    return are_there


def waiting(seed: int) -> str:
    run_id = prepared(tiny(seed=seed), steps=0)
    runs.resume(run_id)
    return run_id


def silence(monkeypatch: pytest.MonkeyPatch) -> None:
    """So much time passes without a sign of life."""
    now = time.monotonic() + trainers.BELIEVED + 1
    monkeypatch.setattr(trainers.time, "monotonic", lambda: now)


@pytest.mark.usefixtures("crew")
def test_a_run_that_waits_is_alive_as_long_as_there_are_trainers(
    runs_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = waiting(1)
    assert (runs.view(run_id).state, runs.view(run_id).place) == ("queued", 1)
    silence(monkeypatch)
    assert runs.view(run_id).state == "interrupted"
    trainers.say_alive(runs_folder, 1)  # Ray has made one anew
    assert runs.view(run_id).state == "queued"


def test_a_trainer_answers_for_the_run_that_it_has_and_for_no_other(
    crew: Callable[..., None], runs_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = waiting(1), waiting(2)
    for slot, run_id in enumerate((one, other)):
        assert worker._claim(runs_folder, slot) == folder_of(run_id)
        notes.Status("running").write(folder_of(run_id))
        claims.leave_line(folder_of(run_id))
    assert runs.view(one).state == runs.view(other).state == "running"
    silence(monkeypatch)
    crew(1)
    assert (runs.view(one).state, runs.view(other).state) == ("interrupted", "running")


@pytest.mark.usefixtures("crew")
def test_a_trainer_takes_the_first_in_line_and_after_a_death_what_it_had(runs_folder: Path) -> None:
    first, second, third = (folder_of(waiting(seed)) for seed in (1, 2, 3))
    assert worker._claim(runs_folder, 0) == first
    assert worker._claim(runs_folder, 1) == second
    for _ in range(2):  # as long as nobody resigns
        assert worker._claim(runs_folder, 0) == first
        notes.Status("running").write(first)
        claims.leave_line(first)
    assert processes.resign(first, lambda: False, slot=0)
    notes.Status("finished").write(first)
    assert worker._claim(runs_folder, 0) == third


@pytest.mark.usefixtures("crew")
def test_what_a_trainer_had_that_is_over_or_deleted_is_not_taken_again(runs_folder: Path) -> None:
    first, second = (folder_of(waiting(seed)) for seed in (1, 2))
    assert worker._claim(runs_folder, 0) == first
    notes.Status("failed").write(first)
    claims.leave_line(first)
    (runs_folder / ".line" / "00000000000000000000.denoiser-deleted").touch()
    assert worker._claim(runs_folder, 0) == second
    assert claims.waiting(runs_folder) == [second.name]
    assert not (runs_folder / "denoiser-deleted").exists()


@pytest.mark.usefixtures("crew")
def test_a_wish_that_came_while_a_process_left_is_taken_up_by_the_next(runs_folder: Path) -> None:
    run_id = waiting(1)
    assert worker._claim(runs_folder, 0) == folder_of(run_id)
    claims.leave_line(folder_of(run_id))
    notes.Status("paused", step=3).write(folder_of(run_id))
    runs.resume(run_id)  # finds that a trainer has it, and relies on it
    assert not claims.in_line(folder_of(run_id))
    assert worker._claim(runs_folder, 0) == folder_of(run_id)
    notes.RunControl(until_step=3).write(folder_of(run_id))
    assert worker._claim(runs_folder, 0) is None
    assert not processes.alive(folder_of(run_id))


def test_another_trainer_takes_the_run_of_one_that_does_not_come_back(
    crew: Callable[..., None], runs_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, later = folder_of(waiting(1)), folder_of(waiting(2))
    assert worker._claim(runs_folder, 0) == folder
    notes.Status("running").write(folder)
    claims.leave_line(folder)
    silence(monkeypatch)
    crew(1)
    assert worker._claim(runs_folder, 1) == folder
    crew(0)  # it was only slow
    assert worker._claim(runs_folder, 0) == later


@pytest.mark.usefixtures("crew")
def test_a_run_that_kills_every_process_is_given_up_with_a_reason(
    runs_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[int] = []
    monkeypatch.setattr(spare, "speak_into", lambda _: None)
    monkeypatch.setattr(worker, "_work_while_wanted", lambda *_: begun.append(1))  # and it dies
    folder = folder_of(waiting(1))
    for _ in range(worker.MOST_TRIES + 1):
        assert worker._claim(runs_folder, 0) == folder
        worker._train_for_slot(folder, 0)
    assert len(begun) == worker.MOST_TRIES
    view = runs.view(folder.name)
    assert (view.state, view.reason) == ("failed", worker.DEADLY)
    assert worker._claim(runs_folder, 0) is None


@pytest.mark.usefixtures("crew")
def test_a_run_that_comes_to_a_checkpoint_now_and_then_is_not_given_up(
    runs_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spare, "speak_into", lambda _: None)
    folder = folder_of(waiting(1))

    def work_a_little(*_: object) -> None:
        (folder / "checkpoint.safetensors").write_bytes(os.urandom(len(tried)))

    tried: list[int] = []
    monkeypatch.setattr(worker, "_work_while_wanted", work_a_little)
    for _ in range(2 * worker.MOST_TRIES):
        tried.append(1)
        assert worker._claim(runs_folder, 0) == folder
        worker._train_for_slot(folder, 0)
    assert runs.view(folder.name).state == "queued"


def test_a_cluster_that_does_not_answer_is_told_at_once_and_the_run_can_be_resumed(
    runs_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DIFFUSION_RAY", "auto")
    monkeypatch.setattr("models.cluster.settings.installed", lambda: True)
    monkeypatch.setattr(trainers, "PATIENCE", 0.1)
    monkeypatch.setattr(trainers, "connected", lambda _: time.sleep(5))
    with pytest.raises(ValueError, match=r"^The machines that train can't be reached at the mo"):
        runs.start("denoiser", tiny())
    (run_id,) = runs.same_runs("denoiser", tiny())
    assert runs.view(run_id).state == "interrupted"
    monkeypatch.setattr(processes, "_have_trainers", lambda _: trained_by_somebody(runs_folder))
    runs.resume(run_id)
    assert runs.view(run_id).state == "queued"


def trained_by_somebody(root: Path) -> None:
    (root / ".crew").write_text("somebody 1")
    trainers.say_alive(root, 0)


class FakeRay:
    """A cluster by what its machines have, what of it is free, and whose actors it keeps."""

    def __init__(self, free: dict[str, float], *machines: dict[str, float], dead: int = 0) -> None:
        self.names: list[str] = []
        self.available_resources = lambda: free
        self.nodes = lambda: [
            {"Alive": n >= dead, "Resources": machine} for n, machine in enumerate(machines)
        ]
        self.util = SimpleNamespace(
            list_named_actors=lambda **_: [{"name": name} for name in self.names]
        )


@pytest.mark.parametrize("gpus", [0, 1])
def test_a_training_that_no_machine_has_room_for_is_refused(gpus: int) -> None:
    large, small = {"CPU": 64.0, "GPU": 8.0}, {"CPU": 2.0}
    with pytest.raises(ValueError, match=rf"^No machine .* 4 cores{' and the GPU' * gpus} that"):
        trainers._check_room(FakeRay(large, large, small, small, dead=1), TrainerNeeds(4, gpus))
    trainers._check_room(FakeRay(large, large, small), TrainerNeeds(4, gpus))


def test_a_training_for_which_other_work_leaves_no_core_is_refused() -> None:
    full = FakeRay({"CPU": 0.0}, {"CPU": 4.0})
    with pytest.raises(ValueError, match=r"nothing left of the 1 cores .* DIFFUSION_RAY_WORKERS"):
        trainers._check_room(full, TrainerNeeds(1, 0))
    full.names = ["network-worker-0", "trainer-0123456789-0"]  # trainings themselves have it
    trainers._check_room(full, TrainerNeeds(1, 0))


def test_no_process_is_kept_ready_on_a_server_whose_runs_the_cluster_trains(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DIFFUSION_RAY", "auto")
    processes.keep_spare()
    assert spare.pid() is None


def test_a_trainer_whose_processes_never_get_to_a_training_counts_as_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[int] = []
    monkeypatch.setattr(trainers.Trainer, "_keep", lambda _: None)
    monkeypatch.setattr(trainers, "say_alive", lambda _, slot: said.append(slot))
    monkeypatch.setattr(trainers, "BEAT", 0.01)
    for ends_with, is_well in (("1", False), ("0", True)):
        trainer = trainers.Trainer(
            str(tmp_path),
            3,
            "a",
            ["-c", f"import time; time.sleep(0.3); raise SystemExit({ends_with})"],
            {},
        )
        for _ in range(trainers.MOST_FAILURES):
            assert trainer._is_well()
            trainer._have_one()
        assert trainer._is_well() == is_well
        assert set(said) == {3}
        said.clear()
        trainer._have_one()
        assert bool(said) == is_well


def test_a_process_of_a_trainer_ends_with_it() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", "from lessons.training import spare as s; s.end_with_input();"
         "print(1, flush=True); import time; time.sleep(600)"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=PROJECT,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdin is not None
        process.stdout.readline()
        assert process.poll() is None
        process.stdin.close()
        assert process.wait(20) == 0
