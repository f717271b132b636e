"""Who calculates next: fair among sessions, and network calls of the same kind together.

Each worker is a slot. A job holds one while it calculates, and gives it back while it waits for its
network's answer and after every step. The next one goes to the session that is next in turn:

- who has calculated less than LEVELS[0] seconds comes first, then who has less than LEVELS[1],
  then all others, and batches are shared within a level: so a short job is not stuck behind long
  ones, nor slowed down by them (multi-level feedback, Corbató et al. 1962);
- within a level sessions take turns of `TURN` seconds; who has used up a turn goes behind the rest.

Both count the seconds that a session's jobs calculate, however many it starts and cancels: a reader
who drags a slider gets no more than one who waits. Of a batch each pays for its own images.

In that order jobs are continued or begun until their calls fill one batch; then it is calculated.
So calls wait for company only as long as there is other work to do; a lone reader never waits.

Calls that are calculated elsewhere have slots of their own: a job whose batch is away holds none
here. Its thread waits for the answer, and others do what is to be done here. A batch that goes away
waits for company as long as jobs here may still join it, but for no more than its part of them all.
"""

from __future__ import annotations

import bisect
import itertools
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import Final

from pages._service.engine.tickets import Job

LEVELS: Final = (0.5, 2.0)
"""Seconds of calculation at which a session comes behind those that had less."""

DRAIN: Final = 1 / 60
"""Seconds of them that are forgotten in each second in which the session wants nothing.

So even thirty sessions that do little, again and again, take no more than half of a worker.
"""

TURN: Final = 10.0
"""Seconds of a turn: about what five guided images take, so equal jobs end one by one."""

MOST_BEGUN: Final = 48
"""Jobs that are in the making at once; each has a thread that mostly waits."""


@dataclass
class _Account:
    """A session's time.

    Attributes:
        place: of its turn, the lowest is next; None while it wants nothing.
        used: seconds of its turn.
        recent: seconds of late, at most twice the last of LEVELS.
        noted_at: the clock when that was last looked at.
    """

    place: int | None
    used: float
    recent: float
    noted_at: float


class Turns:
    """Slots, jobs that wait or are in the making, and turns.

    Not locked: the engine holds its own lock around every call.

    Attributes:
        slots: jobs that may calculate here at the same time, ≥ 1.
        slots_away: batches that may be calculated elsewhere at the same time, ≥ 0.
        share: whether calls share batches and sessions take turns. Without, one job is run after
            the other, which is for comparison.
        line: jobs that have not begun, by arrival.
        begun: jobs in the making.
    """

    def __init__(self, share: bool = True) -> None:
        """Begin with one slot and no jobs."""
        self.slots, self.slots_away, self.share = 1, 0, share
        self.line: list[Job] = []
        self.begun: list[Job] = []
        self._accounts: dict[str, _Account] = {}
        self._places = itertools.count()

    def admit(self, session: str, now: float) -> None:
        """Give a session that wanted nothing a turn, behind all others."""
        account = self._accounts.setdefault(session, _Account(None, 0.0, 0.0, now))
        if account.place is None:
            account.place, account.used = next(self._places), 0.0

    def forget(self, wanted: Collection[str], now: float) -> None:
        """Take their turn from sessions that want nothing, and forget them after a while."""
        for session, account in list(self._accounts.items()):
            if session not in wanted:
                account.place = None
                account.recent -= DRAIN * (now - account.noted_at)
                if account.recent <= 0:
                    del self._accounts[session]
            account.noted_at = now

    def charge(self, job: Job, seconds: float) -> None:
        """Note that a job has calculated; the session that was next of those who want it pays."""
        account = self._accounts.get(self._session(job))
        if account is None or not self.share:
            return
        account.used += seconds
        account.recent = min(account.recent + seconds, 2 * LEVELS[-1])
        if account.used >= TURN and account.place is not None:
            account.place, account.used = next(self._places), 0.0

    def place(self, job: Job) -> int:
        """1 for the next job that will begin, 2 for the one after it, …; 0 if it has begun."""
        waiting = [one for _, one in self._in_turn() if one.state == "waiting"]
        return waiting.index(job) + 1 if job in waiting else 0

    def only(self, job: Job) -> bool:
        """Whether there is no other job; then it goes on, and pays when another one comes."""
        return self.begun == [job] and not self.line and job.stage == "calculating"

    def choose(self) -> tuple[Job, ...]:
        """Who gets a free slot: one job that goes on or begins, or several whose calls are made.

        Returns:
            Nobody if no slot is free, or nobody needs one.
        """
        free = self._free()
        chosen, full = self._next(free)
        if chosen and chosen[0].away:
            fellows = self._fellows(chosen[0])
            part = -(-len(fellows) // self.slots_away)
            here = any(one.stage in ("ready", "calculating") and not one.away for one in fellows)
            if full or len(chosen) >= part or not (here and self.share):
                return tuple(chosen[:part])
            free[True] = 0  # it may grow; until then, whoever is next of those that calculate here
            chosen, _ = self._next(free)
        return tuple(chosen[: -(-len(chosen) // max(1, free[False]))])  # other slots get their part

    def _next(self, free: Mapping[bool, int]) -> tuple[list[Job], bool]:
        """Whoever is next and finds a free slot; whether more calls would not fit with theirs."""
        batch: list[Job] = []
        images, least = 0, 0
        for level, job in self._in_turn():
            least = least if batch else level
            if batch and (level != least or not self.share):
                break
            call = job.network_call
            if free[job.away] <= 0:
                continue
            if job.stage == "ready":
                if job.state == "running" or len(self.begun) < MOST_BEGUN:
                    return [job], False
            elif job.stage == "calling" and call is not None:
                first = batch[0].network_call if batch else None
                if first is not None and call.kind != first.kind:
                    continue
                if first is not None and images + call.images > call.most:
                    return batch, True
                batch.append(job)
                images += call.images
        return batch, False

    def _free(self) -> dict[bool, int]:
        """Free slots elsewhere (True) and here (False)."""
        away = [job.away for job in self.begun if job.stage == "calculating"]
        return {True: self.slots_away - sum(away), False: self.slots - away.count(False)}

    def _fellows(self, job: Job) -> list[Job]:
        """The jobs of a job's level whose network calls go away, as its own does."""
        level = self._level(job)
        going = (one for one in self.begun if one.elsewhere and one.tickets)
        return [one for one in going if self._level(one) == level]

    def _level(self, job: Job) -> int:
        return self._rank(self._session(job))[0]

    def _in_turn(self) -> list[tuple[int, Job]]:
        """All jobs that somebody wants: one of each session, then each one's second, …

        Before each: its session's level.
        """
        ranks = []
        before = Counter[str]()
        for job in self.begun + self.line:
            if job.tickets:
                session = self._session(job)
                level, place = self._rank(session)
                ranks.append(((level, before[session], place), job))
                before[session] += 1
        return [(rank[0], job) for rank, job in sorted(ranks, key=itemgetter(0))]

    def _session(self, job: Job) -> str:
        """Of the sessions that want a job, the one that is next; the first that did, if none."""
        wanting = (ticket.session for ticket in job.tickets)
        return min(wanting, key=self._rank, default=job.asked_by)

    def _rank(self, session: str) -> tuple[int, int]:
        account = self._accounts[session]
        level = bisect.bisect(LEVELS, account.recent)
        return level, -1 if account.place is None else account.place
