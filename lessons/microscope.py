"""A walk under the microscope: at each step, what is added up, with which numbers, and a pixel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lessons.picture import Picture, Symbol, to_pixels

Values = NDArray[np.float32]

SHOWN: Final = (-1.0, 1.0)
"""What is black and what is white in every picture here; 0 is the grey in the middle."""


@dataclass(frozen=True)
class Term:
    """A number times a picture, at every step of a walk.

    Attributes:
        symbol: what the picture is.
        name: the same as one line of plain text.
        tex: how it is written.
        factor_tex: how the number is written, with its sign; "" for 1.
        factors: the numbers, (K, 1, 1, 1), or (K, H, W, C) where each pixel has its own, float64.
        values: the pictures, (K, H, W, C), not clamped.
    """

    symbol: Symbol
    name: str
    tex: str
    factor_tex: str
    factors: NDArray[np.float64]
    values: Values


@dataclass(frozen=True)
class Equation:
    """Terms, and what they add up to.

    Attributes:
        title: what it does, in a few words.
        terms: what is added.
        result: the sum; its factors are 1.
    """

    title: str
    terms: tuple[Term, ...]
    result: Term


@dataclass(frozen=True)
class Walk:
    """One picture's way through K steps.

    Attributes:
        labels: what each step is, e.g. "t = 690 → 660".
        times: t of each of `places`.
        places: x_t before each step, and the end where there is one, (K or K + 1, H, W, C).
        guesses: x̂₀ of each step, as the next step used it, (K, H, W, C).
        truth: the clean picture where one is known, (H, W, C).
        equations: in the order of the calculation.
        limited: whether the guesses were brought back into the range before they were used.
    """

    labels: tuple[str, ...]
    times: tuple[float, ...]
    places: Values
    guesses: Values
    truth: Values | None
    equations: tuple[Equation, ...]
    limited: bool = False


@dataclass(frozen=True)
class Part:
    """One term at one step.

    Attributes:
        picture: its picture.
        factor: the number before it; the mean where each pixel has its own.
        at_pixel: the number before it at the chosen pixel.
        value: what the picture is there.
    """

    picture: Picture
    factor: float
    at_pixel: float
    value: float


def look(walk: Walk, step: int, row: int, column: int, channel: int, weighted: bool) -> Lines:
    """One step through the microscope.

    Args:
        walk: the walk.
        step: which of its K steps, from 0.
        row: of the pixel that is followed, from 0 at the top.
        column: of the pixel, from 0 at the left.
        channel: which colour of the pixel, from 0.
        weighted: whether a picture shows its term with its number, or without.

    Returns:
        For each equation its parts, the result last.

    Raises:
        ValueError: there is no such step or pixel.
    """
    _check(walk, step, row, column, channel)
    where = (step, row, column, channel)
    return tuple(
        tuple(_part(term, where, weighted, walk) for term in (*equation.terms, equation.result))
        for equation in walk.equations
    )


Lines = tuple[tuple[Part, ...], ...]


def curves(
    walk: Walk, row: int, column: int, channel: int
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """The followed pixel over the whole walk: x_t at `walk.times`, and x̂₀ at each step.

    Raises:
        ValueError: there is no such pixel.
    """
    _check(walk, 0, row, column, channel)
    spot = (slice(None), row, column, channel)
    return tuple(walk.places[spot].tolist()), tuple(walk.guesses[spot].tolist())


def stacked(images: Sequence[Tensor]) -> Values:
    """Pictures (1, C, H, W) as one array, (K, H, W, C)."""
    return torch.cat(list(images)).movedim(1, -1).float().contiguous().cpu().numpy()


def total(symbol: Symbol, name: str, tex: str, values: Values) -> Term:
    """What the terms of an equation add up to."""
    return Term(symbol, name, tex, "", constant(1.0, len(values)), values)


def constant(number: float, count: int) -> NDArray[np.float64]:
    """The same number at every step, (count, 1, 1, 1)."""
    return np.full((count, 1, 1, 1), number)


def _part(term: Term, where: tuple[int, int, int, int], weighted: bool, walk: Walk) -> Part:
    step, *spot = where
    factors, values = term.factors[step], term.values[step]
    image = factors * values if weighted else values
    own = np.broadcast_to(factors, values.shape)[tuple(spot)]
    alt = f"{term.name}, at step {walk.labels[step]}"
    pixels = to_pixels(torch.from_numpy(image).movedim(-1, 0), *SHOWN)
    picture = Picture(pixels, term.name, alt, term.symbol)
    return Part(picture, float(factors.mean()), float(own), float(values[tuple(spot)]))


def _check(walk: Walk, step: int, row: int, column: int, channel: int) -> None:
    sizes = walk.guesses.shape
    for name, place, size in zip(
        ("step", "row", "column", "channel"), (step, row, column, channel), sizes, strict=True
    ):
        if not 0 <= place < size:
            raise ValueError(f"{name} must be 0 to {size - 1}, not {place}")
