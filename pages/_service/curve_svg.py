"""A loss curve as SVG, for what is read or printed without this app."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from html import escape
from typing import Final

WIDTH: Final = 640
HEIGHT: Final = 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 12, 10, 44
_MOST: Final = 600
"""Points that are drawn; a print shows no more."""


def svg(steps: Sequence[int], losses: Sequence[float], words: str) -> str:
    """Draw a loss curve on a logarithmic axis.

    Args:
        steps: rising, ≥ 0.
        losses: as many, > 0; others are left out.
        words: what it is, for those who can't see it; any text.

    Returns:
        An `<svg>` element without scripts, links or styles; "" if there are fewer than two points.
    """
    points = [
        (step, loss)
        for step, loss in zip(steps, losses, strict=True)
        if loss > 0 and math.isfinite(loss)
    ]
    if len(points) < 2:
        return ""
    every = -(-len(points) // _MOST)
    drawn = [*points[:-1:every], points[-1]]
    first, last = drawn[0][0], drawn[-1][0]
    low, high = _decades(min(y for _, y in drawn), max(y for _, y in drawn))

    def x(step: float) -> float:
        return _LEFT + (step - first) / max(last - first, 1) * (WIDTH - _LEFT - _RIGHT)

    def y(loss: float) -> float:
        share = (math.log10(loss) - low) / (high - low)
        return HEIGHT - _BOTTOM - share * (HEIGHT - _TOP - _BOTTOM)

    line = " ".join(f"{x(step):.1f},{y(loss):.1f}" for step, loss in drawn)
    across = "".join(_across(y(tick), f"{tick:g}") for tick in _ticks(low, high))
    below = "".join(_below(x(step), step) for step in (first, (first + last) // 2, last))
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img" '
        f'aria-label="{escape(words)}" font-family="Arial, sans-serif" font-size="12">'
        f"{across}{below}"
        f'<polyline points="{line}" fill="none" stroke="#23201b" stroke-width="1.2"/>'
        f'<text x="{WIDTH // 2}" y="{HEIGHT - 6}" text-anchor="middle">step</text>'
        f'<text x="14" y="{HEIGHT // 2}" transform="rotate(-90 14 {HEIGHT // 2})" '
        'text-anchor="middle">loss</text></svg>'
    )


def _decades(least: float, most: float) -> tuple[float, float]:
    """The axis: a little wider than the curve, in powers of ten."""
    low, high = math.log10(least) - 0.05, math.log10(most) + 0.05
    return low, max(high, low + 0.3)


def _ticks(low: float, high: float) -> Iterator[float]:
    """1, 2 and 5 times the powers of ten that are on the axis."""
    for power in range(math.floor(low), math.ceil(high) + 1):
        for digit in (1, 2, 5):
            tick = float(f"{digit}e{power}")
            if low <= math.log10(tick) <= high:
                yield tick


def _across(y: float, label: str) -> str:
    return (
        f'<line x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd8cd"/>'
        f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{label}</text>'
    )


def _below(x: float, step: int) -> str:
    anchor = "end" if x > WIDTH - 60 else "middle"
    return f'<text x="{x:.1f}" y="{HEIGHT - 26}" text-anchor="{anchor}">{step:,}</text>'
