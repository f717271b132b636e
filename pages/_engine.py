"""Runs lessons in a few worker threads, away from the pages' own threads.

Streamlit starts a new script thread at every move of a slider, so a page that called a model itself
would soon run six of them at once. Pages ask here instead: a few workers, one line, one result per
content key. It is a plain module and no `st.cache_resource`, because any browser may clear those.

A job is a generator that yields `Progress` after each step, or a plain function. Between two steps
the engine looks whether anybody still waits for it; if nobody does, the job ends there.
"""

from __future__ import annotations

import dataclasses
import gc
import importlib
import importlib.util
import logging
import os
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Generator
from contextlib import closing
from typing import TYPE_CHECKING, Literal

from pages._content import size_of

if TYPE_CHECKING:  # lessons.picture imports torch, which start() does once, with a word in the log
    from lessons.picture import Picture, Progress

log = logging.getLogger(__name__)

PATIENCE = 10.0
"""Seconds after which a ticket that nobody has looked at counts as forgotten."""

LINE = 64
"""Jobs that may wait; beyond that, `Busy`."""

State = Literal["waiting", "running", "done", "failed", "cancelled"]


class Busy(RuntimeError):
    """The line is full; the message is a sentence for the reader."""


class Cancelled(RuntimeError):
    """The ticket was released, replaced or forgotten before there was a result."""


@dataclasses.dataclass(frozen=True)
class Snapshot:
    """How far a job has come, at one moment.

    Attributes:
        state: what the job is doing.
        place: 1 for the next one in line, 2 for the one behind it, …; 0 when not waiting.
        done: steps finished, 0 ≤ done ≤ total.
        total: steps in all; 0 as long as the job has told nothing.
        note: a few words from the job, or "".
        frame: pictures worth showing already, or None.
        started_at: Unix time at which a worker took it, or None.
        seconds_left: estimate from the measured step rate, ≥ 0, or None.
    """

    state: State
    place: int = 0
    done: int = 0
    total: int = 0
    note: str = ""
    frame: tuple[Picture, ...] | None = None
    started_at: float | None = None
    seconds_left: float | None = None


@dataclasses.dataclass(frozen=True)
class Health:
    """Counts for a health page: worker threads alive, jobs, and what the results occupy."""

    workers: int
    running: int
    waiting: int
    results: int
    result_bytes: int


@dataclasses.dataclass(eq=False)
class _Job:
    key: str
    call: Callable[[], object]
    state: State = "waiting"
    tickets: set[Ticket] = dataclasses.field(default_factory=set)
    progress: Progress | None = None
    started_at: float | None = None
    marks: deque[tuple[float, int]] = dataclasses.field(default_factory=lambda: deque(maxlen=20))
    result: object = None
    error: Exception | None = None


class Ticket:
    """One page's claim on a job. Made by `Engine.submit`; give it back with `release`."""

    def __init__(self, engine: Engine, job: _Job, owner: tuple[str, str], seen: float) -> None:
        """Bind the claim of `owner` (session, slot) to a job; `seen` is the clock now."""
        self._engine = engine
        self._job = job
        self._owner = owner
        self._seen = seen
        self._over = threading.Event()

    def wait(self, seconds: float) -> bool:
        """Wait at most so long; True once there is a result, an error, or nothing to wait for."""
        return self._over.wait(seconds)

    def look(self) -> Snapshot:
        """Return the job's progress, and so tell the engine that somebody still waits for it."""
        return self._engine._look(self)

    def release(self) -> None:
        """Give up the claim; a job without any claim left stops within one step. Repeatable."""
        self._engine._release(self)

    def result(self) -> object:
        """Return the finished job's result; it is shared between readers, so don't change it.

        Raises:
            Cancelled: there is no result, and none will come through this ticket.
            Exception: whatever the job raised.
        """
        if self._job.error is not None:
            raise self._job.error
        if self._job.state != "done":
            raise Cancelled("This calculation was cancelled.")
        return self._job.result


