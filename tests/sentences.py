"""Every sentence that readers see, taken from the sources of pages, questions and notes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

PAGES: Final = Path(__file__).parents[1] / "pages"
SETTING: Final = re.compile(
    r"\$\$.*?\$\$|\$[^$]*\$"  # an equation
    r"|`[^`]*`"  # code
    r"|(lessons?|part|epochs?|[ABT]) ?\d[\d.]*( to \d+)?"  # where, or when
    r"|[γσηtμDTβwᾱx₀_istar]+ ?[=<>≤≥] ?[\d.]+( dB)?"  # what a control stands at
    r"|√[\d.]+|\d+ [×x] \d+|^\d+\.$"  # a formula, a size, a place in a list
)
NUMBER: Final = re.compile(
    r"\d|per cent|\btwice\b|\bhalf of\b|\btimes as\b|\ba fifth\b|\bten times\b"
)


class Sentence(NamedTuple):
    """A sentence, and the file below `pages` that says it; values that are filled in are {}."""

    file: str
    words: str


def sentences() -> Iterator[Sentence]:
    """All sentences of all pages, parts of pages, questions and notes."""
    folders = [*PAGES.glob("*.py"), *(PAGES / "_shared").rglob("*.py")]
    for path in sorted([*folders, *(PAGES / "_teaching").glob("*.*")]):
        for text in _texts(path):
            for words in re.split(r"(?<=[.!?:])\s+|\n\n|\n(?=\d\. |- )", text):
                yield Sentence(path.relative_to(PAGES).as_posix(), " ".join(words.split()))


def with_numbers() -> list[Sentence]:
    """Those that say a number which is neither a setting nor part of a formula."""
    return [one for one in sentences() if NUMBER.search(SETTING.sub("", one.words))]


def _texts(path: Path) -> Iterator[str]:
    text = path.read_text("utf-8")
    if path.suffix == ".md":
        yield text.partition("\n\n")[2]
    if path.suffix != ".py":
        return
    tree = ast.parse(text)
    if path.parent == PAGES:
        yield ast.get_docstring(tree) or ""
    inside = {id(part) for one in ast.walk(tree) for part in _parts(one)}
    for node in ast.walk(tree):
        if id(node) not in inside and (words := _words(node)) and _is_prose(words):
            yield words


def _parts(node: ast.AST) -> list[ast.AST]:
    """What is part of a longer string, or is a docstring: not taken by itself."""
    if isinstance(node, ast.JoinedStr):
        return [part for part in ast.walk(node) if part is not node]
    if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node):
        return [node.body[0].value]  # type: ignore[attr-defined]
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return [node.value]
    return []


def _words(node: ast.AST) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(v.value) if isinstance(v, ast.Constant) else "{}" for v in node.values)
    return ""


def _is_prose(words: str) -> bool:
    return len(words.split()) > 3 and bool(re.search(r"[.!?:]", words))
