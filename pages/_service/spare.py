"""Keeps a training process ready while readers look at pages that train.

It is made in the quiet after such a page was opened, never while a reader waits for a result, and
is given up again when nobody opened one for a while, since it takes memory.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Final

from pages._service import engine

BEAT: Final = 1.0
"""Seconds between two looks; it has to be quiet at two of them, one after the other."""

KEPT: Final = 1800.0
"""Seconds for which a process is kept after a training page was opened last."""

log = logging.getLogger(__name__)


class SpareKeeper:
    """Looks once a second whether a training process should be ready, and sees to it."""

    def __init__(self, health: Callable[[], engine.Health]) -> None:
        """Describe a keeper; nothing runs before `start`.

        Args:
            health: tells what readers wait for.
        """
        self._health = health
        self._stopped = threading.Event()
        self._wanted_at: float | None = None
        self._quiet = False
        self._thread: threading.Thread | None = None

    def want(self) -> None:
        """Note that somebody looks at a page that trains."""
        self._wanted_at = time.monotonic()

    def start(self) -> None:
        """Begin to look, in a thread of its own."""
        self._stopped.clear()
        self._thread = threading.Thread(target=self._keep, name="spare-keeper", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Look no more, and end the process that waits."""
        from lessons.training import spare

        self._stopped.set()
        if self._thread is not None:
            self._thread.join(10)
        spare.end()

    def look(self) -> None:
        """Make a process ready where one is wanted and nobody waits; end one that is not wanted."""
        from lessons.training import costs, spare
        from lessons.training.runs import processes

        was_quiet, health = self._quiet, self._health()
        self._quiet = not (health.running or health.waiting or costs.measuring())
        if self._wanted_at is None or time.monotonic() - self._wanted_at > KEPT:
            spare.end()
        elif was_quiet and self._quiet:
            processes.keep_spare()

    def _keep(self) -> None:
        while not self._stopped.wait(BEAT):
            if self._wanted_at is None:  # what trains is not imported before
                continue
            try:
                self.look()
            except (OSError, ValueError) as error:  # the disk, a setting: trainings begin without
                log.warning("no training process is kept ready: %s", error)
                self._wanted_at = None


_keeper = SpareKeeper(engine.health)
want = _keeper.want
start = _keeper.start
stop = _keeper.stop
