"""A cluster beside the engine in one process, at equal cores: images, throughput, a killed worker.

    OMP_NUM_THREADS=1 python -m benchmarks.cluster [--model NAME] [--readers 8] [--repeats 3]

Needs `requirements-cluster.txt`. Starts a cluster of its own on this machine, with two workers of
one core each; beside it an engine with two workers of one thread each. Both are given the same
jobs, by turns, so that other work on the machine meets both alike. Then one worker is killed in the
middle of a crowd (kill -9), and then both. Exits with 1 if images differ by more than a grey level,
if the cluster has less than `LEAST` of the throughput here, or if a job ends with neither a result
nor a sentence.
"""

from __future__ import annotations

import argparse
import itertools
import os
import signal
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

import numpy as np

from lessons.part_a import sampling
from lessons.prompts import prompts_for
from models import catalog
from models.cluster.crew import NoWorker
from models.cluster.pool import Cluster, connect
from models.cluster.settings import AUTO, ClusterSettings
from pages._service.engine import Engine, Ticket

CORES: Final = 2
LEAST: Final = 0.8
"""Share of the throughput here that the cluster must reach."""

Demo = Callable[[], object]


def main() -> int:
    """Print the figures; 0 if they are within the bars."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default=next(iter(catalog.entries())))
    parser.add_argument("--readers", type=int, default=8)
    parser.add_argument("--images", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    import ray

    ray.init("local", num_cpus=CORES, include_dashboard=False, log_to_driver=False)
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
    ray.shutdown()
    return int(not good)


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
