"""A docstring taken apart: the lecture, where it was taken from, and what the arguments are."""

from __future__ import annotations

import inspect
import re
from typing import Final, NamedTuple

_SECTION: Final = re.compile(r"^(Args|Returns|Yields|Raises|Attributes):\s*$", re.MULTILINE)
_CITATION: Final = re.compile(r"^Sources?:\s*(.+?)(?:\n\s*\n|\Z)", re.MULTILINE | re.DOTALL)
_FORMULA: Final = re.compile(r"\$\$(.+?)\$\$", re.DOTALL)
_ARGUMENT: Final = re.compile(r"^ {4}(\w+): (.+?)(?=^ {4}\w+: |\Z)", re.MULTILINE | re.DOTALL)


class Docstring(NamedTuple):
    """The parts of a docstring.

    Attributes:
        lecture: Markdown up to the first section such as `Args:`, without the citation.
        citation: what the mathematics was taken from, or "".
        formulas: TeX of the displayed equations in the lecture.
        arguments: what is said of each argument, on one line.
    """

    lecture: str
    citation: str
    formulas: tuple[str, ...]
    arguments: dict[str, str]


def split_docstring(doc: str) -> Docstring:
    """Part a docstring, with or without the indent that it has in the source."""
    doc = inspect.cleandoc(doc)
    text, *sections = _SECTION.split(doc)
    found = _CITATION.search(text)
    named = dict(zip(sections[::2], sections[1::2], strict=True))
    return Docstring(
        lecture=_CITATION.sub("", text).strip(),
        citation=" ".join(found[1].split()) if found else "",
        formulas=tuple(formula.strip() for formula in _FORMULA.findall(text)),
        arguments={
            name: " ".join(words.split())
            for name, words in _ARGUMENT.findall(named.get("Args", "").strip("\n") + "\n")
        },
    )
