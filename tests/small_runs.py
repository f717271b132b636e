"""Runs small enough for tests, and the patience to watch them."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lessons.part_b.train_denoiser import DenoiserSettings
from lessons.training import runs
from lessons.training.loop import train
from lessons.training.runs import control, files
from lessons.training.runs.recorder import Recorder
from lessons.training.runs.run_view import RunView

PATIENCE = 180.0
"""Seconds a test waits for a worker; only a broken one uses them up."""


def tiny(**changes: Any) -> DenoiserSettings:
    """Two epochs of 16 steps, a fraction of a second each."""
    small = {"num_hiddens": 8, "batch_size": 64, "images_per_epoch": 1000, "epochs": 2}
    return DenoiserSettings(**{**small, "learning_rate": 2e-3, **changes})


def wait_until(condition: Callable[[], bool], what: str) -> None:
    """Wait until it is so."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not happen within {PATIENCE:.0f} s"
        time.sleep(0.02)


def wait_for(run_id: str, *states: str) -> RunView:
    """Wait until a run is in one of these states; fail at once where it can't get there."""
    final = {"failed", "damaged", "finished", "stopped"} - set(states)
    deadline = time.monotonic() + PATIENCE
    while (run := runs.view(run_id)).state not in states:
        log = files.root() / run_id / "worker.log"
        said = log.read_text() if log.exists() else ""
        assert run.state not in final, f"{run.state}: {run.reason}\n{said}"
        assert time.monotonic() < deadline, f"still {run.state} at step {run.step}\n{said}"
        time.sleep(0.02)
    return run


def columns(run: RunView) -> tuple[list[int], list[int], list[float]]:
    """What must not depend on kills and pauses."""
    return run.curve.steps, run.curve.images, run.curve.losses


def folder_of(run_id: str) -> Path:
    """The folder of a run of this test."""
    return files.root() / run_id


def prepared(settings: DenoiserSettings, steps: int) -> str:
    """A run that made its first steps, paused, and has no worker."""
    run_id = f"denoiser-{settings.fingerprint()}"
    folder = folder_of(run_id)
    folder.mkdir(parents=True)
    control._set_up(folder, "denoiser", settings)
    recorder = Recorder(folder)
    with recorder.opened() as training:
        stepping = train(training)
        for _ in range(steps):
            recorder.note(next(stepping), seconds=0.01)
        recorder.pause()
    return run_id


def trained_here(recipe: str, changes: dict[str, Any]) -> str:
    """Train a run in this process, whose files are those that a worker writes; its name."""
    settings, _ = runs.nearest_settings(recipe, changes)
    run_id = f"{recipe}-{settings.fingerprint()}"
    folder_of(run_id).mkdir(parents=True)
    control._set_up(folder_of(run_id), recipe, settings)
    recorder = Recorder(folder_of(run_id))
    with recorder.opened() as training:
        for step in train(training):
            recorder.note(step, seconds=0.01)
        recorder.finish("finished")
    return run_id
