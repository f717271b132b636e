"""Blurs and slopes of a field of numbers: what filters and painted scenes are made with."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]


def blurred(field: Floats, down: float, across: float | None = None) -> Floats:
    """Average each place with its neighbours, weighted by a Gaussian.

    Args:
        field: (H, W), or (H,).
        down: standard deviation along H, in places.
        across: along W; as `down` if None.

    Returns:
        Shape of `field`. Beyond the border the field is taken as mirrored.
    """
    once = _along(field, _gaussian(down), 0)
    return (
        once if field.ndim == 1 else _along(once, _gaussian(down if across is None else across), 1)
    )


def laplacian(field: Floats, width: float) -> Floats:
    """How far each place lies below its surroundings: second derivatives of a Gaussian blur."""
    bell = _gaussian(width)
    x = np.arange(len(bell)) - len(bell) // 2
    bend = (x**2 / width**4 - 1 / width**2) * bell
    down: Floats = _along(_along(field, bend, 0), bell, 1)
    return down + _along(_along(field, bell, 0), bend, 1)


def slope(field: Floats) -> Floats:
    """How steeply each place changes, by Sobel's kernels."""
    rise, sides = np.array([-1.0, 0, 1]), np.array([1.0, 2, 1])
    down = _along(_along(field, rise, 0), sides, 1)
    across = _along(_along(field, rise, 1), sides, 0)
    steepness: Floats = np.hypot(down, across)
    return steepness


def _gaussian(width: float) -> Floats:
    reach = int(4 * width + 0.5)
    bell = np.exp(-0.5 * (np.arange(-reach, reach + 1) / width) ** 2)
    weights: Floats = bell / bell.sum()
    return weights


def _along(field: Floats, kernel: Floats, axis: int) -> Floats:
    reach = len(kernel) // 2
    pad = [(reach, reach) if i == axis else (0, 0) for i in range(field.ndim)]
    wide = np.pad(field, pad, mode="symmetric")
    views = np.lib.stride_tricks.sliding_window_view(wide, len(kernel), axis)
    summed: Floats = views @ kernel
    return summed
