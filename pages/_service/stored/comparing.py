"""Whether two results are the same, but for what another processor rounds otherwise."""

from __future__ import annotations

import itertools
from typing import Any, Final

import numpy as np

from pages._service.export.ending import is_trajectory, leaves

GREY_LEVELS: Final = 1
NUMBERS: Final = 1e-3
"""Relative to the number, or to 1 where it is smaller."""


def difference(one: Any, other: Any) -> str:
    """Say how two results differ, in a few words; "" if they are the same.

    A trajectory's frames don't count: what is stored of them is compressed.
    """
    if type(one) is not type(other):
        return f"a {type(one).__name__} and a {type(other).__name__}"
    worst = ""
    for (name, mine), (other_name, theirs) in itertools.zip_longest(
        _compared(one), _compared(other), fillvalue=("", None)
    ):
        if name != other_name:
            return f"{name or 'nothing'} in one, {other_name or 'nothing'} in the other"
        worst = worst or _apart(name, mine, theirs)
    return worst


def _compared(result: Any) -> list[tuple[str, Any]]:
    return [(name, part) for name, part in leaves(result) if not is_trajectory(name)]


def _apart(name: str, one: Any, other: Any) -> str:
    if isinstance(one, np.ndarray):
        if one.shape != np.shape(other):
            return f"{name}: shapes {one.shape} and {np.shape(other)}"
        exact, theirs = one.astype(float), np.asarray(other, float)
        if one.dtype == np.uint8:
            levels = np.abs(exact - theirs).max(initial=0)
            return f"{name}: {levels:.0f} grey levels" if levels > GREY_LEVELS else ""
        return "" if np.allclose(exact, theirs, rtol=NUMBERS, atol=NUMBERS) else f"{name}: numbers"
    if isinstance(one, float) and isinstance(other, float):
        near = abs(one - other) <= NUMBERS * max(1.0, abs(one)) or one == other
        return "" if near or (one != one and other != other) else f"{name}: {one:g} and {other:g}"
    return "" if one == other else f"{name}: {one!r:.60} and {other!r:.60}"
