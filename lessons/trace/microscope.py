"""A trajectory under the microscope: the terms of each step, their factors, and one pixel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lessons.images.captioned import CaptionedImage, Symbol, to_pixels

Values = NDArray[np.float32]

SHOWN: Final = (-1.0, 1.0)
"""What is black and what is white in every image here; 0 is the grey in the middle."""


@dataclass(frozen=True)
class Term:
    """A number times an image, at every step of a trajectory.

    Attributes:
        symbol: what the image is.
        name: the same as one line of plain text.
        tex: how it is written.
        factor_tex: how the number is written, with its sign; "" for 1.
        factors: the numbers, (K, 1, 1, 1), or (K, H, W, C) where each pixel has its own, float64.
        values: the images, (K, H, W, C), not clamped.
    """

    symbol: Symbol
    name: str
    tex: str
    factor_tex: str
    factors: NDArray[np.float64]
    values: Values


@dataclass(frozen=True)
class TermSum:
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
class StepNumbers:
    """The numbers of one step from t to s.

    Attributes:
        alpha_bar_t: share of signal power left at t.
        alpha_bar_s: the same at s.
        alpha: ᾱ_t / ᾱ_s, what the forward process would keep from s to t.
        beta: 1 − α, the variance that it would add.
        sigma: standard deviation of the noise that the step adds; the mean where each pixel has its
            own; 0 on the last step.
    """

    alpha_bar_t: float
    alpha_bar_s: float
    alpha: float
    beta: float
    sigma: float


@dataclass(frozen=True)
class SamplingTrace:
    """One image's sampling trajectory of K steps.

    Attributes:
        labels: what each step is, e.g. "t = 690 → 660".
        times: t of each of `places`.
        places: x_t before each step, and the end where there is one, (K or K + 1, H, W, C).
        estimates: x̂₀ of each step, as the next step used it, (K, H, W, C).
        truth: the clean image where one is known, (H, W, C).
        equations: in the order of the calculation.
        limited: whether the estimates were brought back into the range before they were used.
        numbers: what the schedule says of each step; nothing where no step is taken.
    """

    labels: tuple[str, ...]
    times: tuple[float, ...]
    places: Values
    estimates: Values
    truth: Values | None
    equations: tuple[TermSum, ...]
    limited: bool = False
    numbers: tuple[StepNumbers, ...] = ()


@dataclass(frozen=True)
class Part:
    """One term at one step.

    Attributes:
        image: its image.
        factor: the number before it; the mean where each pixel has its own.
        at_pixel: the number before it at the chosen pixel.
        value: what the image is there.
    """

    image: CaptionedImage
    factor: float
    at_pixel: float
    value: float


def look(
    trace: SamplingTrace, step: int, row: int, column: int, channel: int, weighted: bool
) -> Lines:
    """One step through the microscope.

    Args:
        trace: the trajectory.
        step: which of its K steps, from 0.
        row: of the pixel that is followed, from 0 at the top.
        column: of the pixel, from 0 at the left.
        channel: which colour of the pixel, from 0.
        weighted: whether an image shows its term with its number, or without.

    Returns:
        For each equation its parts, the result last.

    Raises:
        ValueError: there is no such step or pixel.
    """
    _check(trace, step, row, column, channel)
    where = (step, row, column, channel)
    return tuple(
        tuple(_part(term, where, weighted, trace) for term in (*equation.terms, equation.result))
        for equation in trace.equations
    )


Lines = tuple[tuple[Part, ...], ...]


def curves(
    trace: SamplingTrace, row: int, column: int, channel: int
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """The followed pixel over the whole trajectory: x_t at `trace.times`, and x̂₀ at each step.

    Raises:
        ValueError: there is no such pixel.
    """
    _check(trace, 0, row, column, channel)
    spot = (slice(None), row, column, channel)
    return tuple(trace.places[spot].tolist()), tuple(trace.estimates[spot].tolist())


def stacked(images: Sequence[Tensor]) -> Values:
    """Images (1, C, H, W) as one array, (K, H, W, C)."""
    return torch.cat(list(images)).movedim(1, -1).float().contiguous().cpu().numpy()


def total(symbol: Symbol, name: str, tex: str, values: Values) -> Term:
    """What the terms of an equation add up to."""
    return Term(symbol, name, tex, "", constant(1.0, len(values)), values)


def constant(number: float, count: int) -> NDArray[np.float64]:
    """The same number at every step, (count, 1, 1, 1)."""
    return np.full((count, 1, 1, 1), number)


def _part(
    term: Term, where: tuple[int, int, int, int], weighted: bool, trace: SamplingTrace
) -> Part:
    step, *spot = where
    factors, values = term.factors[step], term.values[step]
    image = factors * values if weighted else values
    own = np.broadcast_to(factors, values.shape)[tuple(spot)]
    alt = f"{term.name}, at step {trace.labels[step]}"
    pixels = to_pixels(torch.from_numpy(image).movedim(-1, 0), *SHOWN)
    shown = CaptionedImage(pixels, term.name, alt, term.symbol)
    return Part(shown, float(factors.mean()), float(own), float(values[tuple(spot)]))


def _check(trace: SamplingTrace, step: int, row: int, column: int, channel: int) -> None:
    sizes = trace.estimates.shape
    for name, place, size in zip(
        ("step", "row", "column", "channel"), (step, row, column, channel), sizes, strict=True
    ):
        if not 0 <= place < size:
            raise ValueError(f"{name} must be 0 to {size - 1}, not {place}")
