"""The lines that a mistake changes, read from the real source."""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import takewhile
from typing import Final

from lessons.workshop.bug_lab.copies import patched
from lessons.workshop.bug_lab.mistakes import BY_TITLE

CONTEXT: Final = 2
"""Lines shown before and after."""


@dataclass(frozen=True)
class Difference:
    """The changed lines of a module, with their neighbours.

    Attributes:
        where: file and function.
        lines: (mark, code): "-" for right code that is gone, "+" for the wrong one, " " for both.
    """

    where: str
    lines: tuple[tuple[str, str], ...]


def difference(title: str) -> Difference:
    """The lines of the real source that a mistake changes, right and wrong."""
    patch = BY_TITLE[title].patch
    source = inspect.getsource(importlib.import_module(patch.module))
    start = source.index(patch.right)
    first = source.count("\n", 0, start)
    count = patch.right.count("\n") + 1
    lines, changed = source.splitlines(), patched(patch.module, [patch]).splitlines()
    new = changed[first : len(changed) - (len(lines) - first - count)]
    before, after = _around(lines, first, first + count)
    marked = [
        *((" ", line) for line in before),
        *_marked(lines[first : first + count], new),
        *((" ", line) for line in after),
    ]
    indent = min(len(code) - len(code.lstrip()) for _, code in marked if code.strip())
    file = patch.module.replace(".", "/") + ".py"
    where = ", ".join(filter(None, (file, _function(source, first + 1))))
    return Difference(where, tuple((mark, code[indent:]) for mark, code in marked))


def _marked(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Lines that are gone, new, or the same, each with its mark."""
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            yield from ((" ", line) for line in old[a:b])
        else:
            yield from (("-", line) for line in old[a:b])
            yield from (("+", line) for line in new[c:d])


def _around(lines: Sequence[str], first: int, end: int) -> tuple[list[str], list[str]]:
    """A few lines of code before and after, up to an empty one or the end of a docstring."""
    before = takewhile(_is_code, reversed(lines[max(0, first - CONTEXT) : first]))
    after = takewhile(_is_code, lines[end : end + CONTEXT])
    return list(before)[::-1], list(after)


def _is_code(line: str) -> bool:
    return bool(line.strip()) and '"""' not in line


def _function(source: str, line: int) -> str:
    """The functions and classes around a line, e.g. "guided.predict_noise"; "" outside of all."""
    kinds = (ast.FunctionDef, ast.ClassDef)
    around = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, kinds) and node.lineno <= line <= (node.end_lineno or 0)
    ]
    return ".".join(node.name for node in sorted(around, key=lambda node: node.lineno))
