"""The workers of a cluster as one server sees them: which are idle, and what becomes of the dead.

Workers are named and outlive the servers, so that all servers share them and no network is loaded
twice in a worker. Ray starts one again that has died; until it greets, nobody is sent to it.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from dataclasses import dataclass
from typing import Any, Final, Literal

from models.cluster.client import NAMESPACE
from models.cluster.worker import Greeting, NetworkWorker, version

PATIENCE: Final = 60.0
"""Seconds that a call waits while no worker is alive; Ray starts them again, which takes a while on
a busy machine."""

BEAT: Final = 0.2
"""Seconds between two looks at workers that are starting."""

log = logging.getLogger(__name__)


class NoWorker(RuntimeError):
    """No worker can take a call; the message is a sentence for the reader."""


@dataclass(eq=False)
class Member:
    """One worker as this server sees it.

    Attributes:
        name: on the cluster.
        handle: the actor.
        state: whether it is being started, waits for work, has some, or runs other code than this
            server because a newer server took it over.
        greeting: the answer that is awaited while it starts.
        known: who it is, once it has greeted.
    """

    name: str
    handle: Any = None
    state: Literal["starting", "idle", "busy", "foreign"] = "starting"
    greeting: Any = None
    known: Greeting | None = None


class ClusterCrew:
    """Lends workers to threads."""

    def __init__(self, count: int, patience: float = PATIENCE) -> None:
        """Have workers started, or find those that another server has started.

        Args:
            count: how many, ≥ 1.
            patience: seconds that a call waits while none is alive.
        """
        self._patience = patience
        self._members = [Member(f"network-worker-{number}") for number in range(count)]
        self._changed = threading.Condition()
        self._closed = threading.Event()
        self._watch = threading.Thread(target=self._beat, name="cluster-crew", daemon=True)
        self._watch.start()

    def __len__(self) -> int:
        """How many there are, dead or alive."""
        return len(self._members)

    def alive(self) -> list[Greeting]:
        """Those that have greeted and are not known to be dead."""
        with self._changed:
            members = [one for one in self._members if one.state in ("idle", "busy")]
            return [one.known for one in members if one.known]

    def borrow(self) -> Member:
        """Wait for an idle worker; give it back, or say that it is lost.

        Raises:
            NoWorker: none has been alive for too long, or all run another version of the app.
        """
        with self._changed:
            since = time.monotonic()
            while True:
                if idle := [one for one in self._members if one.state == "idle"]:
                    chosen = random.choice(idle)  # other servers choose too, and see no states
                    chosen.state = "busy"
                    return chosen
                if all(one.state == "foreign" for one in self._members):
                    raise NoWorker(
                        "The machines that calculate have another version of the app by now. "
                        "Please tell whoever runs this server to restart it."
                    )
                if any(one.state == "busy" for one in self._members):
                    since = time.monotonic()
                if self._closed.is_set() or time.monotonic() - since > self._patience:
                    raise NoWorker(
                        "None of the machines that calculate can be reached at the moment. "
                        "Please try again in a minute."
                    )
                self._changed.wait(BEAT)

    def give_back(self, member: Member) -> None:
        """It has answered."""
        self._put(member, "idle")

    def lost(self, member: Member) -> None:
        """It died with a call; it is waited for."""
        log.warning("a network worker was lost: %s, %s", member.name, member.known)
        self._put(member, "starting")

    def close(self) -> None:
        """Look after them no more; they stay for other servers."""
        self._closed.set()
        self._watch.join()

    def _put(self, member: Member, state: Literal["starting", "idle", "foreign"]) -> None:
        with self._changed:
            member.state = state
            self._changed.notify_all()

    # -- in a thread of its own -----------------------------------------------------------------

    def _beat(self) -> None:
        while not self._closed.is_set():
            for member in self._members:
                if member.state == "starting":
                    self._await_greeting(member)
            self._closed.wait(BEAT)

    def _await_greeting(self, member: Member) -> None:
        """Ask a worker who it is, and look whether it has answered; raises nothing."""
        import ray

        try:
            if member.greeting is None:
                member.handle = _actor(member.name)
                member.greeting = member.handle.hello.remote()
            if ray.wait([member.greeting], timeout=0)[0]:
                greeting, member.greeting = member.greeting, None
                self._greet(member, ray.get(greeting))
        except Exception:  # it died again, or the cluster did: we ask once more
            log.debug("%s does not greet", member.name, exc_info=True)
            member.greeting = None

    def _greet(self, member: Member, who: Greeting) -> None:
        import ray

        if who.version == version():
            member.known = who
            self._put(member, "idle")
        elif member.known is None:  # an older server's: this one has come to take its place
            ray.kill(member.handle)
        else:
            self._put(member, "foreign")


def _actor(name: str) -> Any:
    """The worker of a name, started where there is none."""
    import ray

    kind = ray.remote(NetworkWorker).options(
        name=name,
        namespace=NAMESPACE,
        lifetime="detached",
        get_if_exists=True,
        num_cpus=1,  # with it goes one thread: a batch for each core, not a core for each thread
        max_restarts=-1,
        scheduling_strategy="SPREAD",
    )
    return kind.remote()
