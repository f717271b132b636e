"""Where in a function its equations are: on which lines it calls them, or what calls them."""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pages._service.export.flatten import Place, definition, uses
from pages._service.export.modules import Definition, module


@dataclass(frozen=True)
class Equation:
    """A function that is an equation, and how it is reached.

    Attributes:
        number: 1, 2, … in the order in which the lines lead there.
        place: its module and name.
        formulas: TeX.
        citation: what it was taken from, or "".
        through: functions on the way there, the first one stands in the line; () if it is called
            in the line itself.
    """

    number: int
    place: Place
    formulas: tuple[str, ...]
    citation: str
    through: tuple[str, ...]


@dataclass(frozen=True)
class MarkedCode:
    """A function as it is shown.

    Attributes:
        code: its source without the docstring.
        marks: the numbers of the equations that a line leads to, by the line's number in `code`;
            the first is 1.
        equations: all of them.
    """

    code: str
    marks: dict[int, tuple[int, ...]]
    equations: tuple[Equation, ...]


def shown(function: Callable[..., object]) -> MarkedCode:
    """Take a lesson's function apart; one that hasn't changed is looked at once.

    Raises:
        ValueError: it is no function of the lessons.
    """
    place = function.__module__, function.__qualname__
    return _shown(place, id(module(place[0])))


@functools.lru_cache(maxsize=256)
def _shown(place: Place, changed: int) -> MarkedCode:  # noqa: ARG001 - read anew, looked at anew
    one = definition(place)
    home = module(place[0])
    kept = list(_kept_lines(one))
    new_number = {old: place for place, old in enumerate(kept, start=1)}
    found: dict[Place, Equation] = {}
    marks: dict[int, tuple[int, ...]] = {}
    body = getattr(one.node, "body", [])
    first = body[0].lineno if body else one.last
    for use, target in uses(place):
        line = use.node.lineno
        if not isinstance(target, tuple) or line < first or line not in new_number:
            continue
        for equation, through in _reached(target):
            doc = definition(equation).doc
            known = found.setdefault(
                equation,
                Equation(len(found) + 1, equation, doc.formulas, doc.citation, through),
            )
            numbers = marks.setdefault(new_number[line], ())
            if known.number not in numbers:
                marks[new_number[line]] = (*numbers, known.number)
    code = "\n".join(home.lines[number - 1] for number in kept)
    return MarkedCode(code, marks, tuple(found.values()))


def _reached(start: Place) -> Iterator[tuple[Place, tuple[str, ...]]]:
    """Equations that a definition is or leads to, nearest first, and the way there."""
    seen = {start}
    waiting: list[tuple[Place, tuple[str, ...]]] = [(start, ())]
    while waiting:
        place, through = waiting.pop(0)
        if definition(place).doc.formulas:
            yield place, through
        for _, target in uses(place):
            if isinstance(target, tuple) and target not in seen:
                seen.add(target)
                waiting.append((target, (*through, place[1])))


def _kept_lines(one: Definition) -> Iterator[int]:
    """Numbers of the lines that are shown: all but the docstring."""
    body = getattr(one.node, "body", [])
    hidden = range(0)
    if body and isinstance(one.node, ast.FunctionDef) and ast.get_docstring(one.node):
        hidden = range(body[0].lineno, (body[0].end_lineno or body[0].lineno) + 1)
    return (number for number in range(one.first, one.last + 1) if number not in hidden)
