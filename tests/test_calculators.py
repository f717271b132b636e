"""Where network calls are calculated makes no difference: in this process or on a cluster."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import pytest
import torch
from torch import Tensor

from lessons.part_a import iterative_denoising, sampling
from models import catalog
from models.batching import NetworkCall, called, handing_over
from models.calculators import Calculator, InThisProcess
from pages._service.engine import Cancelled, Engine, Ticket

SOON = 120.0
"""Seconds a test waits for what comes at once, or once a worker has loaded what it needs."""


@pytest.fixture(params=["here", pytest.param("cluster", marks=pytest.mark.cluster)])
def where(request: pytest.FixtureRequest) -> Iterator[Calculator]:
    if request.param == "here":
        yield InThisProcess()
        return
    request.getfixturevalue("ray_cluster")
    from models.cluster.pool import connect
    from models.cluster.settings import ClusterSettings

    cluster = connect(ClusterSettings("auto", 2))
    yield cluster
    cluster.close()


@pytest.fixture
def others() -> set[threading.Thread]:
    """The threads of earlier tests in this process."""
    return set(threading.enumerate())


@pytest.fixture
def engine(others: set[threading.Thread], where: Calculator) -> Iterator[Engine]:  # noqa: ARG001
    engine = Engine(calculator=lambda: where)
    engine.start()
    yield engine
    engine.stop()


def pixels(result: object) -> np.ndarray:
    assert isinstance(result, sampling.Samples | iterative_denoising.ThreeWays)
    return np.stack([image.pixels for image in result.images]).astype(int)


def ended(ticket: Ticket) -> object:
    while not ticket.wait(0.1):
        ticket.look()
    return ticket.result()


def await_a_step(ticket: Ticket) -> None:
    while not ticket.look().done:
        assert not ticket.wait(0.01)


class Noted:
    """Keeps a lesson's network calls, and answers none."""

    def __init__(self) -> None:
        self.calls: list[NetworkCall] = []

    def answer(self, call: NetworkCall) -> None:
        self.calls.append(call)
        call.output = torch.zeros(())

    def aside(self, wait: Callable[[], object]) -> object:
        return wait()


def calls_of(model: str, *asked: tuple[Tensor, int, list[str]]) -> list[NetworkCall]:
    """The network calls of predictions, not yet made."""
    net, noted = catalog.load(model), Noted()
    with handing_over(noted):  # type: ignore[arg-type]
        for x_t, t, prompts in asked:
            net.predict(x_t, t, net.embed(prompts))
    for call in noted.calls:
        call.output = None
    return noted.calls


def noise(model: str, count: int, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, *catalog.entry(model).spec.shape, generator=generator)


PROMPTS = {"digits": ["3", ""], "pictures": ["an owl on a very old fence", "a dog"]}


@pytest.mark.parametrize("model", ["digits", "pictures"])
def test_a_batch_is_answered_as_each_call_would_be_alone(where: Calculator, model: str) -> None:
    net = catalog.load(model)
    asked = [(noise(model, n, n), 7 * n, [PROMPTS[model][n - 1]] * n) for n in (1, 2)]
    alone = [net.predict(x_t, t, net.embed(prompts)) for x_t, t, prompts in asked]
    calls = calls_of(model, *asked)
    assert where.perform(calls) >= 0
    for call, expected in zip(calls, alone, strict=True):
        torch.testing.assert_close(call.result(), expected, atol=2e-5, rtol=1e-4)
        assert call.result().untyped_storage().nbytes() == 4 * expected.numel()


def test_a_lone_reader_gets_the_very_same_bits(engine: Engine) -> None:
    job = partial(sampling.demo, "digits", "3", 1, count=2, gamma=4.0)
    alone = pixels(catalog.finish(job()))
    assert (pixels(ended(engine.submit("me", "demo", "key", job))) == alone).all()


def test_images_in_a_crowd_are_those_of_a_lone_reader(engine: Engine) -> None:
    asked = (("3", 1, 1, None), ("7", 2, 3, 5.0), ("", 3, 2, None), ("nine", 1, 1, 2.0))
    jobs = [partial(sampling.demo, "digits", p, s, count=n, gamma=g) for p, s, n, g in asked]
    jobs += [partial(iterative_denoising.demo, "pictures", "tower", "", 32, 1)]  # type: ignore[list-item]
    alone = [pixels(catalog.finish(job())) for job in jobs]
    tickets = [engine.submit(f"reader {n}", "demo", str(n), job) for n, job in enumerate(jobs)]
    for ticket, expected in zip(tickets, alone, strict=True):
        assert np.abs(pixels(ended(ticket)) - expected).max() <= 1


def test_what_the_network_raises_fails_its_own_reader_alone(where: Calculator) -> None:
    good, bad = calls_of("digits", *((noise("digits", 1, n), 5, [""]) for n in (1, 2)))
    expected = good.function(*good.inputs)
    bad.inputs = (bad.inputs[0], bad.inputs[1][:0], bad.inputs[2])  # a time for none
    where.perform([good, bad])
    torch.testing.assert_close(good.result(), expected, atol=2e-5, rtol=1e-4)
    with pytest.raises(ValueError, match="not one number for each"):
        bad.result()


def test_a_network_of_ones_own_is_called_all_the_same(where: Calculator) -> None:
    def double(x: Tensor) -> Tensor:
        return 2 * x

    call = NetworkCall(object(), double, (torch.ones(2, 1),))
    assert not where.elsewhere(call)
    assert where.perform([call]) == 0
    assert call.result().tolist() == [[2], [2]]


def test_who_cancels_ends_and_the_others_go_on(engine: Engine) -> None:
    tickets = [
        engine.submit(f"reader {n}", "a", str(n), partial(sampling.demo, "digits", "3", n, count=4))
        for n in range(3)
    ]
    await_a_step(tickets[1])
    tickets[1].release()
    for n in (0, 2):
        alone = pixels(catalog.finish(sampling.demo("digits", "3", n, count=4)))
        assert np.abs(pixels(ended(tickets[n])) - alone).max() <= 1
    with pytest.raises(Cancelled):
        tickets[1].result()
    assert engine.health().running == 0


def test_a_newer_request_takes_the_place_of_the_older_one(engine: Engine) -> None:
    older = engine.submit("me", "demo", "older", partial(sampling.demo, "digits", "1", 1, count=8))
    newer = engine.submit("me", "demo", "newer", partial(sampling.demo, "digits", "2", 1, count=1))
    alone = pixels(catalog.finish(sampling.demo("digits", "2", 1, count=1)))
    assert (np.abs(pixels(ended(newer)) - alone) <= 1).all()
    with pytest.raises(Cancelled):
        older.result()


def test_stop_ends_all_who_wait_and_no_thread_is_left(
    others: set[threading.Thread], engine: Engine
) -> None:
    jobs = [partial(sampling.demo, "digits", "3", n, count=8) for n in range(6)]
    tickets = [engine.submit(f"reader {n}", "a", str(n), job) for n, job in enumerate(jobs)]
    await_a_step(tickets[0])
    engine.stop(SOON)
    assert all(ticket.wait(SOON) for ticket in tickets)
    assert engine.health().workers == engine.health().running == 0
    names = {thread.name for thread in threading.enumerate() if thread not in others}
    assert not {name for name in names if name.startswith(("lesson-worker", "cluster-crew"))}


def test_a_script_calls_its_network_itself(where: Calculator) -> None:
    assert where is not None
    call = calls_of("digits", (noise("digits", 1, 1), 5, [""]))[0]
    torch.testing.assert_close(called(call), call.function(*call.inputs), atol=0, rtol=0)