class Results:
    """Finished results by content key, bounded in number and bytes; the least used go first.

    Not locked: the engine holds its own lock around every call.
    """

    def __init__(self, entries: int = 256, size: int = 256 * 2**20) -> None:
        """Keep at most `entries` results of at most `size` bytes together."""
        self._limits = entries, size
        self._kept: OrderedDict[str, tuple[object, int]] = OrderedDict()
        self.bytes = 0

    def __len__(self) -> int:
        """Count the results."""
        return len(self._kept)

    def __contains__(self, key: str) -> bool:
        """Tell whether a result is here, without counting that as a use."""
        return key in self._kept

    def get(self, key: str, otherwise: object = None) -> object:
        """Return a result and mark it as used, or `otherwise` if it isn't here."""
        if key not in self._kept:
            return otherwise
        self._kept.move_to_end(key)
        return self._kept[key][0]

    def keep(self, key: str, result: object) -> None:
        """Store a result; one that is too large by itself is not kept and displaces nothing."""
        entries, limit = self._limits
        size = size_of(result)
        if size > limit:
            return
        self.bytes += size - self._kept.pop(key, (None, 0))[1]
        self._kept[key] = result, size
        while len(self._kept) > entries or self.bytes > limit:
            self.bytes -= self._kept.popitem(last=False)[1][1]


