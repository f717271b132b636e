"""Thirty readers move a slider on a page whose results are remembered: how long does each wait?

    python -m benchmarks.load

Starts the app and drives it as Streamlit's agent API allows, without a browser and without pauses:
each reader makes the next move as soon as the last is answered. Exits with 1 beyond a bar.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parent.parent
READERS, MOVES = 30, 20
PAGE, SLIDER, VALUES = "forward_process", "a11_t", range(0, 1000, 50)
MOST_SECONDS, MOST_CPU_MS = 1.0, 40.0


@contextmanager
def server(*options: str) -> Iterator[tuple[int, psutil.Process, float]]:
    """Run the app on a free port, with no runs; yields port, process, and when it was started."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py"]
    command += ["--server.address", "127.0.0.1", "--server.port", str(port), *options]
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, "DIFFUSION_RUNS": folder},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield port, psutil.Process(process.pid), start
        finally:
            process.terminate()
            process.wait(30)


def wait_for_work(port: int) -> None:
    """Return once the app takes work.

    Raises:
        TimeoutError: it does not within a minute.
    """
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/api/health")
            if connection.getresponse().status == 200:
                return
        except OSError:
            pass
        time.sleep(0.05)
    raise TimeoutError("the app did not start")


class Reader:
    """One session: its answers' times in seconds, and what went wrong."""

    def __init__(self, port: int) -> None:
        """Open the page."""
        self.seconds: list[float] = []
        self.errors: list[str] = []
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._session = str(self._ask({"page": PAGE})["session_id"])

    def move(self, value: int) -> None:
        """Set the slider and wait for the page."""
        wish = {"session_id": self._session, "widget_state": {SLIDER: value}}
        start = time.perf_counter()
        try:
            status = self._ask(wish)["status"]
        except (OSError, http.client.HTTPException, KeyError, ValueError) as error:
            status = repr(error)
        self.seconds.append(time.perf_counter() - start)
        if status != "ready":
            self.errors.append(str(status))

    def work(self, first: int) -> None:
        """Make all moves, one after the other, beginning anywhere among the values."""
        for number in range(MOVES):
            self.move(VALUES[(first + number) % len(VALUES)])

    def _ask(self, wish: Mapping[str, object]) -> dict[str, Any]:
        headers = {"Content-Type": "application/json"}
        self._connection.request("POST", "/_stcore/agent/interact", json.dumps(wish), headers)
        answer: dict[str, Any] = json.load(self._connection.getresponse())
        return answer


def cpu_seconds(process: psutil.Process) -> float:
    """CPU time that a process and its children have used."""
    times = [p.cpu_times() for p in (process, *process.children(recursive=True))]
    return float(sum(t.user + t.system for t in times))


def main() -> int:
    """Print the figures; 0 if they are within the bars."""
    with server("--server.enableAgentApi", "true") as (port, process, _):
        wait_for_work(port)
        first = Reader(port)
        for value in VALUES:
            first.move(value)  # from now on every result is remembered
        readers = [Reader(port) for _ in range(READERS)]
        threads = [
            threading.Thread(target=reader.work, args=(number,))
            for number, reader in enumerate(readers)
        ]
        load, before, start = psutil.getloadavg()[0], cpu_seconds(process), time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        wall = time.perf_counter() - start
        cpu_ms = 1000 * (cpu_seconds(process) - before) / (READERS * MOVES)
    seconds = sorted(x for reader in readers for x in reader.seconds)
    errors = [error for reader in (first, *readers) for error in reader.errors]
    p50, p95 = statistics.median(seconds), statistics.quantiles(seconds, n=20)[-1]
    print(f"{READERS} readers, {MOVES} moves each in {wall:.1f} s; load before: {load:.1f}")
    print(f"a move takes p50 {p50:.2f} s, p95 {p95:.2f} s, at most {seconds[-1]:.2f} s", end="")
    print(f"; bar: p95 < {MOST_SECONDS:g} s")
    print(f"CPU of the server: {cpu_ms:.1f} ms a rerun; bar: < {MOST_CPU_MS:g} ms")
    print(f"errors: {len(errors)} {sorted(set(errors))[:3] if errors else ''}")
    return int(p95 >= MOST_SECONDS or cpu_ms >= MOST_CPU_MS or bool(errors))


if __name__ == "__main__":
    sys.exit(main())
