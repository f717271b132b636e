"""The engine: few workers, one line, newest request wins, nothing runs for nobody."""

import enum
import gc
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field

import numpy as np
import pytest

from lessons.images.captioned import CaptionedImage, Progress
from pages._service import engine as service
from pages._service.awake import LONGEST, AwakeClock
from pages._service.content import content_key, size_of
from pages._service.engine import Busy, Cancelled, Engine, Ticket, workers
from pages._service.engine.results import Results

SOON = 10.0
"""Seconds a test waits for something that comes at once; only a broken engine uses them up."""


class Clock:
    """A clock that moves when told."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Steps:
    """A job that takes each step only when told, and counts them."""

    total: int = 5
    taken: int = 0
    closed: threading.Event = field(default_factory=threading.Event)
    started: threading.Event = field(default_factory=threading.Event)
    finished: bool = False
    _go: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    _reached: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def __call__(self) -> Generator[Progress, None, str]:
        self.started.set()
        try:
            for _ in range(self.total):
                assert self._go.acquire(timeout=SOON)
                self.taken += 1
                self._reached.release()
                yield Progress(self.taken, self.total)
            self.finished = True
            return "result"
        finally:
            self.closed.set()

    def go(self, steps: int = 1) -> None:
        """Let it take some steps, and wait until it has begun the last one."""
        for _ in range(steps):
            self._go.release()
        for _ in range(steps):
            assert self._reached.acquire(timeout=SOON)

    def stops_after_one_more_step(self) -> bool:
        """Give it all the steps it could want, and see how many it takes."""
        before = self.taken
        for _ in range(self.total):
            self._go.release()
        assert self.closed.wait(SOON)
        return self.taken <= before + 1 and not self.finished


def until_noted(ticket: Ticket, done: int) -> None:
    """Wait until the engine has taken note of so many steps."""
    while ticket.look().done < done:
        assert not ticket.wait(0.001)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def make(clock: Clock) -> Iterator[Callable[..., Engine]]:
    engines: list[Engine] = []

    def build(**settings: object) -> Engine:
        engines.append(Engine(clock=clock, **settings))  # type: ignore[arg-type]
        return engines[-1]

    yield build
    for engine in engines:
        engine.stop()


@pytest.fixture
def engine(make: Callable[..., Engine]) -> Engine:
    return make()


@pytest.fixture
def busy(engine: Engine) -> Iterator[Steps]:
    """Occupy the only worker until the test ends."""
    job = Steps()
    ticket = engine.submit("somebody", "else", "occupied", job)
    assert job.started.wait(SOON)
    yield job
    ticket.release()
    job._go.release()


def test_a_function_gives_its_result(engine: Engine) -> None:
    ticket = engine.submit("me", "demo", "key", lambda: 42)
    assert ticket.wait(SOON)
    assert ticket.result() == 42
    assert ticket.look().state == "done"


def test_a_generator_gives_what_it_returns(engine: Engine) -> None:
    job = Steps()
    ticket = engine.submit("me", "demo", "key", job)
    job.go(5)
    assert ticket.wait(SOON)
    assert ticket.result() == "result"


def test_ten_slider_moves_finish_at_most_two_model_calls(engine: Engine) -> None:
    jobs = [Steps() for _ in range(10)]
    for number, job in enumerate(jobs):
        ticket = engine.submit("me", "demo", f"move {number}", job)
        assert number > 0 or job.started.wait(SOON)
        for each in jobs:
            each._go.release()  # time for one model step passes between two moves
    for job in jobs:
        for _ in range(job.total):
            job._go.release()
    assert ticket.wait(SOON)
    assert ticket.result() == "result"
    assert sum(job.finished for job in jobs) <= 2


def test_ten_slider_moves_over_a_function_without_steps_call_it_twice(engine: Engine) -> None:
    calls: list[int] = []
    began, gate = threading.Event(), threading.Event()

    def call(move: int) -> int:
        began.set()
        assert gate.wait(SOON)
        calls.append(move)
        return move

    for move in range(10):
        ticket = engine.submit("me", "demo", f"move {move}", lambda move=move: call(move))
        assert began.wait(SOON)
    gate.set()
    assert ticket.wait(SOON)
    assert calls == [0, 9]


def test_cancelling_stops_within_one_step(engine: Engine) -> None:
    job = Steps(total=100)
    ticket = engine.submit("me", "demo", "key", job)
    job.go(3)
    engine.cancel("me", "demo")
    assert ticket.wait(0)
    assert job.stops_after_one_more_step()
    with pytest.raises(Cancelled):
        ticket.result()


def test_a_ticket_that_nobody_looks_at_is_forgotten_and_its_job_stops(
    engine: Engine, clock: Clock
) -> None:
    job = Steps(total=100)
    ticket = engine.submit("me", "demo", "key", job)
    job.go(3)
    clock.now += 9
    ticket.look()
    clock.now += 9
    job.go(3)
    assert not ticket.wait(0)
    clock.now += 2
    assert job.stops_after_one_more_step()


def test_after_a_sleep_of_the_machine_nobody_is_forgotten_who_still_waits(clock: Clock) -> None:
    """The first look after the sleep used to make the engine forget all others."""
    engine = Engine(clock=AwakeClock(clock))
    try:
        job = Steps(total=100)
        tickets = [engine.submit(f"reader {n}", "demo", "key", job) for n in range(3)]
        job.go(2)
        clock.now += 3600
        for _ in range(3):  # nobody but the first looks for a while
            clock.now += 1
            tickets[0].look()
        assert not any(ticket.wait(0) for ticket in tickets)
        for _ in range(12):
            clock.now += 1
            tickets[0].look()
        assert [ticket.wait(0) for ticket in tickets] == [False, True, True]
    finally:
        engine.stop()


def test_a_clock_of_the_time_awake_leaves_out_what_was_slept(clock: Clock) -> None:
    awake = AwakeClock(clock)
    for _ in range(30):
        clock.now += 1
        awake()
    assert awake() == 30
    clock.now += 3600
    assert awake() == 30 + LONGEST


def test_the_engines_own_clock_goes_on_when_nobody_asks(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "BEAT", 0.001)
    awake = AwakeClock(clock)
    engine = Engine(clock=awake)
    engine.start()
    try:
        clock.now += LONGEST
        wait_until(lambda: awake._seconds == LONGEST)
    finally:
        engine.stop()
    assert isinstance(Engine()._clock, AwakeClock)


def test_garbage_is_collected_when_the_work_is_done_and_not_without_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Part:
        other: object = None

    def leave_garbage() -> "weakref.ref[Part]":
        one, two = Part(), Part()
        one.other, two.other = two, one
        return weakref.ref(one)

    monkeypatch.setattr(workers, "BEAT", 0.001)
    times = []
    true = gc.collect
    monkeypatch.setattr(gc, "collect", lambda: times.append(1) or true())
    gc.disable()
    engine = Engine()
    try:
        ticket = engine.submit("me", "demo", "key", leave_garbage)
        assert ticket.wait(SOON)
        left = ticket.result()
        assert callable(left)
        wait_until(lambda: left() is None)
        time.sleep(0.05)  # many beats
        assert len(times) == 1
    finally:
        gc.enable()
        engine.stop()


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SOON
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_a_forgotten_job_in_line_never_starts(engine: Engine, busy: Steps, clock: Clock) -> None:
    forgotten, wanted = Steps(), Steps()
    engine.submit("gone", "demo", "forgotten", forgotten)
    clock.now += 6
    ticket = engine.submit("me", "demo", "wanted", wanted)
    clock.now += 6  # the job that occupies the worker is forgotten too, and makes room
    ticket.look()
    assert busy.stops_after_one_more_step()
    wanted.go(5)
    assert ticket.wait(SOON)
    assert not forgotten.started.is_set()


def test_the_same_key_is_calculated_once_for_everybody(engine: Engine) -> None:
    job, other = Steps(), Steps()
    tickets = [engine.submit("first", "demo", "key", job)]
    tickets += [engine.submit(f"reader {n}", "demo", "key", other) for n in range(5)]
    job.go(5)
    assert all(ticket.wait(SOON) for ticket in tickets)
    assert {ticket.result() for ticket in tickets} == {"result"}
    assert not other.started.is_set()


def test_a_shared_job_goes_on_until_its_last_reader_leaves(engine: Engine) -> None:
    job = Steps(total=100)
    first = engine.submit("first", "demo", "key", job)
    second = engine.submit("second", "demo", "key", job)
    first.release()
    job.go(10)
    assert second.look().state == "running"
    second.release()
    assert job.stops_after_one_more_step()


def test_a_job_asked_for_again_before_its_next_step_goes_on(engine: Engine) -> None:
    job = Steps()
    ticket = engine.submit("me", "demo", "key", job)
    job.go(2)
    until_noted(ticket, 2)
    engine.submit("me", "demo", "another", Steps)  # the slider moves away and back
    back = engine.submit("me", "demo", "key", Steps)
    assert ticket.wait(0)
    job.go(3)
    assert back.wait(SOON)
    assert back.result() == "result"


def test_waiting_jobs_know_their_place_in_line(engine: Engine, busy: Steps) -> None:
    tickets = [engine.submit(f"reader {n}", "demo", f"key {n}", Steps()) for n in range(3)]
    assert [ticket.look().place for ticket in tickets] == [1, 2, 3]
    tickets[0].release()
    assert [ticket.look().place for ticket in tickets[1:]] == [1, 2]
    assert not busy.finished


def test_jobs_start_first_come_first_served(engine: Engine, busy: Steps) -> None:
    order: list[int] = []
    tickets = [
        engine.submit(f"reader {n}", "demo", f"key {n}", lambda n=n: order.append(n))
        for n in range(5)
    ]
    busy.go(5)
    assert all(ticket.wait(SOON) for ticket in tickets)
    assert order == [0, 1, 2, 3, 4]


def test_a_newer_request_replaces_the_older_one_and_inherits_its_place(
    engine: Engine, busy: Steps
) -> None:
    older = engine.submit("me", "demo", "older", Steps())
    behind = engine.submit("somebody", "demo", "behind", Steps())
    newer = engine.submit("me", "demo", "newer", Steps())
    assert older.wait(0)
    assert older.look().state == "cancelled"
    assert (newer.look().place, behind.look().place) == (1, 2)
    assert not busy.finished


def test_moving_to_a_remembered_result_stops_the_older_request(engine: Engine) -> None:
    assert engine.submit("me", "demo", "remembered", lambda: 1).wait(SOON)
    job = Steps(total=100)
    engine.submit("me", "demo", "slow", job)
    job.go(3)
    assert engine.submit("me", "demo", "remembered", Steps).wait(0)
    assert job.stops_after_one_more_step()


def test_two_demos_of_one_reader_do_not_replace_each_other(engine: Engine, busy: Steps) -> None:
    one = engine.submit("me", "one", "key 1", Steps())
    two = engine.submit("me", "two", "key 2", Steps())
    assert (one.look().state, two.look().state) == ("waiting", "waiting")
    assert not busy.finished


def test_a_full_line_says_so_in_a_sentence(make: Callable[..., Engine]) -> None:
    engine, job = make(line=2), Steps()
    engine.submit("me", "demo", "running", job)
    assert job.started.wait(SOON)
    for n in range(2):
        engine.submit(f"reader {n}", "demo", f"key {n}", Steps())
    with pytest.raises(Busy, match="try again"):
        engine.submit("one too many", "demo", "key", Steps())
    engine.submit("reader 1", "demo", "another parameter", Steps())  # takes its own place again
    engine.stop(0)
    job._go.release()


def test_time_left_comes_from_the_measured_rate_without_the_first_step(
    engine: Engine, clock: Clock
) -> None:
    job = Steps(total=5)
    ticket = engine.submit("me", "demo", "key", job)
    assert job.started.wait(SOON)
    assert ticket.look().seconds_left is None
    for pause in (5.0, 1.0, 1.0):
        clock.now += pause
        ticket.look()
        job.go()
        until_noted(ticket, job.taken)
    shot = ticket.look()
    assert (shot.done, shot.total, shot.seconds_left) == (3, 5, 2.0)
    clock.now += 0.5
    assert ticket.look().seconds_left == 1.5
    assert shot.started_at is not None
    job.go(2)


def test_an_exception_reaches_everybody_and_is_not_kept(engine: Engine) -> None:
    began, gate = threading.Event(), threading.Event()

    def fails() -> None:
        began.set()
        assert gate.wait(SOON)
        raise ValueError("t must be below 1000")

    tickets = [engine.submit(f"reader {n}", "demo", "key", fails) for n in range(3)]
    assert began.wait(SOON)
    gate.set()
    for ticket in tickets:
        assert ticket.wait(SOON)
        with pytest.raises(ValueError, match="below 1000"):
            ticket.result()
    again = engine.submit("me", "demo", "key", lambda: "works now")
    assert again.wait(SOON)
    assert again.result() == "works now"


def test_a_lesson_that_exits_does_not_take_the_worker_along(engine: Engine) -> None:
    def leaves() -> None:
        raise SystemExit

    ticket = engine.submit("me", "demo", "key", leaves)
    assert ticket.wait(SOON)
    with pytest.raises(RuntimeError, match="SystemExit"):
        ticket.result()
    after = engine.submit("me", "demo", "another", lambda: 1)
    assert after.wait(SOON)


def test_a_result_is_remembered(engine: Engine) -> None:
    assert engine.submit("me", "demo", "key", lambda: [1]).wait(SOON)
    again = engine.submit("somebody", "demo", "key", lambda: pytest.fail("called again"))
    assert again.wait(0)
    assert again.result() == [1]
    assert engine.remembered("key") == [1]
    assert engine.remembered("another", "nothing") == "nothing"


def test_results_are_bounded_in_number_and_the_least_used_goes() -> None:
    results = Results(entries=2)
    results.keep("a", 1)
    results.keep("b", 2)
    assert results.get("a") == 1
    results.keep("c", 3)
    assert [key in results for key in "abc"] == [True, False, True]


def test_results_are_bounded_in_bytes() -> None:
    results = Results(size=10_000)
    for key in "abc":
        results.keep(key, np.zeros(4_000, np.uint8))
    assert [key in results for key in "abc"] == [False, True, True]
    results.keep("too large", np.zeros(20_000, np.uint8))
    assert "too large" not in results
    assert len(results) == 2
    assert 8_000 <= results.bytes <= 10_000
    results.keep("b", 0)
    results.keep("c", 0)
    assert results.bytes < 200


def test_sizes_count_arrays_wherever_they_are_and_shared_ones_once() -> None:
    pixels = np.zeros((100, 100), np.uint8)
    nested = {
        "a": (CaptionedImage(pixels),),
        "b": [CaptionedImage(pixels[:10]), CaptionedImage(pixels[10:])],
    }
    assert 10_000 <= size_of(nested) < 13_000
    assert size_of(pixels[:1]) >= 10_000  # a view keeps the whole buffer


def test_stopping_cancels_and_the_engine_can_start_again(engine: Engine) -> None:
    job = Steps(total=100)
    ticket = engine.submit("me", "demo", "key", job)
    job.go()
    stopper = threading.Thread(target=engine.stop)
    stopper.start()
    assert ticket.wait(SOON)
    assert job.stops_after_one_more_step()
    stopper.join(SOON)
    assert engine.health().workers == 0
    again = engine.submit("me", "demo", "key", lambda: 1)
    assert again.wait(SOON)


def test_starting_twice_starts_once(make: Callable[..., Engine]) -> None:
    prepared: list[int] = []
    engine = make(workers=lambda: 3, prepare=lambda: prepared.append(1))
    threads = [threading.Thread(target=engine.start) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SOON)
    assert prepared == [1]
    assert engine.health().workers == 3


def test_what_is_imported_is_frozen_after_start() -> None:
    gc.unfreeze()
    service.stop()
    engine = Engine(prepare=service._warm_up)
    engine.start()
    try:
        assert gc.get_freeze_count() > 10_000
    finally:
        engine.stop()


FIRST_LOOK = """
import sys
from streamlit.testing.v1 import AppTest
from pages._service import engine
engine._warm_up()
before = set(sys.modules)
for page in ("home.py", "guidance.py", "train_ddpm.py", "own_digit.py"):
    test = AppTest.from_file("pages/_router.py", default_timeout=300)
    if page != "home.py":
        test.switch_page(page)
    assert not test.run().exception
