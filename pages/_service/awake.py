"""A clock of the time in which this process was awake, for patience with others."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

LONGEST: Final = 2.0
"""What a single gap counts at most: who slept with the machine was not late."""


class AwakeClock:
    """Seconds, rising, in which a suspended machine or a stopped process does not grow older.

    It has to be asked now and then, or to beat by itself; what lies between two looks and is longer
    than that was a sleep.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin at 0; `clock` counts the seconds, asleep or not."""
        self._clock = clock
        self._last = clock()
        self._seconds = 0.0
        self._lock = threading.Lock()

    def __call__(self) -> float:
        """Return the seconds until now."""
        with self._lock:
            now = self._clock()
            self._seconds += min(now - self._last, LONGEST)
            self._last = now
            return self._seconds
