"""The threads that jobs run in: as many as workers, and more while jobs wait for a network."""

from __future__ import annotations

import threading
from collections.abc import Callable

from pages._service.engine.tickets import Job


class Crew:
    """Threads that are handed jobs. All but the threads themselves call it under the lock."""

    def __init__(self, lock: threading.RLock, run: Callable[[Job], None]) -> None:
        """Describe a crew; there is no thread before `start`.

        Args:
            lock: the engine's.
            run: runs a job to its end; raises nothing.
        """
        self._lock, self._run = lock, run
        self._handed_over = threading.Condition(lock)
        self._jobs: list[Job] = []
        self._threads: list[threading.Thread] = []
        self._idle: set[threading.Thread] = set()
        self._least = 0

    @property
    def started(self) -> bool:
        """Whether jobs are taken."""
        return bool(self._threads)

    @property
    def alive(self) -> int:
        """Threads that are there."""
        return sum(thread.is_alive() for thread in self._threads)

    def start(self, least: int) -> None:
        """Start threads; so many stay when there is nothing to do."""
        self._least = least
        for _ in range(least):
            self._add()

    def hand(self, job: Job) -> None:
        """Have a job run at once."""
        self._jobs.append(job)
        if len(self._jobs) > len(self._idle):
            self._add()
        self._handed_over.notify()

    def dismiss(self) -> tuple[list[threading.Thread], list[Job]]:
        """Let the threads go, each after its job; returns them, and the jobs that nobody began."""
        gone = self._threads, self._jobs
        self._threads, self._jobs = [], []
        self._idle.clear()
        self._handed_over.notify_all()
        return gone

    def _add(self) -> None:
        name = f"lesson-worker-{len(self._threads)}"
        thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._threads.append(thread)
        self._idle.add(thread)
        thread.start()

    def _work(self) -> None:
        while self._work_once():
            pass

    def _work_once(self) -> bool:
        """Run the next job, in a frame of its own so that an idle thread holds no result."""
        job = self._next()
        if job is None:
            return False
        self._run(job)
        return True

    def _next(self) -> Job | None:
        """Wait for a job; None when this thread is no longer needed."""
        me = threading.current_thread()
        with self._lock:
            while me in self._threads:
                self._idle.add(me)
                if self._jobs:
                    self._idle.discard(me)
                    return self._jobs.pop(0)
                if len(self._idle) > self._least:
                    self._idle.discard(me)
                    self._threads.remove(me)
                    break
                self._handed_over.wait()
        return None
