"""A cluster whose workers die, differ, or are shared: every job ends in a result or a sentence."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import pytest
from test_calculators import SOON, await_a_step, calls_of, ended, noise, pixels

from lessons.part_a import sampling
from models import catalog
from models.cluster import crew as crews
from models.cluster import pool
from models.cluster.client import NAMESPACE
from models.cluster.crew import NoWorker
from models.cluster.pool import Cluster
from models.cluster.settings import ClusterSettings
from models.cluster.worker import Greeting, NetworkAddress, version
from pages._service.engine import Engine, Ticket

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("ray_cluster")]


@pytest.fixture
def connect() -> Iterator[Callable[..., Cluster]]:
    made: list[Cluster] = []

    def make(count: int = 2, patience: float = SOON) -> Cluster:
        made.append(Cluster(count, patience))
        until(lambda: len(made[-1].crew.alive()) == count)
        return made[-1]

    yield make
    for cluster in made:
        cluster.close()


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + SOON
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def all_end(tickets: list[Ticket]) -> None:
    """Look at all, as pages do, until none of them waits."""

    def over() -> bool:
        for ticket in tickets:
            ticket.look()
        return all(ticket.wait(0) for ticket in tickets)

    until(over)


def kill_all(cluster: Cluster) -> None:
    for worker in cluster.crew.alive():
        os.kill(worker.pid, signal.SIGKILL)


def test_jobs_whose_workers_are_killed_are_calculated_by_those_that_come_after(
    connect: Callable[..., Cluster],
) -> None:
    cluster = connect()
    pids = {worker.pid for worker in cluster.crew.alive()}
    engine = Engine(calculator=lambda: cluster)
    jobs = [partial(sampling.demo, "digits", "3", n, count=4) for n in range(4)]
    tickets = [engine.submit(f"reader {n}", "a", str(n), job) for n, job in enumerate(jobs)]
    await_a_step(tickets[0])
    kill_all(cluster)
    all_end(tickets)
    for ticket, job in zip(tickets, jobs, strict=True):
        assert np.abs(pixels(ticket.result()) - pixels(catalog.finish(job()))).max() <= 1
    engine.stop()
    assert not pids & {worker.pid for worker in cluster.crew.alive()}


def test_without_any_worker_every_job_ends_with_a_sentence_and_later_ones_are_well(
    connect: Callable[..., Cluster],
) -> None:
    cluster = connect(patience=0.0)
    engine = Engine(calculator=lambda: cluster)
    jobs = [partial(sampling.demo, "digits", "3", n, count=4) for n in range(4)]
    tickets = [engine.submit(f"reader {n}", "a", str(n), job) for n, job in enumerate(jobs)]
    await_a_step(tickets[0])
    kill_all(cluster)
    all_end(tickets)
    for ticket in tickets:
        with pytest.raises(NoWorker, match="can be reached at the moment"):
            ticket.result()
    until(lambda: len(cluster.crew.alive()) == 2)
    again = engine.submit("me", "a", "again", jobs[0])
    assert np.abs(pixels(ended(again)) - pixels(catalog.finish(jobs[0]()))).max() <= 1
    engine.stop()


def test_all_servers_share_the_workers(connect: Callable[..., Cluster]) -> None:
    one, other = connect(), connect()
    assert {w.pid for w in one.crew.alive()} == {w.pid for w in other.crew.alive()}
    for cluster in (one, other):
        (call,) = calls_of("digits", (noise("digits", 1, 1), 5, ["3"]))
        cluster.perform([call])
        assert call.result().shape == (1, 1, 28, 28)


def test_a_worker_with_other_weights_says_so_instead_of_answering(
    connect: Callable[..., Cluster], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "_address", lambda place: NetworkAddress(place, "0123456789ab"))
    calls = calls_of("digits", *((noise("digits", 1, n), 5, ["3"]) for n in (1, 2)))
    connect().perform(calls)
    for call in calls:
        with pytest.raises(ValueError, match="other weights of 'digits' than this server"):
            call.result()


def test_a_server_replaces_the_workers_that_an_older_one_has_left(
    connect: Callable[..., Cluster],
) -> None:
    import ray

    class OldWorker:
        def hello(self) -> Greeting:
            return Greeting("here", 1, "an older one")

    name = "network-worker-0"
    ray.kill(ray.get_actor(name, NAMESPACE))
    kind = ray.remote(OldWorker).options(name=name, namespace=NAMESPACE, lifetime="detached")

    def old_one_is_there() -> bool:
        try:
            assert ray.get(kind.remote().hello.remote()).version == "an older one"
        except ValueError:  # the name is not free yet
            return False
        return True

    until(old_one_is_there)
    assert {worker.version for worker in connect(1).crew.alive()} == {version()}


def test_a_server_whose_workers_a_newer_one_has_replaced_asks_to_be_restarted(
    connect: Callable[..., Cluster],
) -> None:
    cluster = connect(1)
    member = cluster.crew.borrow()
    cluster.crew._greet(member, Greeting("here", 1, "a newer one"))
    calls = calls_of("digits", *((noise("digits", 1, n), 5, ["3"]) for n in (1, 2)))
    cluster.perform(calls)
    for call in calls:
        with pytest.raises(NoWorker, match="another version of the app"):
            call.result()


def test_a_batch_that_kills_every_worker_is_given_up(
    connect: Callable[..., Cluster], monkeypatch: pytest.MonkeyPatch
) -> None:
    from ray.exceptions import ActorDiedError

    tried: list[str] = []

    class Deadly:
        def remote(self, *_: object) -> None:
            tried.append("again")
            raise ActorDiedError

    cluster = connect()
    monkeypatch.setattr(crews, "BEAT", 0.01)
    borrow = cluster.crew.borrow

    def deadly() -> crews.Member:
        member = borrow()
        member.handle = type("Handle", (), {"answer": Deadly(), "hello": member.handle.hello})()
        return member

    monkeypatch.setattr(cluster.crew, "borrow", deadly)
    calls = calls_of("digits", *((noise("digits", 1, n), 5, ["3"]) for n in (1, 2)))
    cluster.perform(calls)
    assert len(tried) == pool.TRIES
    for call in calls:
        with pytest.raises(NoWorker, match="machines ended while they calculated this"):
            call.result()


def test_where_no_cluster_answers_the_start_ends_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ray.is_initialized", lambda: False)

    def init(**_: object) -> None:
        raise ConnectionError("Could not find any running Ray instance.\nPlease start one.")

    monkeypatch.setattr("ray.init", init)
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(ValueError, match=r"^DIFFUSION_RAY is 'auto', but no cluster .* one\.$"):
        pool.connect(ClusterSettings("auto", 1))
    assert signal.getsignal(signal.SIGTERM) is before
