"""The mistakes of the lab, in the order of its list."""

from __future__ import annotations

from typing import Final

from lessons.workshop.bug_lab.bench import Mistake
from lessons.workshop.bug_lab.mistakes import images, networks, sampling

MISTAKES: Final[tuple[Mistake, ...]] = (
    *sampling.MISTAKES,
    *networks.MISTAKES,
    *images.MISTAKES,
)
BY_TITLE: Final = {mistake.title: mistake for mistake in MISTAKES}

LEFT_OUT: Final = (
    "labels dropped as an exact share of each batch, which only many batches betray",
    "a negative view that also changes the sign of the variance, which only a network with a "
    "learnt variance shows",
    "half precision in the coefficients alone, which no eye can tell",
)
"""Mistakes of the same kind that nothing here shows in seconds."""
