"""The engine in a crowd: shared network calls, turns, and nobody's trouble is another one's."""

import itertools
import threading
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pytest
import torch
from miniature import encoder, small_network
from torch import Tensor

from lessons.images.captioned import Progress
from lessons.part_a import iterative_denoising, sampling
from models import catalog
from models.batching import MOST_IMAGES, NetworkCall, called
from models.embedded import Pictures
from models.miniature.box import Miniature, make_scheduler
from pages._service.engine import Cancelled, Engine, Ticket
from pages._service.engine.tickets import Job
from pages._service.engine.turns import MOST_BEGUN, TURN, Turns

SOON = 20.0
"""Seconds a test waits for something that comes at once; only a broken engine uses them up."""


@dataclass
class Clock:
    """A clock that moves when told."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Network:
    """Doubles numbers, remembers its batches, and takes a time for each image."""

    clock: Clock = field(default_factory=Clock)
    seconds: float = 0.0
    batches: list[list[float]] = field(default_factory=list)
    threads: set[str] = field(default_factory=set)
    entered: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    gate: threading.Semaphore | None = None
    order: list[float] = field(default_factory=list)

    def __call__(self, x: Tensor) -> Tensor:
        self.batches.append(x[:, 0].tolist())
        self.order.append(self.batches[-1][0])
        self.threads.add(threading.current_thread().name)
        self.entered.release()
        if self.gate is not None:
            assert self.gate.acquire(timeout=SOON)
        self.clock.now += self.seconds * len(x)
        if (x < 0).any():
            raise ValueError("negative numbers have no double here")
        return 2 * x

    def job(
        self, number: float, steps: int = 4, images: int = 1, most: int = MOST_IMAGES
    ) -> Callable[[], Generator[Progress, None, float]]:
        """A job that calls this network once a step."""

        def run() -> Generator[Progress, None, float]:
            total = 0.0
            for step in range(steps):
                x = torch.full((images, 1), float(number))
                total += float(called(NetworkCall(self, self, (x,), most)).mean())
                yield Progress(step + 1, steps)
            return total

        return run


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def make(clock: Clock) -> Iterator[Callable[..., Engine]]:
    engines: list[Engine] = []

    def build(**settings: object) -> Engine:
        engines.append(Engine(clock=clock, meter=clock, patience=1e9, **settings))  # type: ignore[arg-type]
        return engines[-1]

    yield build
    for engine in engines:
        engine.stop()


@pytest.fixture
def engine(make: Callable[..., Engine]) -> Engine:
    return make()


def all_at_once(
    engine: Engine, jobs: list[tuple[str, Callable[[], object]]], slots: int = 1
) -> list[Ticket]:
    """Submit jobs of sessions while every worker is held, then let them go."""
    held, let_go = threading.Semaphore(0), threading.Event()

    def hold() -> None:
        held.release()
        assert let_go.wait(SOON)

    for slot in range(slots):
        engine.submit("holder", f"hold {slot}", f"hold {slot}", hold)
    for _ in range(slots):
        assert held.acquire(timeout=SOON)
    tickets = [
        engine.submit(session, f"slot {n}", f"key {n}", job)
        for n, (session, job) in enumerate(jobs)
    ]
    let_go.set()
    return tickets


def results(tickets: list[Ticket]) -> list[object]:
    assert all(ticket.wait(SOON) for ticket in tickets)
    return [ticket.result() for ticket in tickets]


# -- the same images ------------------------------------------------------------------------------


@pytest.fixture
def small_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    network = small_network()
    model = Pictures(Miniature(network, make_scheduler(), encoder()))
    monkeypatch.setitem(catalog._loaded, "pictures", model)


def pixels(result: object) -> np.ndarray:
    assert isinstance(result, sampling.Samples | iterative_denoising.ThreeWays)
    return np.stack([image.pixels for image in result.images]).astype(int)


SAMPLES: dict[str, tuple[tuple[str, int, int, float | None], ...]] = {
    "digits": (("3", 1, 1, None), ("7", 2, 3, 5.0), ("", 3, 2, None), ("nine", 1, 1, 2.0)),
    "pictures": (("a dog", 1, 1, 3.0), ("a red barn in the snow", 2, 2, None), ("", 3, 1, None)),
}


@pytest.mark.parametrize("model", ["digits", "pictures"])
@pytest.mark.usefixtures("small_pictures")
def test_images_in_a_crowd_are_those_of_a_lone_reader(engine: Engine, model: str) -> None:
    calls: list[Callable[[], Generator[Progress, None, object]]] = [
        partial(sampling.demo, model, prompt, seed, count=count, gamma=gamma)
        for prompt, seed, count, gamma in SAMPLES[model]
    ]
    image = "digit-3" if model == "digits" else "tower"
    calls += [partial(iterative_denoising.demo, model, image, "", i, 4) for i in (25, 31)]
    alone = [pixels(catalog.finish(call())) for call in calls]
    loaded = catalog.load(model)
    network, batches = loaded.network, list[int]()  # type: ignore[attr-defined]
    handle = network.register_forward_pre_hook(lambda _, given: batches.append(len(given[0])))
    jobs = [(f"reader {n}", call) for n, call in enumerate(calls)]
    together = results(all_at_once(engine, jobs))
    handle.remove()
    assert len(batches) < 40  # 33 calls of all together; some hundred and fifty apart
    assert max(batches) >= 6
    for made, expected in zip(together, alone, strict=True):
        assert np.abs(pixels(made) - expected).max() <= 1


def test_a_lone_reader_gets_the_very_same_bits(engine: Engine) -> None:
    call = partial(sampling.demo, "digits", "3", 1, count=2, gamma=4.0)
    alone = pixels(catalog.finish(call()))
    (made,) = results([engine.submit("me", "demo", "key", call)])
    assert (pixels(made) == alone).all()


# -- who shares what ------------------------------------------------------------------------------


def test_calls_that_wait_at_the_same_moment_are_one_batch(engine: Engine) -> None:
    network = Network()
    jobs = [(f"reader {n}", network.job(n)) for n in range(5)]
    assert results(all_at_once(engine, jobs)) == [8.0 * n for n in range(5)]
    assert network.batches == [[0, 1, 2, 3, 4]] * 4


def test_without_sharing_one_job_is_run_after_the_other(make: Callable[..., Engine]) -> None:
    network = Network(seconds=TURN)
    jobs = [(f"reader {n}", network.job(n, steps=2)) for n in range(3)]
    results(all_at_once(make(share=False), jobs))
    assert network.batches == [[0], [0], [1], [1], [2], [2]]


def test_a_lone_readers_calls_are_made_by_one_thread(engine: Engine) -> None:
    network = Network()
    assert results([engine.submit("me", "demo", "key", network.job(1, steps=50))]) == [100.0]
    assert len(network.threads) == 1


def test_another_networks_calls_are_never_mixed_in(engine: Engine) -> None:
    one, other = Network(), Network()
    jobs = [(f"reader {n}", (one if n % 2 else other).job(n)) for n in range(6)]
    assert results(all_at_once(engine, jobs)) == [8.0 * n for n in range(6)]
    assert one.batches == [[1, 3, 5]] * 4
    assert other.batches == [[0, 2, 4]] * 4


def test_a_batch_is_never_larger_than_the_network_takes(engine: Engine) -> None:
    network = Network()
    jobs = [(f"reader {n}", network.job(n, images=3, most=8)) for n in range(20)]
    results(all_at_once(engine, jobs))
    assert max(map(len, network.batches)) == 6
    assert sum(map(len, network.batches)) == 20 * 4 * 3


def test_a_single_call_that_is_larger_is_made_alone(engine: Engine) -> None:
    network = Network()
    jobs = [(f"reader {n}", network.job(n, images=5, most=4)) for n in range(2)]
    results(all_at_once(engine, jobs))
    assert {len(batch) for batch in network.batches} == {5}


def test_so_many_jobs_are_in_the_making_and_no_more(make: Callable[..., Engine]) -> None:
    engine, network = make(line=200), Network(gate=threading.Semaphore(0))
    jobs = [(f"reader {n}", network.job(n, steps=1, most=1000)) for n in range(MOST_BEGUN + 9)]
    tickets = all_at_once(engine, jobs)
    assert network.entered.acquire(timeout=SOON)
    health = engine.health()
    assert (health.running, health.waiting) == (MOST_BEGUN, 9)
    assert health.workers <= MOST_BEGUN + 1
    assert [len(batch) for batch in network.batches] == [MOST_BEGUN]
    engine.stop(0)
    assert all(ticket.wait(SOON) for ticket in tickets)
    network.gate.release()  # type: ignore[union-attr]


# -- cancelling -----------------------------------------------------------------------------------


def test_a_cancelled_job_leaves_the_batch_and_the_others_go_on(engine: Engine) -> None:
    network = Network(gate=threading.Semaphore(0))
    jobs = [(f"reader {n}", network.job(n)) for n in range(3)]
    tickets = all_at_once(engine, jobs)
    assert network.entered.acquire(timeout=SOON)
    tickets[1].release()
    for _ in range(100):
        network.gate.release()  # type: ignore[union-attr]
    assert results([tickets[0], tickets[2]]) == [0.0, 16.0]
    assert network.batches == [[0, 1, 2]] + [[0, 2]] * 3
    with pytest.raises(Cancelled):
        tickets[1].result()


def test_a_job_that_is_cancelled_while_its_call_waits_ends_without_it(engine: Engine) -> None:
    busy, network = Network(gate=threading.Semaphore(0)), Network()
    ended = threading.Event()

    def waits() -> Generator[Progress, None, None]:
        try:
            called(NetworkCall(network, network, (torch.ones(1, 1),)))
            yield Progress(1, 1)
        finally:
            ended.set()

    jobs: list[tuple[str, Callable[[], object]]] = [("a", busy.job(1)), ("b", waits)]
    first, second = all_at_once(engine, jobs)
    assert busy.entered.acquire(timeout=SOON)
    second.release()
    assert ended.wait(SOON)  # though the worker is still busy
    assert network.batches == []
    for _ in range(10):
        busy.gate.release()  # type: ignore[union-attr]
    assert results([first]) == [8.0]


def test_stop_ends_all_who_wait_for_a_batch_and_no_thread_is_left(engine: Engine) -> None:
    network = Network(gate=threading.Semaphore(0))
    tickets = all_at_once(engine, [(f"reader {n}", network.job(n)) for n in range(6)])
    assert network.entered.acquire(timeout=SOON)
    stopper = threading.Thread(target=engine.stop)
    stopper.start()
    assert all(ticket.wait(SOON) for ticket in tickets)
    network.gate.release()  # type: ignore[union-attr]
    stopper.join(SOON)
    assert not stopper.is_alive()
    assert engine.health().workers == engine.health().running == 0
    assert len(network.batches) == 1
    network.gate = None
    assert results([engine.submit("me", "demo", "again", network.job(1))]) == [8.0]


# -- errors ---------------------------------------------------------------------------------------


def test_a_bad_input_in_a_shared_call_fails_its_own_reader_alone(engine: Engine) -> None:
    network = Network()
    jobs = [(f"reader {n}", network.job(n)) for n in (1, -1, 2)]
    good, bad, also_good = all_at_once(engine, jobs)
    assert results([good, also_good]) == [8.0, 16.0]
    assert bad.wait(SOON)
    with pytest.raises(ValueError, match="negative"):
        bad.result()
    assert network.batches[:4] == [[1, -1, 2], [1], [-1], [2]]
    assert network.batches[4:] == [[1, 2]] * 3


def test_a_lesson_that_fails_between_calls_fails_alone(engine: Engine) -> None:
    network = Network()

    def fails() -> Generator[Progress, None, None]:
        called(NetworkCall(network, network, (torch.ones(1, 1),)))
        yield Progress(1, 2)
        raise SystemExit

    jobs: list[tuple[str, Callable[[], object]]] = [("a", network.job(1)), ("b", fails)]
    good, bad = all_at_once(engine, jobs)
    assert results([good]) == [8.0]
    assert bad.wait(SOON)
    with pytest.raises(RuntimeError, match="SystemExit"):
        bad.result()


# -- turns ----------------------------------------------------------------------------------------


def noting(
    ends: list[str], name: str, job: Callable[[], Generator[Progress, None, float]]
) -> Callable[[], Generator[Progress, None, None]]:
    """The job, which adds its name to `ends` when it ends."""

    def run() -> Generator[Progress, None, None]:
        yield from job()
        ends.append(name)

    return run


def test_a_short_job_that_comes_after_a_sweep_ends_long_before_it(
    engine: Engine, clock: Clock
) -> None:
    sweeping, quick = Network(clock, 0.1, gate=threading.Semaphore(0)), Network(clock, 0.01)
    sweep = engine.submit("a", "demo", "sweep", sweeping.job(1, steps=100, images=10))
    for _ in range(5):  # five seconds of the sweep
        sweeping.gate.release()  # type: ignore[union-attr]
        assert sweeping.entered.acquire(timeout=SOON)
    short = engine.submit("b", "demo", "short", quick.job(2, steps=30))
    for _ in range(2):
        sweeping.gate.release()  # type: ignore[union-attr]
    assert results([short]) == [120.0]
    assert sweep.look().done <= 7
    sweep.release()
    sweeping.gate.release()  # type: ignore[union-attr]


def test_long_jobs_take_turns_and_none_waits_longer_than_one_turn_of_each_other(
    engine: Engine, clock: Clock
) -> None:
    order: list[float] = []
    networks = [Network(clock, 1.0, order=order) for _ in range(3)]  # which never share a batch
    steps = 4 * int(TURN)
    results(all_at_once(engine, [(f"reader {n}", networks[n].job(n, steps)) for n in range(3)]))
    assert order[:6] == [0, 1, 2, 0, 1, 2]  # the first two levels
    while_all_are_there = order[: order.index(0, 3 * steps - 2 * int(TURN) - 4)]
    runs = [len(list(run)) for _, run in itertools.groupby(while_all_are_there)]
    assert max(runs) == TURN
    assert len(runs) > 9


def test_a_reader_who_drags_a_slider_starves_nobody(engine: Engine, clock: Clock) -> None:
    gate = threading.Semaphore(0)  # a move takes two calls, however quick the threads are
    dragged, patient = Network(clock, seconds=0.5, gate=gate), Network(clock, seconds=0.5)
    waits = engine.submit("patient", "demo", "patient", patient.job(1, steps=40))
    moves = 0
    while not waits.wait(0):
        moves += 1
        ticket = engine.submit("dragger", "demo", f"move {moves}", dragged.job(2, steps=1000))
        for _ in range(2):
            gate.release()
            assert dragged.entered.acquire(timeout=SOON)
        assert not ticket.wait(0)
    ticket.release()
    gate.release(2)
    assert moves > 3
    assert len(dragged.batches) <= 40 + 2 * TURN / 0.5  # as much as the other, and one turn


def test_a_session_with_many_jobs_gets_no_more_than_one_with_one(
    engine: Engine, clock: Clock
) -> None:
    many, single = Network(clock, seconds=0.1), Network(clock, seconds=0.1)
    ends: list[str] = []
    jobs = [("many", noting(ends, f"m{n}", many.job(n, steps=100))) for n in range(5)]
    results(all_at_once(engine, [*jobs, ("single", noting(ends, "single", single.job(9, 100)))]))
    assert ends[0] == "single"


# -- workers --------------------------------------------------------------------------------------


def test_two_workers_make_two_batches_at_the_same_time(make: Callable[..., Engine]) -> None:
    engine, network = make(workers=lambda: 2), Network(gate=threading.Semaphore(0))
    jobs = [(f"reader {n}", network.job(n, steps=1)) for n in range(6)]
    tickets = all_at_once(engine, jobs, slots=2)
    for _ in range(2):  # neither call is over yet
        assert network.entered.acquire(timeout=SOON)
    for _ in range(10):
        network.gate.release()  # type: ignore[union-attr]
    assert results(tickets) == [2.0 * n for n in range(6)]
    assert sorted(n for batch in network.batches for n in batch) == list(range(6))


@dataclass(eq=False)
class Waits:
    """Somebody who waits for a job."""

    session: str


def calling(turns: Turns, count: int) -> list[Job]:
    """Jobs of several readers that wait for the same network."""
    network, jobs = Network(), list[Job]()
    for n in range(count):
        turns.admit(f"reader {n}", 0.0)
        job = Job(f"key {n}", lambda: None, state="running", stage="calling")
        job.tickets = {Waits(f"reader {n}")}  # type: ignore[arg-type]
        job.network_call = NetworkCall(network, network, (torch.ones(1, 1),))
        jobs.append(job)
    turns.begun = list(jobs)
    return jobs


def test_workers_that_are_free_share_the_calls_and_a_busy_one_leaves_them_in_one_batch() -> None:
    turns = Turns()
    turns.slots = 2
    first, *others = calling(turns, 6)
    assert turns.choose() == (first, *others[:2])
    first.stage = "calculating"
    for job in others[:2]:
        job.stage = "called"
    assert turns.choose() == tuple(others[2:])
    for job in (first, *others):
        job.stage = "calling"
    busy = Job("busy", lambda: None, state="running", stage="calculating")
    turns.begun.append(busy)
    assert turns.choose() == (first, *others)


@pytest.mark.parametrize("slots", [1, 2, 3])
def test_nobody_is_lost_in_a_wild_crowd(make: Callable[..., Engine], slots: int) -> None:
    engine = make(workers=lambda: slots, line=500)
    networks = [Network(), Network(), Network()]
    tickets: list[Ticket | None] = [None] * 40
    asked = threading.Barrier(8)

    def reader(first: int) -> None:
        asked.wait(SOON)
        for n in range(first, 40, 8):
            job = networks[n % 3].job(n, steps=5 + n % 7, images=1 + n % 5, most=9)
            ticket = engine.submit(f"reader {first}", f"slot {n}", f"key {n}", job)
            if n % 4 == 0:
                ticket.release()
            else:
                tickets[n] = ticket

    readers = [threading.Thread(target=reader, args=(n,)) for n in range(8)]
    for thread in readers:
        thread.start()
    for thread in readers:
        thread.join(SOON)
    for n, ticket in enumerate(tickets):
        if ticket is not None:
            assert ticket.wait(SOON)
            assert ticket.result() == 2.0 * n * (5 + n % 7)
    assert all(len(batch) <= 9 for network in networks for batch in network.batches)


def test_the_only_worker_is_free_while_a_job_waits_for_a_model_that_somebody_loads(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, network = "one that takes long", Network()
    monkeypatch.setattr(catalog, "_WAIT", SOON)
    monkeypatch.setitem(catalog._loaded, place, catalog.load("digits"))
    lock = catalog._locks.setdefault(place, threading.Lock())

    def waits() -> Generator[Progress, None, str]:
        loading = catalog._once(place, lambda: pytest.fail("it is loaded"))
        yield from (Progress(0, 1, note) for note in loading)
        return "loaded"

    with lock:  # as who loads it has it
        waiting, quick = all_at_once(engine, [("a", waits), ("b", network.job(1))])
        assert quick.wait(SOON / 2)
        assert not waiting.wait(0)
    assert results([waiting, quick]) == ["loaded", 8.0]


def test_who_waits_for_a_model_that_another_one_loads_keeps_no_worker(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_go = threading.Event()
    model = catalog.load("digits")

    def load() -> Generator[str, None, object]:
        for part in range(3):
            yield f"part {part}"
        assert let_go.wait(SOON)
        return model

    network = Network()

    def loads() -> Generator[Progress, None, object]:
        steps = catalog._once("a slow one", load)  # type: ignore[arg-type]
        while True:
            try:
                yield Progress(0, 1, next(steps))
            except StopIteration as end:
                return end.value

    monkeypatch.delitem(catalog._loaded, "a slow one", raising=False)
    waiting, loading = all_at_once(engine, [("a", loads), ("b", lambda: loads())])
    let_go.set()
    assert results([waiting, loading]) == [model, model]
    assert results([engine.submit("c", "demo", "quick", network.job(1))]) == [8.0]
    monkeypatch.delitem(catalog._loaded, "a slow one")
