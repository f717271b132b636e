"""From Start to the first loss: `python -m benchmarks.first_step [RECIPE …]`.

Starts runs of the Laptop preset as a server does, in turn with a process made for the run (cold)
and with one made in advance (warm), and waits for the first loss that a page could draw. Printed
are medians: seconds, and seconds that the run's process had the processor since Start; then the
memory of a process that waits. Exits with 1 if a warm start takes half as long as a cold one or
more.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass

import psutil

from lessons.training import runs, spare
from lessons.training.runs import files, processes
from lessons.training.runs.threads import usual_threads
from models.devices import fast_precision, pick_device

PATIENCE = 300.0


@dataclass(frozen=True)
class Wait:
    """What a reader waited for.

    Attributes:
        seconds: from Start to the first loss on disk.
        worked: seconds of the processor that the run's process took for it.
    """

    seconds: float
    worked: float


def wait_for(name: str, seed: int, *, warm: bool) -> Wait:
    """Start a run of its own and wait for its first loss; then end the run."""
    before = made_ready() if warm else 0.0
    precision = fast_precision(pick_device())
    wanted = {**runs.presets(name)["Laptop"], "seed": seed, "precision": precision}
    settings, _ = runs.nearest_settings(name, wanted)
    start = time.perf_counter()
    run_id = runs.start(name, settings, again=True)
    folder = files.folder_of(run_id)
    while not files.curve(folder).steps:
        if time.perf_counter() - start > PATIENCE:
            raise TimeoutError(f"{run_id} has no loss after {PATIENCE:.0f} s")
        time.sleep(0.01)
    seconds = time.perf_counter() - start
    worked = worked_by(files.read_json(folder / "worker.json")["pid"]) - before
    runs.stop(run_id)
    if not processes.join(folder, timeout=PATIENCE):
        raise TimeoutError(f"{run_id} does not end")
    return Wait(seconds, worked)


def made_ready() -> float:
    """Have a process ready; the seconds of the processor that it took until then."""
    process = waiting()
    return worked_by(process.pid)


def waiting() -> psutil.Process:
    """The process that waits, made now if there is none."""
    processes.keep_spare()
    deadline = time.monotonic() + PATIENCE
    while not spare.is_ready():
        if time.monotonic() > deadline or not spare.pid():
            raise TimeoutError("no process was made ready")
        time.sleep(0.05)
    return psutil.Process(spare.pid())


def worked_by(pid: int) -> float:
    """Seconds of the processor of a process so far, all threads together."""
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def main() -> int:
    """Measure the recipes of the command line; returns 1 where warm is not worth it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipes", nargs="*", default=["denoiser", "class-flow"])
    parser.add_argument("--repeats", type=int, default=5)
    chosen = parser.parse_args()
    slow = False
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DIFFUSION_RUNS"] = folder
        print(f"{usual_threads()} threads, {fast_precision(pick_device())}")
        for name in chosen.recipes:
            pairs = [
                (wait_for(name, seed, warm=False), wait_for(name, seed, warm=True))
                for seed in range(chosen.repeats)
            ]
            cold, warm = zip(*pairs, strict=True)
            slow |= summary(name, cold, warm)
        memory = waiting().memory_full_info()
        print(
            f"a process that waits: {memory.rss / 2**20:.0f} MB resident, of which "
            f"{memory.uss / 2**20:.0f} MB are its own"
        )
        spare.end()
    return int(slow)


def summary(name: str, cold: tuple[Wait, ...], warm: tuple[Wait, ...]) -> bool:
    """Print the medians of one recipe; whether warm took half as long as cold, or more."""
    seconds = [statistics.median(wait.seconds for wait in waits) for waits in (cold, warm)]
    worked = [statistics.median(wait.worked for wait in waits) for waits in (cold, warm)]
    print(
        f"{name}: cold {seconds[0]:.2f} s ({worked[0]:.2f} s of the processor), warm "
        f"{seconds[1]:.2f} s ({worked[1]:.2f} s); medians of {len(cold)}",
        flush=True,
    )
    return seconds[1] > 0.5 * seconds[0]


if __name__ == "__main__":
    sys.exit(main())
