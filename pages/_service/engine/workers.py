"""What pages ask of the engine: tickets, results, and what becomes of those that nobody wants."""

from __future__ import annotations

import dataclasses
import gc
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from pages._service.awake import AwakeClock
from pages._service.engine.results import Results
from pages._service.engine.running import Running
from pages._service.engine.tickets import Busy, Health, Job, Snapshot, State, Ticket

if TYPE_CHECKING:  # it imports torch
    from lessons.batching import Calculator

PATIENCE = 10.0
"""Seconds after which a ticket that nobody has looked at counts as forgotten."""

LINE = 64
"""Jobs that may wait; beyond that, `Busy`."""

BEAT = 1.0
"""Seconds between two looks at the clock."""


class Engine:
    """A bounded number of workers, and jobs that take turns at them; see `Turns`."""

    def __init__(
        self,
        workers: Callable[[], int] = lambda: 1,
        line: int = LINE,
        patience: float = PATIENCE,
        results: Results | None = None,
        prepare: Callable[[], None] = lambda: None,
        clock: Callable[[], float] | None = None,
        share: bool = True,
        meter: Callable[[], float] = time.thread_time,
        calculator: Callable[[], Calculator] | None = None,
    ) -> None:
        """Describe an engine; nothing runs before `start` or the first `submit`.

        Args:
            workers: asked at start for the number of jobs that calculate at the same time, ≥ 1.
            line: jobs that may wait.
            patience: seconds until a ticket that nobody looks at is forgotten.
            results: where finished results go.
            prepare: run once before the first worker starts.
            clock: seconds; by default those in which this process was awake.
            share: whether jobs' calls of one network become one batch.
            meter: seconds that the thread which asks has calculated. By default the processor's, so
                that a training beside the engine makes no job a longer one.
            calculator: asked at start for the place where network calls are calculated; by default
                this process.
        """
        self._workers, self._limit, self._patience = workers, line, patience
        self._prepare, self._clock = prepare, clock or AwakeClock()
        self._stopped = threading.Event()
        self._worked = False  # since garbage was collected last
        self._results = Results() if results is None else results
        self._starting = threading.Lock()
        self._lock = threading.RLock()
        self._running = Running(self._lock, self._clock, self._forget, self._end, share, meter)
        self._turns = self._running.turns
        self._prepared = False
        self._calculator = calculator or _in_this_process
        self._where: Calculator | None = None
        self._jobs: dict[str, Job] = {}  # waiting or running
        self._claims: dict[tuple[str, str], Ticket] = {}  # the newest of each (session, slot)

    # -- starting and stopping ------------------------------------------------------------------

    def start(self) -> None:
        """Prepare (once per process) and start the workers; does nothing when they already run."""
        with self._starting:
            if self._running.crew.started:
                return
            slots = self._workers()
            if not self._prepared:
                self._prepare()
                self._prepared = True
            self._where = self._calculator()
            self._stopped = threading.Event()
            threading.Thread(
                target=self._beat, args=(self._stopped,), name="lesson-beat", daemon=True
            ).start()
            with self._lock:
                self._running.start(slots, self._where)

    def stop(self, seconds: float = 5.0) -> None:
        """Cancel every job, then wait at most so long for each worker to end."""
        with self._starting:
            self._stopped.set()
            with self._lock:
                threads, not_begun = self._running.crew.dismiss()
                for ticket in list(self._claims.values()):
                    self._release(ticket)
                for job in not_begun:
                    self._end(job, "cancelled")
            for thread in threads:
                thread.join(seconds)
            if self._where is not None:
                self._where.close()
                self._where = None

    def health(self) -> Health:
        """Return the counts of this moment."""
        with self._lock:
            waiting = len(self._turns.line)
            kept = len(self._results), self._results.bytes
            return Health(self._running.crew.alive, len(self._jobs) - waiting, waiting, *kept)

    # -- what pages ask -------------------------------------------------------------------------

    def submit(self, session: str, slot: str, key: str, call: Callable[[], object]) -> Ticket:
        """Ask for the result of `call`, in the place of this slot's older request.

        Args:
            session: who asks.
            slot: which of the session's demos asks; its newer request replaces its older one.
            key: content key; requests with the same key share one job and one result.
            call: the job; returns its result, or a generator that yields `Progress`.

        Raises:
            Busy: too many jobs wait already.
        """
        self.start()
        with self._lock:
            self._forget()
            owner = session, slot
            older = self._claims.get(owner)
            self._turns.admit(session, self._clock())
            job = (
                self._finished(key)
                or self._jobs.get(key)
                or self._enqueue(session, key, call, older)
            )
            ticket = Ticket(self, job, owner, self._clock())
            if job.state == "done":
                ticket._over.set()
            else:
                job.tickets.add(ticket)
            if older:  # after the new claim is in, so that a job which both want goes on
                self._release(older)
            if job.state != "done":
                self._claims[owner] = ticket
            self._running.dispatch()
            return ticket

    def cancel(self, session: str, slot: str) -> None:
        """Release what this slot waits for, if anything; for a callback without the ticket."""
        with self._lock:
            if ticket := self._claims.get((session, slot)):
                self._release(ticket)

    def remembered(self, key: str, otherwise: object = None) -> object:
        """Return the finished result of this key, or `otherwise`; never starts anything."""
        with self._lock:
            return self._results.get(key, otherwise)

    def keep(self, key: str, result: object) -> None:
        """Remember a result that was not calculated here."""
        with self._lock:
            if key not in self._results:
                self._results.keep(key, result)

    # -- under the lock -------------------------------------------------------------------------

    def _finished(self, key: str) -> Job | None:
        if key not in self._results:
            return None
        return Job(key, lambda: None, state="done", result=self._results.get(key))

    def _enqueue(
        self, session: str, key: str, call: Callable[[], object], older: Ticket | None
    ) -> Job:
        """Put a new job in line; it inherits the place of the older one that it replaces."""
        line = self._turns.line
        place = len(line)
        if older:
            if older._job in line and older._job.tickets == {older}:
                place = line.index(older._job)
            self._release(older)
        if len(line) >= self._limit:
            raise Busy("Many readers are calculating right now. Please try again in a minute.")
        turn = threading.Condition(self._lock)
        job = self._jobs[key] = Job(key, call, session, turn=turn)
        line.insert(place, job)
        return job

    def _release(self, ticket: Ticket) -> None:
        with self._lock:
            job = ticket._job
            job.tickets.discard(ticket)
            if self._claims.get(ticket._owner) is ticket:
                del self._claims[ticket._owner]
            if not job.tickets and job.state == "waiting":
                self._turns.line.remove(job)
                self._end(job, "cancelled")
            if not job.tickets and job.state == "running":
                job.turn.notify_all()  # it waits for its turn no longer
            ticket._over.set()

    def _end(self, job: Job, state: State) -> None:
        job.state = state
        if state == "done":
            self._results.keep(job.key, job.result)
        self._worked = True
        del self._jobs[job.key]
        for ticket in list(job.tickets):
            self._release(ticket)

    def _forget(self) -> None:
        """Release the tickets that nobody looks at any more: a browser that went without a word."""
        now = self._clock()
        for ticket in list(self._claims.values()):
            if now - ticket._seen > self._patience:
                self._release(ticket)
        self._turns.forget({session for session, _slot in self._claims}, now)

    def _look(self, ticket: Ticket) -> Snapshot:
        with self._lock:
            ticket._seen = self._clock()
            self._forget()
            job, steps = ticket._job, ticket._job.progress
            place = self._turns.place(job)
            now = Snapshot(job.state, place, started_at=job.started_at)
            if steps is None:
                return now
            return dataclasses.replace(
                now,
                done=steps.done,
                total=steps.total,
                note=steps.note,
                frame=steps.frame,
                seconds_left=job.seconds_left(steps, self._clock()),
            )

    # -- in a thread of its own ------------------------------------------------------------------

    def _beat(self, stopped: threading.Event) -> None:
        """Once a second look at the clock, and collect garbage where work is done and none waits.

        Streamlit would collect after every rerun, which takes longer than most reruns.
        """
        while not stopped.wait(BEAT):
            self._clock()
            with self._lock:
                due = self._worked and not self._jobs
                self._worked = self._worked and not due
            if due:
                gc.collect()


def _in_this_process() -> Calculator:
    from lessons.batching import InThisProcess

    return InThisProcess()
