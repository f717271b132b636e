"""Holding what a solution did against what is right, and against every known mistake."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final, Literal

import torch
from torch import Tensor

from lessons.check.known import KNOWN, RIGHTS, Known
from lessons.check.solution import Observation, Solution
from lessons.workshop.bug_lab.copies import Copies, Patch

if TYPE_CHECKING:
    from lessons.check.checks import Check

Status = Literal["right", "remark", "wrong", "missing"]

_UNLIKE: Final = 1.0
"""Distance of parts whose shapes differ, or where only one is finite."""

_NONE: Final = "It looks like none of the known mistakes."

_EXACT: Final = 0.01
"""With less than this share left there is nothing more to explain."""

_BETTER: Final = 0.3
"""Two mistakes must leave less than this share of what one alone leaves."""

_STARTS: Final = 4
"""Two mistakes at once are looked for among those with one of so many nearest single ones."""

_CLOSE: Final = 0.1
"""A mistake explains a deviation, if less than this share of it is left."""


@dataclass(frozen=True)
class Number:
    """One part of what was observed, where it deviates most.

    Attributes:
        words: what it is.
        expected: what is right.
        got: what the solution has there.
        error: the whole part's relative error.
    """

    words: str
    expected: str
    got: str
    error: float


@dataclass(frozen=True)
class Verdict:
    """What is said of one function.

    Attributes:
        check: which.
        status: "wrong" and "missing" fail, "remark" doesn't.
        found: the name under which the solution has it.
        said: one sentence, or two.
        looks_like: the mistake that it looks like, or two at once; more if they look alike.
        numbers: where it deviates.
        images: expected and got, (C, H, W) each, if a picture shows it.
    """

    check: Check
    status: Status
    found: str = ""
    said: str = ""
    looks_like: tuple[tuple[Known, ...], ...] = ()
    numbers: tuple[Number, ...] = ()
    images: tuple[Tensor, Tensor] | None = None


def ours(patches: tuple[Patch, ...] = ()) -> Solution:
    """Our own solution, perhaps with mistakes."""
    from lessons.check import course  # our own solution, needed where there is something to compare

    module = Copies(patches)[course.__name__]
    return Solution({name: [getattr(module, name)] for name in course.__all__})


@cache
def reference(check: Check, patches: tuple[Patch, ...] = ()) -> Observation | None:
    """What our own solution does; None, if it fails with these patches."""
    try:
        return check.observe(ours(patches))
    except Exception:
        if not patches:
            raise
        return None


def error(got: Tensor, expected: Tensor, scale: Tensor | None = None) -> float:
    """Root mean square of the deviation, as a share of that of what is right.

    Args:
        got: what a solution has.
        expected: what it is compared with.
        scale: what is right, if that isn't `expected`.
    """
    if got.shape != expected.shape:
        return _UNLIKE
    one, other = got.double(), expected.double()
    if not one.numel():
        return 0.0
    if bool((one.isfinite() != other.isfinite()).any()):
        return _UNLIKE
    one, other = one.nan_to_num(0, 0, 0), other.nan_to_num(0, 0, 0)
    right = other if scale is None else scale.double().nan_to_num(0, 0, 0)
    size = float(right.square().mean().sqrt()) or 1.0
    return float((one - other).square().mean().sqrt()) / size


def errors(
    got: Observation, expected: Observation, right: Observation | None = None
) -> dict[str, float]:
    """By the name of the part; parts that only one of them has don't count."""
    scale = expected if right is None else right
    return {name: error(got[name], expected[name], scale[name]) for name in expected if name in got}


def distance(got: Observation, expected: Observation, right: Observation | None = None) -> float:
    """All parts together."""
    return math.hypot(*errors(got, expected, right).values())


def rights(check: Check) -> Iterator[tuple[Patch, ...]]:
    """Our solution, and those that are as right."""
    yield ()
    for name in check.rights:
        yield RIGHTS[name]


