"""How many threads a training uses: all of them, unless somebody else needs the cores.

As long as every thread has a core of its own, more of them are faster; as soon as another process
needs one of the cores, the others wait for the one that is held up. In bfloat16 that is a disaster:
on two cores, D = 16, beside another training, two threads made 31 images a second and a single one
1,041; alone 1,487 and 1,061 (`python -m benchmarks.threads`).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

import torch

SLOW: Final = 5.0
"""A step that takes so many times the fastest one was held up by somebody else."""

PAUSE: Final = 20.0
LONGEST_PAUSE: Final = 320.0


class Threads:
    """Steps back to one thread when steps are held up, and tries all of them again later."""

    def __init__(
        self,
        everything: int | None = None,
        use: Callable[[int], None] = torch.set_num_threads,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin with all threads.

        Args:
            everything: how many there are; PyTorch's own number if None.
            use: puts a number of threads into effect.
            clock: seconds, rising.
        """
        self.everything = torch.get_num_threads() if everything is None else everything
        self._use, self._clock = use, clock
        self._fastest = float("inf")
        self._pause = PAUSE
        self._until: float | None = None

    def after_step(self, seconds: float) -> None:
        """Take in how long a step took, and decide for the next one."""
        if self.everything == 1:
            return
        if self._until is not None:
            if self._clock() >= self._until:
                self._until = None
                self._use(self.everything)
            return
        self._fastest = min(self._fastest, seconds)
        if seconds > SLOW * self._fastest:
            self._until = self._clock() + self._pause
            self._pause = min(2 * self._pause, LONGEST_PAUSE)
            self._use(1)
        elif seconds < 2 * self._fastest:
            self._pause = max(self._pause * 0.9, PAUSE)