class Engine:
    """A bounded number of workers and one line of jobs, first come, first served."""

    def __init__(
        self,
        workers: Callable[[], int] = lambda: 1,
        line: int = LINE,
        patience: float = PATIENCE,
        results: Results | None = None,
        prepare: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Describe an engine; nothing runs before `start` or the first `submit`.

        Args:
            workers: asked at start for the number of threads, ≥ 1.
            line: jobs that may wait.
            patience: seconds until a ticket that nobody looks at is forgotten.
            results: where finished results go.
            prepare: run once before the first worker starts.
            clock: seconds; tests bring their own.
        """
        self._workers, self._limit, self._patience = workers, line, patience
        self._prepare, self._clock = prepare, clock
        self._results = Results() if results is None else results
        self._starting = threading.Lock()
        self._lock = threading.RLock()
        self._work_to_do = threading.Condition(self._lock)
        self._threads: list[threading.Thread] = []
        self._prepared = False
        self._line: list[_Job] = []
        self._jobs: dict[str, _Job] = {}  # waiting or running
        self._claims: dict[tuple[str, str], Ticket] = {}  # the newest of each (session, slot)

    # -- starting and stopping ------------------------------------------------------------------

    def start(self) -> None:
        """Prepare (once per process) and start the workers; does nothing when they already run."""
        with self._starting:
            if self._threads:
                return
            count = self._workers()
            if not self._prepared:
                self._prepare()
                self._prepared = True
            self._threads = [
                threading.Thread(target=self._work, name=f"lesson-worker-{n}", daemon=True)
                for n in range(count)
            ]
            for thread in self._threads:
                thread.start()

    def stop(self, seconds: float = 5.0) -> None:
        """Cancel every job, then wait at most so long for the workers to end."""
        with self._starting:
            with self._lock:
                threads, self._threads = self._threads, []
                for ticket in list(self._claims.values()):
                    self._release(ticket)
                self._work_to_do.notify_all()
            for thread in threads:
                thread.join(seconds)

    def health(self) -> Health:
        """Return the counts of this moment."""
        with self._lock:
            alive = sum(thread.is_alive() for thread in self._threads)
            running = len(self._jobs) - len(self._line)
            kept = len(self._results), self._results.bytes
            return Health(alive, running, len(self._line), *kept)

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
            job = self._finished(key) or self._jobs.get(key) or self._enqueue(key, call, older)
            ticket = Ticket(self, job, owner, self._clock())
            if job.state == "done":
                ticket._over.set()
            else:
                job.tickets.add(ticket)
            if older:  # after the new claim is in, so that a job which both want goes on
                self._release(older)
            if job.state != "done":
                self._claims[owner] = ticket
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

    def _finished(self, key: str) -> _Job | None:
        if key not in self._results:
            return None
        return _Job(key, lambda: None, state="done", result=self._results.get(key))

    def _enqueue(self, key: str, call: Callable[[], object], older: Ticket | None) -> _Job:
        """Put a new job in line; it inherits the place of the older one that it replaces."""
        place = len(self._line)
        if older:
            if older._job in self._line and older._job.tickets == {older}:
                place = self._line.index(older._job)
            self._release(older)
        if len(self._line) >= self._limit:
            raise Busy("Many readers are calculating right now. Please try again in a minute.")
        job = self._jobs[key] = _Job(key, call)
        self._line.insert(place, job)
        self._work_to_do.notify()
        return job

    def _release(self, ticket: Ticket) -> None:
        with self._lock:
            job = ticket._job
            job.tickets.discard(ticket)
            if self._claims.get(ticket._owner) is ticket:
                del self._claims[ticket._owner]
            if not job.tickets and job.state == "waiting":
                self._line.remove(job)
                self._end(job, "cancelled")
            ticket._over.set()

    def _end(self, job: _Job, state: State) -> None:
        job.state = state
        del self._jobs[job.key]
        for ticket in list(job.tickets):
            self._release(ticket)

    def _forget(self) -> None:
        """Release the tickets that nobody looks at any more: a browser that went without a word."""
        now = self._clock()
        for ticket in list(self._claims.values()):
            if now - ticket._seen > self._patience:
                self._release(ticket)

    def _look(self, ticket: Ticket) -> Snapshot:
        with self._lock:
            ticket._seen = self._clock()
            self._forget()
            job, steps = ticket._job, ticket._job.progress
            place = self._line.index(job) + 1 if job in self._line else 0
            now = Snapshot(job.state, place, started_at=job.started_at)
            if steps is None:
                return now
            return dataclasses.replace(
                now,
                done=steps.done,
                total=steps.total,
                note=steps.note,
                frame=steps.frame,
                seconds_left=self._seconds_left(job, steps),
            )

    def _seconds_left(self, job: _Job, steps: Progress) -> float | None:
        # The first step pays for warming up, so it counts only while there is no other.
        (t_first, n_first), (t_latest, n_latest) = job.marks[len(job.marks) > 2], job.marks[-1]
        if n_latest <= n_first:
            return None
        per_step = (t_latest - t_first) / (n_latest - n_first)
        return max(0.0, per_step * (steps.total - steps.done) - (self._clock() - t_latest))

    # -- in the worker threads ------------------------------------------------------------------

    def _work(self) -> None:
        while self._work_once():
            pass

    def _work_once(self) -> bool:
        """Run the next job, in a frame of its own so that an idle worker holds no result."""
        job = self._next()
        if job is None:
            return False
        try:
            result = self._drive(job)
        except _Abandoned:
            pass
        except BaseException as error:  # SystemExit too: a lesson must not end the worker
            log.debug("job failed", exc_info=error)
            with self._lock:
                if not isinstance(error, Exception):
                    error = RuntimeError(f"the calculation ended with {error!r}")
                job.error = error
                self._end(job, "failed")
        else:
            with self._lock:
                job.result = result
                self._results.keep(job.key, result)
                self._end(job, "done")
        return True

    def _next(self) -> _Job | None:
        """Wait for a job that somebody wants; None when this worker is no longer needed."""
        me = threading.current_thread()
        with self._lock:
            while me in self._threads:
                self._forget()
                if self._line:
                    job = self._line.pop(0)
                    job.state, job.started_at = "running", time.time()
                    job.marks.append((self._clock(), 0))
                    return job
                self._work_to_do.wait()
        return None

    def _drive(self, job: _Job) -> object:
        steps = job.call()
        if not isinstance(steps, Generator):
            return steps
        with closing(steps):
            while True:
                try:
                    progress = next(steps)
                except StopIteration as end:
                    return end.value
                self._step(job, progress)

    def _step(self, job: _Job, progress: Progress) -> None:
        """Note the progress, or end the job if nobody waits for it any more."""
        with self._lock:
            self._forget()
            if not job.tickets:
                self._end(job, "cancelled")
                raise _Abandoned
            job.progress = progress
            job.marks.append((self._clock(), progress.done))


class _Abandoned(Exception):
    """Nobody waits for this job any more."""


# -- the one engine of this process -------------------------------------------------------------


def _workers_wanted() -> int:
    text = os.environ.get("DIFFUSION_WORKERS", "1")
    if not text.isdecimal() or not 1 <= int(text) <= 16:
        raise ValueError(f"DIFFUSION_WORKERS must be a whole number from 1 to 16, not {text!r}")
    return int(text)


def _warm_up() -> None:
    """Import and load what is heavy, then take it out of the garbage collector's sight.

    Streamlit collects all garbage after every rerun; frozen objects cost it nothing.
    """
    if importlib.util.find_spec("lessons.warm_up"):
        try:
            importlib.import_module("lessons.warm_up").warm_up()
        except Exception:  # the page that needs what failed says so; the others work
            log.exception("warming up failed")
    gc.collect()
    gc.freeze()


_engine = Engine(workers=_workers_wanted, prepare=_warm_up)
start = _engine.start
stop = _engine.stop
submit = _engine.submit
cancel = _engine.cancel
remembered = _engine.remembered
keep = _engine.keep
health = _engine.health
