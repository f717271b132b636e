"""Fewer points for a curve, with every peak and dip still on it."""

from __future__ import annotations

from collections.abc import Sequence
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
    stretches = np.array_split(np.arange(1, len(ys) - 1), (limit - 2) // 2)
    kept = {0, len(ys) - 1}
    for stretch in stretches:
        kept.update(_extremes(ys, stretch))
    order = np.array(sorted(kept))
    return xs[order], ys[order]


def _extremes(ys: NDArray[np.float64], stretch: NDArray[np.intp]) -> Sequence[int]:
    values = ys[stretch]
    if np.isnan(values).all():
        return [int(stretch[0])]
    return [int(stretch[np.nanargmin(values)]), int(stretch[np.nanargmax(values)])]