print(*sorted(set(sys.modules) - before))
"""


def test_the_first_reader_of_a_page_imports_nothing_heavy() -> None:
    seen = subprocess.run([sys.executable, "-c", FIRST_LOOK], capture_output=True, text=True)
    assert seen.returncode == 0, seen.stderr
    late = {name.partition(".")[0] for name in seen.stdout.splitlines()[-1].split()}
    heavy = {"torch", "torchvision", "diffusers", "transformers", "scipy", "pandas", "pyarrow"}
    assert not late & (heavy | {"lessons"})


@pytest.mark.parametrize("text", ["0", "-1", "many", "1.5", "99", ""])
def test_a_senseless_number_of_workers_is_refused(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DIFFUSION_WORKERS", text)
    with pytest.raises(ValueError, match="DIFFUSION_WORKERS"):
        service._workers_wanted()


# -- content keys -------------------------------------------------------------------------------


class Noise(enum.Enum):
    LOW = 1
    HIGH = 2


def demo(**parameters: object) -> object:
    return parameters


def other_demo(**parameters: object) -> object:
    return parameters


def test_one_pixel_changes_the_key_of_a_large_array() -> None:
    image = np.zeros((1024, 1024, 3), np.uint8)
    edited = image.copy()
    edited[700, 300, 1] = 1
    assert content_key(demo, {"x": image}) == content_key(demo, {"x": image.copy()})
    assert content_key(demo, {"x": image}) != content_key(demo, {"x": edited})


def test_whatever_differs_has_another_key() -> None:
    values = [
        *(None, True, False, 0, 1, 1.0, "1", "True", b"1", (), [], {}, (1,), [1], {"1": 1}),
        *(np.float32(1), np.int64(1), Noise.LOW, Noise.HIGH, "LOW", Progress(0, 1), (1, (2,))),
        *(((1, 2),), np.zeros(4), np.zeros((2, 2)), np.zeros(4, np.float32), ["bytes", "x"]),
        CaptionedImage(np.zeros((2, 2), np.uint8)),
        CaptionedImage(np.ones((2, 2), np.uint8)),
    ]
    keys = [content_key(demo, {"x": value}) for value in values]
    keys += [content_key(demo, {"y": 1}), content_key(other_demo, {"x": 1})]
    assert len(set(keys)) == len(keys)
    assert keys == [
        *(content_key(demo, {"x": value}) for value in values),
        *(content_key(demo, {"y": 1}), content_key(other_demo, {"x": 1})),
    ]


def test_the_order_of_parameters_does_not_matter_nor_how_an_array_lies_in_memory() -> None:
    assert content_key(demo, {"a": 1, "b": 2}) == content_key(demo, {"b": 2, "a": 1})
    array = np.arange(6).reshape(2, 3)
    assert content_key(demo, {"x": array}) == content_key(demo, {"x": np.asfortranarray(array)})


@pytest.mark.parametrize("value", [object(), {1, 2}, {1: 2}, [object()], np.array([object()])])
def test_a_parameter_of_another_kind_is_refused_by_name(value: object) -> None:
    with pytest.raises(TypeError, match=r"the parameters\.mask.* can't be part"):
        content_key(demo, {"mask": value})


def test_a_function_without_a_name_of_its_own_is_refused() -> None:
    for function in (lambda: 1, Clock(), print):
        with pytest.raises(TypeError, match="top level"):
            content_key(function, {})


def test_a_change_to_the_mathematics_changes_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    before = content_key(demo, {})
    monkeypatch.setattr("pages._service.content._change", (float("inf"), 1))
    assert content_key(demo, {}) != before
