"""`kill -9` of workers, and of the server that started them, at random moments.

Small runs of every recipe are started, killed, gone on with, until they are finished; then their
curves have to be those of runs that nobody disturbed.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Final

from lessons.training import runs, spare
from lessons.training.recipe import Settings
from lessons.training.runs import files, processes

ROOT: Final = Path(__file__).parents[2]
RECIPES: Final = ("denoiser", "ddpm", "class-ddpm", "flow", "class-flow")
SMALL: Final = {
    "num_hiddens": 8,
    "batch_size": 32,
    "images_per_epoch": 1_024,
    "epochs": 3,
    "precision": "float32",
    "sample_steps": 5,
}
LONGEST: Final = 7.0
"""Seconds between a start and its kill, at most: loading torch takes three to five of them."""

ENDS: Final = ("finished", "failed", "damaged", "stopped")
PATIENCE: Final = 600.0
SERVER: Final = """
import sys, time
from lessons.training import runs
runs.resume(sys.argv[1])
print("begun", flush=True)
time.sleep(600)
"""


def storm(times: int, seed: int) -> list[str]:
    """Kill so often; returns what did not stand it, in a sentence each."""
    chance = random.Random(seed)
    expected = {name: _undisturbed(name) for name in RECIPES}
    print(f"{len(expected)} runs that nobody disturbs are finished", flush=True)
    killed: Counter[str] = Counter()
    faults: list[str] = []
    number = 0
    while killed.total() < times:
        recipe = RECIPES[number % len(RECIPES)]
        run_id = _again(recipe)
        while runs.view(run_id).state not in ENDS and killed.total() < times:
            _kill_once(run_id, chance, killed)
        faults += _compared(run_id, expected[recipe])
        runs.delete(run_id)
        number += 1
        print(f"{killed.total()} kills, {number} runs, {len(faults)} faults", flush=True)
    print(", ".join(f"{count} × {what}" for what, count in killed.most_common()))
    spare.end()
    return faults


def _settings(recipe: str) -> Settings:
    return runs.nearest_settings(recipe, SMALL)[0]


def _undisturbed(recipe: str) -> runs.RunView:
    run_id = runs.start(recipe, _settings(recipe))
    return _finished(run_id)


def _again(recipe: str) -> str:
    """A new run of the same settings."""
    return runs.start(recipe, _settings(recipe), again=True)


def _finished(run_id: str) -> runs.RunView:
    deadline = time.monotonic() + PATIENCE
    while (run := runs.view(run_id)).state not in ENDS:
        if time.monotonic() > deadline:
            break
        if run.state in ("interrupted", "paused"):
            runs.resume(run_id)
        time.sleep(0.1)
    processes.join(files.folder_of(run_id), timeout=10)
    return run


def _kill_once(run_id: str, chance: random.Random, killed: Counter[str]) -> None:
    """Kill whoever works on the run at a random moment, then let it go on in one of three ways."""
    moment = time.monotonic() + chance.uniform(0, LONGEST)
    while time.monotonic() < moment and runs.view(run_id).state not in ENDS:
        time.sleep(0.01)
    if _kill_worker(run_id):
        killed["a worker"] += 1
    if runs.view(run_id).state in ENDS:
        return
    way = chance.choice(("server", "spare", "new"))
    if way == "server":
        _resumed_by_a_server_that_dies(run_id, chance)
        killed["the server"] += 1
        return
    if way == "spare" and not spare.pid():
        with contextlib.suppress(OSError):
            processes.keep_spare()
        if (waiting := spare.pid()) and chance.random() < 0.2:
            os.kill(waiting, signal.SIGKILL)
            killed["a process that waited"] += 1
    runs.resume(run_id)


def _kill_worker(run_id: str) -> bool:
    try:
        pid = int(files.read_json(files.folder_of(run_id) / "worker.json")["pid"])
        os.kill(pid, signal.SIGKILL)
    except (OSError, KeyError, ValueError, TypeError):
        return False  # nobody is at it: it has just left
    processes.join(files.folder_of(run_id), timeout=10)
    return True


def _resumed_by_a_server_that_dies(run_id: str, chance: random.Random) -> None:
    """Another process starts the worker, and is killed while, or after, it does."""
    with subprocess.Popen(
        [sys.executable, "-c", SERVER, run_id], cwd=ROOT, stdout=subprocess.PIPE
    ) as server:
        if chance.random() < 0.5 and server.stdout:
            server.stdout.readline()
        time.sleep(chance.uniform(0, 1))
        server.kill()


def _compared(run_id: str, expected: runs.RunView) -> list[str]:
    """What of a killed run differs from the undisturbed one."""
    run = _finished(run_id)
    folder, other = files.folder_of(run_id), files.folder_of(expected.id)
    same = {
        "state": run.state == expected.state == "finished",
        "steps": run.curve.steps == expected.curve.steps,
        "losses": run.curve.losses == expected.curve.losses,
        "epochs": run.epochs == expected.epochs,
        "weights": _content(folder / "weights.safetensors")
        == _content(other / "weights.safetensors"),
        "leftovers": not list(folder.glob(".*.part")),
    }
    return [
        f"{run_id}: {name} differ ({run.state} {run.reason})" for name in same if not same[name]
    ]


def _content(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""