def verdict(check: Check, got: Observation, found: str = "") -> Verdict:
    """Say what a solution's function looks like."""
    bases = [(one, base) for one in rights(check) if (base := reference(check, one)) is not None]
    _, expected = min(bases, key=lambda pair: distance(got, pair[1]))
    off = errors(got, expected)
    if max(off.values()) <= check.tolerance:
        return Verdict(check, "right", found)
    like = looks_like(check, got)
    status: Status = "remark" if like and all(known.remark for known in like[0]) else "wrong"
    said = " ".join(known.story for known in like[0]) if like else _NONE
    numbers = tuple(
        _number(check.parts.get(name, name), got[name], expected[name], off[name])
        for name in sorted(off, key=lambda name: -off[name])
        if off[name] > check.tolerance
    )
    return Verdict(check, status, found, said, like, numbers, _images(check, got, expected))


def looks_like(check: Check, got: Observation) -> tuple[tuple[Known, ...], ...]:
    """What explains an observation: sets of one mistake or of two, the nearest first.

    Two at once are tried only where no single one explains it.
    """
    every = [known for known in KNOWN if check.name in known.where]
    scored = _scored(check, got, [(known,) for known in every])
    if scored and scored[0][0] > _EXACT:
        near = [made[0] for _, made in scored[:_STARTS]]
        pairs = [
            (one, other)
            for one in near
            for other in every
            if other.title != one.title and not _clash(one.patches, other.patches)
        ]
        both = _scored(check, got, pairs)
        if both and both[0][0] < _BETTER * scored[0][0]:
            scored = both
    limit = min(_CLOSE, 2 * scored[0][0] + 1e-3) if scored else 0.0
    named = {
        tuple(sorted(known.title for known in made)): made
        for score, made in scored
        if score <= limit
    }
    return tuple(named.values())


def _scored(
    check: Check, got: Observation, sets: Sequence[tuple[Known, ...]]
) -> list[tuple[float, tuple[Known, ...]]]:
    """How much of the deviation each set of mistakes leaves unexplained, the least first."""
    bases = [(one, right) for one in rights(check) if (right := reference(check, one))]
    scores: list[tuple[float, tuple[Known, ...]]] = []
    for base, right in sorted(bases, key=lambda pair: distance(got, pair[1])):
        for made in sets:
            patches = tuple(patch for known in made for patch in known.patches)
            mistaken = None if _clash(base, patches) else reference(check, (*base, *patches))
            size = 0.0 if mistaken is None else distance(mistaken, right, right)
            if mistaken is not None and size > check.tolerance:
                scores.append((distance(got, mistaken, right) / size, made))
        if scores and min(score for score, _ in scores) <= _EXACT:
            break
    return sorted(scores, key=lambda pair: pair[0])


def _clash(one: tuple[Patch, ...], other: tuple[Patch, ...]) -> bool:
    """Whether two changes are of the same text, so that they can't both be made."""
    return any(
        a.module == b.module and (a.right in b.right or b.right in a.right)
        for a in one
        for b in other
    )


def _number(words: str, got: Tensor, expected: Tensor, off: float) -> Number:
    if got.shape != expected.shape:
        return Number(words, _shape(expected), _shape(got), math.inf)
    if expected.numel() == 1:
        return Number(words, _written(expected.item()), _written(got.item()), off)
    apart = (got.double() - expected.double()).abs().nan_to_num(math.inf)
    place = [int(i) for i in torch.unravel_index(apart.argmax(), apart.shape)]
    at = ", ".join(map(str, place))
    return Number(
        f"{words}, at [{at}]",
        _written(expected[tuple(place)].item()),
        _written(got[tuple(place)].item()),
        off,
    )


def _shape(part: Tensor) -> str:
    return " × ".join(map(str, part.shape))


def _written(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() and abs(value) >= 10 else f"{value:.4g}"


def _images(check: Check, got: Observation, expected: Observation) -> tuple[Tensor, Tensor] | None:
    if not check.picture or got[check.picture].shape[-2:] != expected[check.picture].shape[-2:]:
        return None
    one, other = (part[check.picture] for part in (expected, got))
    if one.ndim == 4 and one.shape == other.shape:
        worst = int((one - other).flatten(1).abs().sum(1).argmax())
        return one[worst], other[worst]
    return (one, other) if one.ndim == 3 and one.shape == other.shape else None
