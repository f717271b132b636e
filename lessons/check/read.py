"""Reading a student's file, a .py file or a notebook, as statements of Python."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Final

LARGEST: Final = 20_000_000
"""Bytes of a file; a notebook's pictures count."""


class Unreadable(ValueError):
    """The file is none that can be checked; the message is one sentence."""


def parts(path: Path) -> list[tuple[str, str]]:
    """The code of a file in pieces: where each stands, and its text.

    Args:
        path: a .py file, or a notebook.

    Raises:
        Unreadable: it is neither, is too large, or can't be read.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise Unreadable(f"The file has more than {LARGEST // 1_000_000} MB.")
        text = path.read_text("utf-8")
    except OSError as error:
        raise Unreadable(f"The file can't be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise Unreadable("The file is no text in UTF-8.") from error
    if path.suffix == ".ipynb":
        return _cells(text)
    if path.suffix != ".py":
        raise Unreadable("The file must be a .py file or a notebook (.ipynb).")
    return [(path.name, text)]


def _cells(text: str) -> list[tuple[str, str]]:
    try:
        cells = json.loads(text)["cells"]
        sources = [
            "".join(cell["source"]) if cell["cell_type"] == "code" else None for cell in cells
        ]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Unreadable("The file is no notebook that Jupyter could open.") from error
    return [
        (f"cell {number}", _without_magic(source))
        for number, source in enumerate(sources, start=1)
        if source is not None
    ]


def _without_magic(source: str) -> str:
    """Lines that only IPython understands, emptied; a cell in another language, emptied whole."""
    lines = source.splitlines()
    first = next((line.strip() for line in lines if line.strip()), "")
    if re.match(r"%%(?!time|timeit|capture)", first):
        return ""
    return "\n".join(re.sub(r"^(\s*)[%!?].*", r"\1pass", line) for line in lines)


def statements(path: Path) -> list[tuple[str, ast.stmt]]:
    """All statements of a file, each with the name of its piece.

    Raises:
        Unreadable: it can't be read, or is no Python; the message says where.
    """
    found: list[tuple[str, ast.stmt]] = []
    for where, text in parts(path):
        try:
            found += [(where, one) for one in ast.parse(text).body]
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            line = getattr(error, "lineno", None)
            place = where if line is None else f"{where}, line {line}"
            said = getattr(error, "msg", None) or "it can't be parsed"
            raise Unreadable(f"{place} is no valid Python: {said}.") from error
    return found
