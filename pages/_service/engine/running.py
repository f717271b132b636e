"""How a job is run: it gets a slot, gives it back between two steps, and hands its calls over.

A job is an ordinary generator whose lesson calls its network where the mathematics does, deep in a
loop that knows nothing of other readers. Such a call can only wait for company if its thread waits;
so each job in the making has one. Threads without a slot sleep: at any time no more calculate than
there are workers. A batch is calculated by the thread of the first job in it, or waited for by it
where it is calculated elsewhere. A lone reader's call is made by its own thread at once, and no
thread waits for another.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Generator
from contextlib import closing
from typing import TYPE_CHECKING, TypeVar

from pages._service.engine.crew import Crew
from pages._service.engine.tickets import Abandoned, Job, Stage, State
from pages._service.engine.turns import Turns

if TYPE_CHECKING:
    from lessons.batching import Calculator, NetworkCall
    from lessons.images.captioned import Progress

T = TypeVar("T")

log = logging.getLogger(__name__)


class Running:
    """The jobs in the making, and the threads that they run in."""

    def __init__(
        self,
        lock: threading.RLock,
        clock: Callable[[], float],
        forget: Callable[[], None],
        end: Callable[[Job, State], None],
        share: bool,
        meter: Callable[[], float],
    ) -> None:
        """Describe it; nothing runs before `start`.

        Args:
            lock: the engine's.
            clock: seconds.
            forget: releases the tickets that nobody looks at; called under the lock.
            end: tells those who wait how a job ended; called under the lock.
            share: whether jobs' calls of one network become one batch.
            meter: seconds that the thread which asks has calculated.
        """
        self._lock, self._clock, self._forget, self._end = lock, clock, forget, end
        self._meter = meter
        self.turns = Turns(share)
        self.crew = Crew(lock, self._run)

    # -- under the lock -------------------------------------------------------------------------

    def start(self, slots: int, where: Calculator) -> None:
        """Let so many jobs calculate at the same time, and network calls where it says."""
        self._where = where
        self.turns.slots_away = where.slots
        self.turns.begun.clear()  # what did not end in time at the last stop holds no slot
        self.turns.slots = slots
        self.crew.start(slots)
        self.dispatch()

    def dispatch(self) -> None:
        """Give every free slot to whoever is next."""
        while self.crew.started and (chosen := self.turns.choose()):
            first = chosen[0]
            for job in chosen:
                job.stage = "called"
            first.stage = "calculating"
            first.batch = chosen if first.network_call else ()
            if first.state == "waiting":
                self.turns.line.remove(first)
                self.turns.begun.append(first)
                first.state, first.started_at = "running", time.time()
                first.marks.append((self._clock(), 0))
                self.crew.hand(first)
            first.turn.notify_all()

    def _charge(self, job: Job, elsewhere: float = 0.0) -> None:
        """Note what the job's thread, which this is, calculated since it was last charged.

        Args:
            job: its own.
            elsewhere: seconds that others have calculated for it.
        """
        now = self._meter()
        seconds, job.since = now - job.since + elsewhere, now
        if not job.batch:
            self.turns.charge(job, seconds)
        images = {one: one.network_call.images for one in job.batch if one.network_call}
        for one, count in images.items():
            self.turns.charge(one, seconds * count / sum(images.values()))

    # -- in the worker threads ------------------------------------------------------------------

    def _run(self, job: Job) -> None:
        """Run a job that has a slot to its end; raises nothing."""
        from lessons import batching  # imports torch, which start() does

        job.since = self._meter()
        try:
            with batching.handing_over(Calls(self, job)):
                result = self._drive(job)
        except Abandoned:
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
                self._end(job, "done")
        with self._lock:
            if job in self.turns.begun:
                self.turns.begun.remove(job)
            if job.stage == "calculating":
                self._charge(job)
            self._forget()
            self.dispatch()

    def _drive(self, job: Job) -> object:
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

    def _step(self, job: Job, progress: Progress) -> None:
        """Note the progress, or end the job if nobody waits for it; let others have their turn."""
        with self._lock:
            self._forget()
            self._go_on(job)
            job.progress = progress
            job.marks.append((self._clock(), progress.done))
            self._give_way(job, "ready")
            self._go_on(job)

    def _go_on(self, job: Job) -> None:
        """End the job if nobody waits for it any more."""
        if not job.tickets:
            self._end(job, "cancelled")
            raise Abandoned

    def _give_way(self, job: Job, stage: Stage) -> None:
        """Give the slot back, and wait until the job gets one again; ends it if nobody waits."""
        if stage == "ready" and self.turns.only(job):
            return
        self._charge(job)
        job.stage = stage
        self.dispatch()
        self._await_turn(job)

    def _await_turn(self, job: Job) -> None:
        """Wait until the job has a slot; ends it if nobody waits for it."""
        while job.stage != "calculating":
            if job.stage != "called":
                self._go_on(job)
            job.turn.wait()
        job.since = self._meter()

    def answer(self, job: Job, call: NetworkCall) -> None:
        """Have a network call made, in company if there is any."""
        elsewhere = self._where.elsewhere(call)
        with self._lock:
            job.elsewhere = elsewhere
            alone = self.turns.only(job)
            if not alone:
                job.network_call = call
                self._give_way(job, "calling")
            batch = job.batch
        if alone:
            seconds = self._where.perform([call])
            with self._lock:
                self.turns.charge(job, seconds)
        elif batch:  # it fell to this thread
            seconds = self._where.perform([one.network_call for one in batch if one.network_call])
            with self._lock:
                self._charge(job, seconds)
                for one in batch:
                    one.network_call = None
                    one.stage = "calculating" if one is job and not elsewhere else "ready"
                    one.turn.notify_all()  # if nobody wants it any more it ends now
                job.batch = ()
                self.dispatch()
                self._await_turn(job)
        with self._lock:
            self._go_on(job)

    def aside(self, job: Job, wait: Callable[[], T]) -> T:
        """Wait for another job without a slot."""
        with self._lock:
            self._charge(job)
            job.stage = "called"
            self.dispatch()
        result = wait()
        with self._lock:
            self._give_way(job, "ready")
            self._go_on(job)
        return result


class Calls:
    """What a lesson's thread hands its network calls to."""

    def __init__(self, running: Running, job: Job) -> None:
        """Take the calls of one job."""
        self._running, self._job = running, job

    def answer(self, call: NetworkCall) -> None:
        """Return once the call is made; ends the job if nobody waits for it any more."""
        self._running.answer(self._job, call)

    def aside(self, wait: Callable[[], T]) -> T:
        """Let others calculate while this job waits for one of them."""
        return self._running.aside(self._job, wait)
