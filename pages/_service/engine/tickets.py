"""What a page holds of a calculation: a ticket, and what can be read off it."""

from __future__ import annotations

import dataclasses
import threading
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:  # captioned imports torch, which start() does once, with a word in the log
    from lessons.batching import NetworkCall
    from lessons.images.captioned import CaptionedImage, Progress
    from pages._service.engine.workers import Engine

State = Literal["waiting", "running", "done", "failed", "cancelled"]

Stage = Literal["ready", "calculating", "calling", "called"]
"""Of a job that is not over: needs a slot; has one; has a network call to be made; is being made.

The job whose thread makes a batch of calls is the one that is calculating.
"""


class Busy(RuntimeError):
    """The line is full; the message is a sentence for the reader."""


class Abandoned(BaseException):
    """Nobody waits for this job any more; no error, so that no lesson catches it as one."""


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
        frame: images worth showing already, or None.
        started_at: Unix time at which a worker took it, or None.
        seconds_left: estimate from the measured step rate, ≥ 0, or None.
    """

    state: State
    place: int = 0
    done: int = 0
    total: int = 0
    note: str = ""
    frame: tuple[CaptionedImage, ...] | None = None
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
class Job:
    """One calculation, and all who wait for it.

    Attributes:
        key: content key of its result.
        call: what is run; its result, or a generator of `Progress`.
        asked_by: the session that asked first.
        marks: (clock, steps done), the newest last; the rate of steps is read off them.
        stage: where it stands between two steps.
        network_call: what it wants of a network now.
        batch: the jobs whose calls its thread is to make, its own among them.
        elsewhere: whether its last network call was calculated elsewhere, or will be.
        since: what its thread's meter showed when it was last charged.
        turn: what its thread waits on, with the engine's lock.
    """

    key: str
    call: Callable[[], object]
    asked_by: str = ""
    state: State = "waiting"
    tickets: set[Ticket] = dataclasses.field(default_factory=set)
    progress: Progress | None = None
    started_at: float | None = None
    marks: deque[tuple[float, int]] = dataclasses.field(default_factory=lambda: deque(maxlen=20))
    result: object = None
    error: Exception | None = None
    stage: Stage = "ready"
    network_call: NetworkCall | None = None
    batch: tuple[Job, ...] = ()
    elsewhere: bool = False
    since: float = 0.0
    turn: threading.Condition = dataclasses.field(default_factory=threading.Condition)

    @property
    def away(self) -> bool:
        """Whether what it needs next, or has now, is a slot elsewhere and none here."""
        return self.elsewhere and (self.stage == "calling" or bool(self.batch))

    def seconds_left(self, steps: Progress, now: float) -> float | None:
        """Estimate from the rate of the steps so far; None before there is one.

        Args:
            steps: how far it is.
            now: the clock.
        """
        # The first step pays for warming up, so it counts only while there is no other.
        (t_first, n_first), (t_latest, n_latest) = self.marks[len(self.marks) > 2], self.marks[-1]
        if n_latest <= n_first:
            return None
        per_step = (t_latest - t_first) / (n_latest - n_first)
        if now - t_latest > 2 * per_step + 1:
            return None  # others have their turn, and how long that takes nobody knows
        return max(0.0, per_step * (steps.total - steps.done) - (now - t_latest))


class Ticket:
    """One page's claim on a job. Made by `Engine.submit`; give it back with `release`."""

    def __init__(self, engine: Engine, job: Job, owner: tuple[str, str], seen: float) -> None:
        """Bind the claim of `owner` (session, slot) to a job; `seen` is the clock now."""
        self._engine = engine
        self._job = job
        self._owner = owner
        self._seen = seen
        self._over = threading.Event()

    @property
    def session(self) -> str:
        """Who asks."""
        return self._owner[0]

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
