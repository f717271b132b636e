"""A cluster beside one process, at equal cores: images, throughput, killed workers and trainings.

    OMP_NUM_THREADS=1 python -m benchmarks.cluster [--model NAME] [--readers 8] [--repeats 3]
                                                   [--only networks|trainings]

Needs `requirements-cluster.txt`. Starts a cluster of its own on this machine, with two workers of
one core each and a core for a training; beside it an engine with two workers of one thread each.
Both are given the same jobs, by turns, so that other work on the machine meets both alike. Then one
worker is killed in the middle of a crowd (kill -9), and then both. At last the cluster trains a run
whose process is killed, and then the trainer that started it again; the same run is trained here,
undisturbed. Exits with 1 if images differ by more than a grey level, if the cluster has less than
`LEAST` of the throughput here, if a job ends with neither a result nor a sentence, or if the two
trainings differ in the last bit of a loss.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
import psutil

from lessons.part_a import sampling
from lessons.prompts import prompts_for
from lessons.training import runs
from models import catalog
from models.cluster.crew import NoWorker
from models.cluster.pool import Cluster, connect
from models.cluster.settings import AUTO, ClusterSettings
from pages._service.engine import Engine, Ticket

CORES: Final = 2
LEAST: Final = 0.9
"""Share of the throughput here that the cluster must reach."""

TRAINING: Final = {"num_hiddens": 8, "batch_size": 64, "images_per_epoch": 2000, "epochs": 6}

Demo = Callable[[], object]


def main() -> int:
    """Print the figures; 0 if they are within the bars."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default=next(iter(catalog.entries())))
    parser.add_argument("--readers", type=int, default=8)
    parser.add_argument("--images", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--only", choices=("networks", "trainings"))
    asked = parser.parse_args()
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    import ray

    ray.init("local", num_cpus=CORES + 1, include_dashboard=False, log_to_driver=False)
    good = asked.only == "trainings" or networks(asked)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        good &= asked.only == "networks" or trainings(Path(folder))
        ray.shutdown()
    return int(not good)


def networks(asked: argparse.Namespace) -> bool:
    """Have networks called by an engine here and by one on the cluster."""
    cluster = connect(ClusterSettings(AUTO, CORES))
    while len(cluster.crew.alive()) < CORES:
        time.sleep(0.1)
    wanted = prompts_for(asked.model)
    prompts = itertools.cycle(one for one in wanted.every() if one)
    jobs: list[Demo] = [
        partial(
            sampling.demo, asked.model, next(prompts), n, count=asked.images, gamma=wanted.gamma
        )
        for n in range(asked.readers)
    ]
    here = Engine(workers=lambda: CORES)
    there = Engine(calculator=lambda: cluster)
    for engine in (here, there):  # both load their networks
        finish(ask(engine, jobs[:CORES], "first"))
    print(f"{asked.model}, {asked.readers} readers, {asked.images} images each, {CORES} cores")
    good = compared(here, there, jobs, asked.repeats) & survives(there, cluster, jobs)
    here.stop()
    there.stop()
    return good


def trainings(folder: Path) -> bool:
    """Kill what trains a run on the cluster; whether its curve is that of the run trained here."""
    os.environ |= {"DIFFUSION_RUNS": str(folder), "DIFFUSION_TRAINING_THREADS": "1"}
    settings, _ = runs.nearest_settings("denoiser", TRAINING)
    os.environ["DIFFUSION_RAY"] = AUTO
    there = runs.start("denoiser", settings)
    for share, what in ((0.3, "its process"), (0.6, "its trainer")):
        await_step(there, int(share * settings.total_steps))
        pid = json.loads((folder / there / "worker.json").read_text())["pid"]
        os.kill(pid if what == "its process" else psutil.Process(pid).ppid(), signal.SIGKILL)
        start, step = time.perf_counter(), runs.view(there).step
        await_step(there, step + 1)
        print(f"{what} killed at step {step}: beyond it after {time.perf_counter() - start:.1f} s")
    await_step(there, settings.total_steps)
    os.environ["DIFFUSION_RAY"] = "off"
    here = runs.start("denoiser", settings, again=True)
    await_step(here, settings.total_steps)
    one, other = runs.view(there), runs.view(here)
    equal = one.curve.losses == other.curve.losses and one.epochs == other.epochs
    print(f"{len(one.curve.losses)} losses on the cluster and here: equal to the last bit: {equal}")
    return equal


def await_step(run_id: str, step: int) -> None:
    """Wait until a run has made so many steps.

    Raises:
        RuntimeError: it failed.
    """
    settings = runs.view(run_id).settings
    end = settings.total_steps if settings else 0
    while (run := runs.view(run_id)).step < step or (run.step == end and run.state != "finished"):
        if run.state == "failed":
            raise RuntimeError(run.reason)
        time.sleep(0.02)


def compared(here: Engine, there: Engine, jobs: Sequence[Demo], repeats: int) -> bool:
    """The same jobs by turns; whether images and throughput are as they should be."""
    seconds: dict[Engine, list[float]] = {here: [], there: []}
    images: dict[Engine, list[np.ndarray]] = {}
    for number, engine in itertools.product(range(repeats), (here, there)):
        start = time.perf_counter()
        images[engine] = finish(ask(engine, jobs, f"repeat {number}"))
        seconds[engine].append(time.perf_counter() - start)
    pairs = zip(images[here], images[there], strict=True)
    differ = max(int(np.abs(one - other).max()) for one, other in pairs)
    ratios = [one / other for one, other in zip(seconds[here], seconds[there], strict=True)]
    share = statistics.median(ratios)
    print(f"images differ by at most {differ} of 255 grey levels")
    for name, engine in (("here", here), ("cluster", there)):
        print(f"{name}: " + ", ".join(f"{one:.1f} s" for one in seconds[engine]))
    print(f"throughput of the cluster over that here: {share:.2f}", end=" ")
    print(f"({min(ratios):.2f} to {max(ratios):.2f}); bar ≥ {LEAST:g}", flush=True)
    return differ <= 1 and share >= LEAST


def survives(engine: Engine, cluster: Cluster, jobs: Sequence[Demo]) -> bool:
    """Kill one worker in the middle of a crowd, then all; whether every job ends as it should."""
    good = True
    for many in (1, CORES):
        tickets = ask(engine, jobs, f"{many} killed")
        while not any(ticket.look().done > 1 for ticket in tickets):
            time.sleep(0.01)
        for worker in cluster.crew.alive()[:many]:
            os.kill(worker.pid, signal.SIGKILL)
        start, ends = time.perf_counter(), {"a result": 0, "a sentence": 0, "something else": 0}
        for ticket in tickets:
            ends[end_of(ticket, tickets)] += 1
        said = ", ".join(f"{count} with {end}" for end, count in ends.items() if count)
        print(
            f"{many} of {CORES} workers killed: {said}, after {time.perf_counter() - start:.1f} s"
        )
        good &= not ends["something else"]
        while len(cluster.crew.alive()) < CORES:
            time.sleep(0.1)
    return good


def end_of(ticket: Ticket, tickets: Sequence[Ticket]) -> str:
    """Wait for a job's end, and say how it ended."""
    try:
        finish([ticket], tickets)
    except NoWorker:
        return "a sentence"
    except Exception:
        return "something else"
    return "a result"


def ask(engine: Engine, jobs: Sequence[Demo], key: str) -> list[Ticket]:
    """Let every reader ask for a job."""
    return [
        engine.submit(f"reader {n}", "a16", f"{key}, job {n}", job) for n, job in enumerate(jobs)
    ]


def finish(tickets: Sequence[Ticket], looked_at: Sequence[Ticket] = ()) -> list[np.ndarray]:
    """Wait for jobs as their pages do; returns the pixels of each.

    Args:
        tickets: whose results are wanted.
        looked_at: others that somebody still waits for.

    Raises:
        Exception: whatever a job raised.
    """
    found = []
    for ticket in tickets:
        while not ticket.wait(0.05):
            for one in (*tickets, *looked_at):
                one.look()
        result = ticket.result()
        assert isinstance(result, sampling.Samples)
        found.append(np.stack([image.pixels for image in result.images]).astype(int))
    return found


if __name__ == "__main__":
    sys.exit(main())
