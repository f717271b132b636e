"""Fewer points for a curve, with every peak and dip still on it."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

LIMIT: Final = 1000


def thin(
    x: ArrayLike, y: ArrayLike, limit: int = LIMIT
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Keep at most `limit` points of a curve: the ends, and each stretch's extremes.

    Args:
        x: (N,) positions.
        y: (N,) values; NaN marks a gap.
        limit: most points to keep, ≥ 4.

    Returns:
        x and y of the points kept, in their old order, float64.

    Raises:
        ValueError: x and y differ in length, or the limit is below 4.
    """
    xs, ys = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if xs.shape != ys.shape or xs.ndim != 1:
        raise ValueError(f"x has shape {xs.shape} but y has {ys.shape}")
    if limit < 4:
        raise ValueError("a curve needs at least 4 points")
    if len(xs) <= limit:
        return xs, ys
    # Two points a stretch, and one each for the two ends.
    order = np.union1d([0, len(ys) - 1], 1 + _extremes(ys[1:-1], (limit - 2) // 2))
    return xs[order], ys[order]


def _extremes(ys: NDArray[np.float64], most: int) -> NDArray[np.intp]:
    """Places of the lowest and the highest value in each of at most so many equal stretches."""
    length = -(-len(ys) // most)
    filled = np.pad(ys, (0, -len(ys) % length), constant_values=np.nan).reshape(-1, length)
    gap = np.isnan(filled)  # of a stretch of gaps alone, the first place
    lowest = np.where(gap, np.inf, filled).argmin(axis=1)
    highest = np.where(gap, -np.inf, filled).argmax(axis=1)
    starts = np.arange(len(filled)) * length
    return np.concatenate([starts + lowest, starts + highest])
