"""The engine where network calls are calculated elsewhere: slots of their own, and no idle ones."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import pytest
from test_engine_batches import SOON, Clock, Network, all_at_once, results

from models import batching
from models.batching import NetworkCall
from pages._service.engine import Engine
from pages._service.engine.turns import LEVELS


@dataclass
class Elsewhere:
    """Stands for other machines: whatever `theirs` calls is called there, `slots` at a time."""

    slots: int
    theirs: list[Network]
    seconds: float = 0.0
    calculating: int = 0
    most: int = 0
    closed: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def elsewhere(self, call: NetworkCall) -> bool:
        return call.network in self.theirs

    def perform(self, calls: Sequence[NetworkCall]) -> float:
        away = self.elsewhere(calls[0])
        with self.lock:
            self.calculating += away
            self.most = max(self.most, self.calculating)
        batching.perform(calls)
        with self.lock:
            self.calculating -= away
        return self.seconds * len(calls) if away else 0.0

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def make(clock: Clock) -> Iterator[Callable[[Elsewhere], Engine]]:
    engines: list[Engine] = []

    def build(where: Elsewhere, workers: int = 1) -> Engine:
        settings = {"clock": clock, "meter": clock, "patience": 1e9, "line": 500}
        engines.append(Engine(lambda: workers, calculator=lambda: where, **settings))  # type: ignore[arg-type]
        return engines[-1]

    yield build
    for engine in engines:
        engine.stop()


def test_a_job_whose_batch_is_away_keeps_no_slot_here(make: Callable[..., Engine]) -> None:
    away, here = Network(gate=threading.Semaphore(0)), Network()
    engine = make(Elsewhere(1, [away]))
    first, second = all_at_once(engine, [("a", away.job(1)), ("b", away.job(2))])
    assert away.entered.acquire(timeout=SOON)
    assert results([engine.submit("c", "demo", "here", here.job(3))]) == [24.0]
    for _ in range(20):
        away.gate.release()  # type: ignore[union-attr]
    assert results([first, second]) == [8.0, 16.0]


def test_as_many_batches_are_away_as_there_are_slots(make: Callable[..., Engine]) -> None:
    away = Network(gate=threading.Semaphore(0))
    where = Elsewhere(3, [away])
    tickets = all_at_once(make(where), [(f"reader {n}", away.job(n, steps=1)) for n in range(9)])
    for _ in range(3):  # none of them is over yet
        assert away.entered.acquire(timeout=SOON)
    for _ in range(20):
        away.gate.release()  # type: ignore[union-attr]
    assert results(tickets) == [2.0 * n for n in range(9)]
    assert where.most == 3
    assert sorted(n for batch in away.batches for n in batch) == list(range(9))


def test_batches_that_go_away_are_as_large_as_their_part_of_all(
    make: Callable[..., Engine],
) -> None:
    away = Network(gate=threading.Semaphore(0))
    engine = make(Elsewhere(2, [away]))
    tickets = all_at_once(engine, [(f"reader {n}", away.job(n)) for n in range(12)])
    for _ in range(2):
        assert away.entered.acquire(timeout=SOON)
    end = time.monotonic() + SOON
    while sum(job.stage == "calling" for job in engine._turns.begun) < 10:
        assert time.monotonic() < end
        time.sleep(0.01)
    for _ in range(100):
        away.gate.release()  # type: ignore[union-attr]
    assert results(tickets) == [8.0 * n for n in range(12)]
    sizes = [len(batch) for batch in away.batches]
    assert sizes[:6] == [1, 1, 6, 6, 6, 6]  # the first two left before there was company
    assert max(sizes) == 6


def test_who_calculates_elsewhere_pays_as_here(make: Callable[..., Engine]) -> None:
    away = Network(gate=threading.Semaphore(0))
    engine = make(Elsewhere(1, [away], seconds=LEVELS[-1]))
    long = engine.submit("long", "demo", "long", away.job(1, steps=50))
    assert away.entered.acquire(timeout=SOON)
    for _ in range(3):
        away.gate.release()  # type: ignore[union-attr]
        assert away.entered.acquire(timeout=SOON)
    short = engine.submit("short", "demo", "short", away.job(2, steps=1))
    for _ in range(3):
        away.gate.release()  # type: ignore[union-attr]
    assert results([short]) == [4.0]  # before the long one's next calls, and not with them
    assert [2.0] in away.batches
    long.release()
    away.gate.release()  # type: ignore[union-attr]


def test_a_short_job_away_and_a_long_one_here_wait_for_nothing_but_their_slots(
    make: Callable[..., Engine], clock: Clock
) -> None:
    here, away = Network(clock, seconds=1.0), Network()
    engine = make(Elsewhere(2, [away]))
    jobs = [("here", here.job(1, steps=9)), *((f"away {n}", away.job(n)) for n in range(5))]
    assert results(all_at_once(engine, jobs)) == [18.0, *(8.0 * n for n in range(5))]


@pytest.mark.parametrize("slots", [1, 3])
@pytest.mark.parametrize("workers", [1, 2])
def test_nobody_is_lost_in_a_wild_crowd_of_both_kinds(
    make: Callable[..., Engine], clock: Clock, slots: int, workers: int
) -> None:
    networks = [Network(clock, 0.05), Network(), Network(clock, 0.2), Network()]
    engine = make(Elsewhere(slots, networks[:2], seconds=0.1), workers)
    jobs = [
        (f"reader {n % 7}", networks[n % 4].job(n, steps=3 + n % 9, images=1 + n % 5, most=9))
        for n in range(40)
    ]
    tickets = all_at_once(engine, jobs, workers)
    for n in range(0, 40, 6):
        tickets[n].release()
    kept = [n for n in range(40) if n % 6]
    assert results([tickets[n] for n in kept]) == [2.0 * n * (3 + n % 9) for n in kept]


def test_the_engine_lets_go_of_the_other_machines_when_it_stops(
    make: Callable[..., Engine],
) -> None:
    where = Elsewhere(1, [])
    engine = make(where)
    engine.start()
    assert not where.closed
    engine.stop()
    assert where.closed
