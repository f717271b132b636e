"""How many threads a training uses: chosen when the run is set up, and the same to its end.

Sums of floating-point numbers depend on the order in which threads add them up: with another number
of threads, losses differ from the first steps on. So the number belongs to the run. It stands in
`settings.json`, and a run that was killed and goes on, or that is trained again with the exported
script, takes it from there.

It is half of the machine's cores: the others stay free for the pages and for another training. As
soon as another process needs one of a training's cores, its other threads wait for the one that is
held up, in bfloat16 to the point of standing still: on two cores, D = 16, beside another training,
two threads made 31 images a second and a single one 1,041; alone 1,487 and 1,061
(`python -m benchmarks.threads`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psutil

from models.environment import whole_number

MOST_THREADS: Final = 256


def slots() -> int:
    """How many runs train at the same time.

    Raises:
        ValueError: the setting is none.
    """
    return whole_number("DIFFUSION_TRAINING_SLOTS", 1, low=1, high=16)


def usual_threads() -> int:
    """The number of threads of a run that is set up now, or DIFFUSION_TRAINING_THREADS.

    Raises:
        ValueError: the setting is none.
    """
    usual = max(1, min(_cores() // 2 // slots(), MOST_THREADS))
    return whole_number("DIFFUSION_TRAINING_THREADS", usual, low=1, high=MOST_THREADS)


@contextmanager
def fixed_threads(count: int) -> Iterator[None]:
    """Calculate with so many threads, whatever the machine has; afterwards with as many as before.

    Args:
        count: ≥ 1.
    """
    import torch  # slow to import, and who only asks for a number does without

    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _cores() -> int:
    """Cores that this process may use; two threads of one core count once."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    real = psutil.cpu_count(logical=False) or allowed
    return min(allowed or 1, real or 1)
