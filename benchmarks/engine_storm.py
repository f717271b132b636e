"""Ten slider moves in two seconds, and Cancel, against the engine: what does it finish?

    python benchmarks/engine_storm.py

The job is a stand-in for sampling: 40 steps of one 50 ms matrix product each, so about 2 s alone.
Exits with 1 if more than two of the ten calls finish, or if Cancel takes more than one step.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Generator
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from lessons.images.captioned import Progress
from models.batching import NetworkCall, called
from pages._service.engine import Engine

STEPS, STEP_SECONDS = 40, 0.05
MOVES, STORM_SECONDS = 10, 2.0
RIVALS = 20
MOST_FINISHED, MOST_STEPS = 2, 1


class Sampling:
    """A job that counts its steps and notes how it ended."""

    def __init__(self) -> None:
        """Start with no step taken."""
        self.steps = 0
        self.finished = False
        self.closed = threading.Event()

    def __call__(self) -> Generator[Progress, None, int]:
        """Take the steps."""
        matrix = np.random.default_rng(0).standard_normal((256, 256))
        try:
            for step in range(STEPS):
                self.steps += 1
                end = time.monotonic() + STEP_SECONDS
                while time.monotonic() < end:
                    matrix @ matrix
                yield Progress(step + 1, STEPS)
            self.finished = True
            return self.steps
        finally:
            self.closed.set()


def storm(engine: Engine) -> tuple[int, int, float]:
    """Move a slider; return the calls finished, the steps taken, and seconds to the last result."""
    jobs = [Sampling() for _ in range(MOVES)]
    for number, job in enumerate(jobs):
        last = time.monotonic()
        ticket = engine.submit("reader", "slider", f"move {number}", job)
        ticket.wait(STORM_SECONDS / MOVES)
    while not ticket.wait(0.1):
        ticket.look()
    ticket.result()
    finished = sum(job.finished for job in jobs)
    return finished, sum(job.steps for job in jobs), time.monotonic() - last


def cancel(engine: Engine, number: int) -> tuple[int, float]:
    """Cancel a running job; return the steps it began after that, and ms until it was gone."""
    job = Sampling()
    ticket = engine.submit("reader", "cancel", f"cancel {number}", job)
    while ticket.look().done < 3:
        time.sleep(0.007)
    before, start = job.steps, time.monotonic()
    ticket.release()
    job.closed.wait()
    return job.steps - before, 1000 * (time.monotonic() - start)


def overhead(engine: Engine) -> tuple[float, float, float]:
    """Return the µs that the engine adds per step, per network call, and per remembered result."""

    def steps() -> Generator[Progress, None, None]:
        for step in range(20_000):
            yield Progress(step + 1, 20_000)

    start = time.perf_counter()
    engine.submit("reader", "overhead", "steps", steps).wait(60)
    per_step = (time.perf_counter() - start) / 20_000
    x = torch.zeros(1, 1)

    def calls() -> None:
        for _ in range(20_000):
            called(NetworkCall(None, lambda x: x, (x,)))

    start = time.perf_counter()
    calls()
    plain = time.perf_counter() - start
    start = time.perf_counter()
    engine.submit("reader", "overhead", "calls", calls).wait(60)
    per_call = (time.perf_counter() - start - plain) / 20_000
    start = time.perf_counter()
    for _ in range(2_000):
        engine.submit("reader", "overhead", "steps", steps).release()
    return 1e6 * per_step, 1e6 * per_call, 1e6 * (time.perf_counter() - start) / 2_000


def crowd(engine: Engine) -> tuple[int, int]:
    """Let many readers ask for one thing at once; return the calls made and results handed out."""
    calls: list[int] = []

    def call() -> int:
        calls.append(1)
        time.sleep(0.2)
        return 1

    tickets = [engine.submit(f"reader {n}", "demo", "the same", call) for n in range(RIVALS)]
    results = sum(ticket.wait(10) for ticket in tickets)
    return len(calls), results


def main() -> int:
    """Print the figures; 0 if they are within the bars."""
    engine = Engine()
    finished, steps, seconds = storm(engine)
    print(f"{MOVES} slider moves in {STORM_SECONDS:g} s: {finished} calls finished", end="")
    print(
        f", {steps} of {MOVES * STEPS} steps taken, the last result {seconds:.2f} s after its move"
    )
    latencies = [cancel(engine, number) for number in range(10)]
    late, slowest = max(steps for steps, _ in latencies), max(ms for _, ms in latencies)
    print(
        f"Cancel, ten times: at most {late} more steps begun, gone within {slowest:.0f} ms", end=""
    )
    print(f" (one step takes {1000 * STEP_SECONDS:.0f} ms)")
    calls, results = crowd(engine)
    print(f"{RIVALS} readers ask for the same: {calls} call, {results} results")
    per_step, per_call, per_request = overhead(engine)
    print(
        f"the engine costs {per_step:.1f} µs a step, {per_call:.1f} µs a lone network call", end=""
    )
    print(f", {per_request:.1f} µs a remembered result")
    engine.stop()
    return int(finished > MOST_FINISHED or late > MOST_STEPS or calls != 1)


if __name__ == "__main__":
    sys.exit(main())
