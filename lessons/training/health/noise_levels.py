"""A run's loss by noise level beside that of healthy runs: where in the noise something is off."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

OFF: Final = 1.7
"""So many times the highest loss of the healthy runs is off; three hundred steps hide that much."""

COUNT: Final = 4
"""Parts of the noise levels whose losses are told apart."""

_NAMES: Final = {
    (0, 0): "the lowest noise",
    (1, 1): "the second quarter of the noise levels",
    (2, 2): "the third quarter of the noise levels",
    (3, 3): "the highest noise",
    (0, 1): "low noise",
    (1, 2): "medium noise",
    (2, 3): "high noise",
    (0, 2): "all but the highest noise",
    (1, 3): "all but the lowest noise",
    (0, 3): "every noise level",
}
"""From one part to another."""


@dataclass(frozen=True)
class NoiseLevels:
    """Losses on test digits by noise level, and those of healthy runs after as many steps.

    Attributes:
        losses: from little noise to much, 1 being the loss of a constant answer.
        usual: the geometric means of healthy runs.
        most: the highest of them.
    """

    losses: tuple[float, ...]
    usual: tuple[float, ...]
    most: tuple[float, ...]

    @property
    def ratios(self) -> tuple[float, ...]:
        """Each loss over the usual one."""
        return tuple(loss / usual for loss, usual in zip(self.losses, self.usual, strict=True))

    @property
    def off(self) -> tuple[bool, ...]:
        """Which parts are well above every healthy run."""
        return tuple(loss > OFF * most for loss, most in zip(self.losses, self.most, strict=True))

    @property
    def words(self) -> str:
        """Half a sentence, e.g. "as usual at low noise, 3.1 times the usual at high noise"."""
        parts, start = [], 0
        for is_off, group in groupby(self.off):
            end = start + len(list(group))
            how = _times(self.ratios[start:end]) if is_off else "as usual"
            parts.append(f"{how} at {_NAMES[start, end - 1]}")
            start = end
        return ", ".join(parts)


def beside(probe: Mapping[str, Any], curves: Mapping[str, Any]) -> NoiseLevels | None:
    """What a probe measured beside what is usual; None where either is missing.

    Args:
        probe: one line of `probes.jsonl`.
        curves: "steps", and for each of them "usual" and "most", of as many parts.
    """
    losses = probe.get("levels")
    if not curves or not isinstance(losses, list) or len(losses) != COUNT:
        return None
    if not all(isinstance(loss, float) for loss in losses):
        return None
    usual, most = (
        tuple(between(curves["steps"], part, probe["step"]) for part in zip(*rows, strict=True))
        for rows in (curves["usual"], curves["most"])
    )
    return NoiseLevels(tuple(losses), usual, most)


def between(steps: Sequence[float], values: Sequence[float], step: int) -> float:
    """The value at a step, on a straight line between its neighbours in logarithms."""
    place = bisect_right(steps, step)
    if place in (0, len(steps)):
        return values[max(place - 1, 0)]
    (x, y), (left, right) = steps[place - 1 : place + 1], values[place - 1 : place + 1]
    share = math.log(step / x) / math.log(y / x)
    return float(left ** (1 - share) * right**share)


def times(ratio: float) -> str:
    """A ratio in words."""
    return f"{ratio:.1f} times" if ratio < 10 else f"{ratio:,.0f} times"


def _times(ratios: Sequence[float]) -> str:
    least, most = times(min(ratios)), times(max(ratios))
    if least == most:
        return f"{most} the usual"
    return f"{least.removesuffix(' times')} to {most} the usual"
