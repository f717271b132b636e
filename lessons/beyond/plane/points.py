"""Sets of points in the plane: some ready-made, a word, or what a reader drew."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from lessons.diffusion.noise import stream

SHAPES: Final = ("two moons", "spiral", "eight Gaussians", "a word", "your drawing")
"""What the data can be."""

COUNTS: Final = (10, 100, 400)
"""How many points a set can have; a drawing has as many as were drawn."""

LONGEST_WORD: Final = 8
FEWEST: Final = 3
MOST: Final = 400
"""Points of a drawing, at least and at most."""

EDGE: Final = 2.2
"""No data lies further from the middle than this along either axis."""

Drawn = tuple[tuple[float, float], ...]
"""A drawing: x to the right and y upwards, both in [-1, 1]."""


class Cloud(NamedTuple):
    """A finite set of points, each of one of two classes.

    Attributes:
        points: (N, 2) float32, mean 0 and, unless it is very long, variance 1 over both axes.
        labels: (N,) int64, 0 or 1; both occur.
    """

    points: Tensor
    labels: Tensor


def cloud(shape: str, word: str, drawn: Drawn, count: int, seed: int) -> Cloud:
    """Draw a set of points.

    Args:
        shape: one of `SHAPES`.
        word: what "a word" spells, as `spelled` returned it.
        drawn: the points of "your drawing", as `drawing` returned them.
        count: how many points, one of `COUNTS`; "your drawing" has its own number.
        seed: the reader's seed.

    Raises:
        ValueError: there is no such shape, or it cannot be made; one sentence.
    """
    if shape == "your drawing":
        return by_halves(normalised(torch.tensor(drawing(drawn))))
    random = stream(seed, "plane", shape)
    if shape == "a word":
        return by_halves(normalised(_word(spelled(word), count, random)))
    makers = {"two moons": _moons, "spiral": _spiral, "eight Gaussians": _gaussians}
    if shape not in makers:
        raise ValueError(f"There is no set of points called {shape[:30]!r}.")
    labels = torch.arange(count) % 2
    return Cloud(normalised(makers[shape](labels, random)), labels)


def normalised(points: Tensor) -> Tensor:
    """Move the mean to 0 and bring the variance to 1, or less where the set would leave the view.

    Unit variance is what the forward process assumes: a set that has it keeps it at every $t$.

    Args:
        points: (N, 2), at least two different ones.

    Raises:
        ValueError: all points are the same.
    """
    centred = points - points.mean(0)
    spread, reach = centred.square().mean().sqrt(), centred.abs().max()
    if reach < 1e-3:
        raise ValueError("All of these points lie in one place: draw them further apart.")
    return centred * min(1 / float(spread), EDGE / float(reach))


def by_halves(points: Tensor) -> Cloud:
    """Split a set without classes of its own: the left half is class 0, the right half class 1."""
    labels = torch.zeros(len(points), dtype=torch.int64)
    labels[points[:, 0].argsort()[len(points) // 2 :]] = 1
    return Cloud(points, labels)


def spelled(word: str) -> str:
    """Keep what can be shown: at most eight letters A to Z and digits; "NOISE" if there is none."""
    kept = "".join(letter for letter in word[:1000] if letter.isascii() and letter.isalnum())
    return kept[:LONGEST_WORD] or "NOISE"


def drawing(sent: Sequence[object]) -> Drawn:
    """Check a drawing that a browser sent.

    Args:
        sent: should be points, each two numbers in [-1, 1].

    Raises:
        ValueError: they are too few or too many, outside the square, all the same, or no points;
            one sentence.
    """
    if len(sent) < FEWEST:
        raise ValueError(f"Draw at least {FEWEST} points.")
    if len(sent) > MOST:
        raise ValueError(f"These are {len(sent)} points, and at most {MOST} can be taken.")
    drawn = tuple(_point(one) for one in sent)
    normalised(torch.tensor(drawn))  # which points that are all one can't be
    return drawn


def _point(sent: object) -> tuple[float, float]:
    if isinstance(sent, list | tuple) and len(sent) == 2 and all(map(_inside, sent)):
        return float(sent[0]), float(sent[1])
    raise ValueError("A drawing is a list of points inside the square, and this is none.")


def _inside(number: object) -> bool:
    # Neither infinity nor what is no number at all is at most 1.
    is_number = isinstance(number, int | float) and not isinstance(number, bool)
    return is_number and abs(number) <= 1  # type: ignore[arg-type]


def _moons(labels: Tensor, random: torch.Generator) -> Tensor:
    angle = math.pi * torch.rand(len(labels), generator=random)
    upper = torch.stack([angle.cos(), angle.sin()], dim=1)
    lower = torch.stack([1 - angle.cos(), 0.5 - angle.sin()], dim=1)
    arcs = torch.where((labels == 0)[:, None], upper, lower)
    return arcs + 0.06 * torch.randn(arcs.shape, generator=random)


def _spiral(labels: Tensor, random: torch.Generator) -> Tensor:
    # The root makes the points as dense outside as inside.
    turn = 0.3 + 2.9 * math.pi * torch.rand(len(labels), generator=random).sqrt()
    angle = turn + math.pi * labels
    arms = turn[:, None] * torch.stack([angle.cos(), angle.sin()], dim=1)
    return arms + 0.25 * torch.randn(arms.shape, generator=random)


def _gaussians(labels: Tensor, random: torch.Generator) -> Tensor:
    # Classes alternate around the circle.
    place = 2 * torch.randint(4, labels.shape, generator=random) + labels
    angle = place * math.pi / 4
    centres = torch.stack([angle.cos(), angle.sin()], dim=1)
    return centres + 0.07 * torch.randn(centres.shape, generator=random)


def _word(word: str, count: int, random: torch.Generator) -> Tensor:
    font = ImageFont.load_default(size=64)
    left, top, right, bottom = (round(edge) for edge in font.getbbox(word))
    image = Image.new("L", (right - left, bottom - top))
    ImageDraw.Draw(image).text((-left, -top), word, fill=255, font=font)
    rows, columns = np.nonzero(np.array(image) > 127)
    ink = torch.from_numpy(np.stack([columns, -rows], axis=1)).float()
    chosen = ink[torch.randint(len(ink), (count,), generator=random)]
    return chosen + torch.rand(chosen.shape, generator=random) - 0.5
