"""A cluster as a place where network calls are calculated."""

from __future__ import annotations

import functools
import logging
import time
from collections.abc import Callable, Sequence
from typing import Final

import torch
from torch import Tensor

from models import batching, catalog
from models.batching import NetworkCall
from models.cluster.client import connected
from models.cluster.crew import PATIENCE, ClusterCrew, NoWorker
from models.cluster.settings import ClusterSettings
from models.cluster.worker import NetworkAddress, weights_hash

log = logging.getLogger(__name__)

START: Final = 60.0
"""Seconds in which one worker must have greeted, or the server doesn't start."""

TRIES: Final = 3
"""Workers that one batch may cost; what kills three will kill them all."""

LONGEST: Final = 600.0
"""Seconds after which a worker that says nothing counts as lost."""


class Cluster:
    """Sends batches to the workers of a Ray cluster; what they can't have, it calculates here."""

    def __init__(self, count: int, patience: float = PATIENCE) -> None:
        """Take an open connection to Ray; see `connect`.

        Args:
            count: how many workers, ≥ 1.
            patience: seconds that a call waits while none is alive.
        """
        self.crew = ClusterCrew(count, patience)

    @property
    def slots(self) -> int:
        """Batches that it calculates at the same time: one in each worker."""
        return len(self.crew)

    def elsewhere(self, call: NetworkCall) -> bool:
        """Whether the network is one of the catalog's, which every worker can load."""
        return _place(call) is not None

    def perform(self, calls: Sequence[NetworkCall]) -> float:
        """Have a worker answer calls of one kind as one batch; see `Calculator`."""
        place = _place(calls[0])
        if place is None:
            batching.perform(calls)
            return 0.0
        batch = _Batch(self.crew, functools.partial(_address, place))
        for call in calls:
            call.function = batch
        batching.perform(calls)
        return batch.seconds

    def close(self) -> None:
        """Leave the cluster; the workers stay for other servers."""
        self.crew.close()


class _Batch:
    """What `batching.perform` calls in the network's place, once or, after an error, for each."""

    def __init__(self, crew: ClusterCrew, address: Callable[[], NetworkAddress]) -> None:
        self._crew, self._address = crew, address
        self._lost: NoWorker | None = None
        self.seconds = 0.0

    def __call__(self, *inputs: Tensor) -> Tensor:
        """Have them answered by whichever worker is idle.

        Raises:
            NoWorker: none can, and none could a moment ago.
            Exception: whatever the network raised.
        """
        if self._lost is not None:
            raise self._lost
        try:
            return self._ask(inputs)
        except NoWorker as error:
            self._lost = error
            raise

    def _ask(self, inputs: Sequence[Tensor]) -> Tensor:
        import ray
        from ray.exceptions import GetTimeoutError, RayError, RayTaskError

        address = self._address()
        arrays = tuple(one.detach().cpu().numpy() for one in inputs)
        for _ in range(TRIES):
            member = self._crew.borrow()
            try:
                answer = member.handle.answer.remote(address, arrays)
                output, seconds = ray.get(answer, timeout=LONGEST)
            except RayTaskError as error:  # the network raised it, and the worker is well
                self._crew.give_back(member)
                raise error.cause from None
            except (RayError, GetTimeoutError) as error:
                log.warning("%s", error)
                self._crew.lost(member)
            except BaseException:
                self._crew.lost(member)
                raise
            else:
                self._crew.give_back(member)
                self.seconds += seconds
                return torch.from_numpy(output.copy())  # Ray's own memory is read-only
        raise NoWorker(
            f"{TRIES} machines ended while they calculated this. Other settings may need less "
            "memory; please tell whoever runs this server."
        )


def connect(wanted: ClusterSettings, for_trainings: int = 0) -> Cluster:
    """Join a cluster, and wait until one of its workers can calculate.

    Args:
        wanted: which cluster, how many workers.
        for_trainings: cores that workers leave free, where their number is not given.

    Raises:
        ValueError: there is none at this address, or no worker starts; one sentence.
    """
    ray = connected(wanted.address)
    cores = int(ray.cluster_resources().get("CPU", 0))
    cluster = Cluster(wanted.workers or max(1, cores - for_trainings))
    end = time.monotonic() + START
    while not cluster.crew.alive():
        if time.monotonic() > end:
            cluster.close()
            raise ValueError(
                f"DIFFUSION_RAY is {wanted.address!r}, but none of its {cores} cores runs a "
                f"network worker after {START:.0f} s; `ray status` says what is wrong."
            )
        time.sleep(0.05)
    return cluster


def _place(call: NetworkCall) -> str | None:
    """What the catalog calls the network of a call; None for a network of anybody's own."""
    if getattr(call.function, "__name__", "") != "_answer" or call.network is None:
        return None
    for place, model in list(catalog._loaded.items()):
        if getattr(model, "network", None) is call.network:
            return place
    return None


@functools.cache
def _address(place: str) -> NetworkAddress:
    return NetworkAddress(place, weights_hash(place))
