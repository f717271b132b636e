"""A function as text: its docstring as the lecture, its body as the example."""

from __future__ import annotations

import ast
import inspect
import io
import keyword
import re
import textwrap
import tokenize
from collections.abc import Callable, Mapping
from html import escape
from typing import Any, Final, NamedTuple

from pages._service.docstrings import split_docstring
from pages._ui.display import palette
from pages._ui.text.notation import Notation

_MATHS: Final = re.compile(
    r"(?<!\\)(\$\$)(.+?)(?<!\\)\$\$|(?<!\\)(\$)([^$\n]+?)(?<!\\)\$", re.DOTALL
)
_OWN: Final = Notation()


class Lecture(NamedTuple):
    """A docstring taken apart.

    Attributes:
        text: Markdown with coloured formulas.
        citation: what the mathematics was taken from, or "".
    """

    text: str
    citation: str


def lecture(
    thing: Callable[..., Any],
    also: dict[str, str] | None = None,
    notation: Notation = _OWN,
) -> Lecture:
    """Take the explanation out of a docstring, up to its first section such as `Args:`.

    Args:
        thing: a function or class with a docstring.
        also: more names and the symbol each stands for.
        notation: whose letters to write it in.

    Raises:
        ValueError: it has no docstring.
    """
    doc = inspect.getdoc(thing)
    if not doc:
        raise ValueError(f"{thing.__qualname__} has no docstring to explain it")
    parts = split_docstring(doc)
    return Lecture(colour_markdown(parts.lecture, notation.names(also), notation), parts.citation)


def colour_markdown(
    text: str, also: dict[str, str] | None = None, notation: Notation = _OWN
) -> str:
    """Colour the symbols inside the `$…$` and `$$…$$` of a Markdown text.

    The letters of another notation take their places after the colours, which so keep to what a
    symbol means.
    """
    parts, end = [], 0
    for match in _MATHS.finditer(text := notation.prose(text)):
        dollars = match[1] or match[3]
        formula = notation.tex(palette.colour_tex(match[2] or match[4], also))
        parts += [text[end : match.start()], f"{dollars}{formula}{dollars}"]
        end = match.end()
    return "".join([*parts, text[end:]])


def body(thing: Callable[..., Any]) -> str:
    """Read the source of a function or class, less its docstrings."""
    source = textwrap.dedent(inspect.getsource(thing))
    lines: list[str | None] = list(source.splitlines())
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and ast.get_docstring(node):
            text = node.body[0]
            last = text.end_lineno or text.lineno
            # The blank line under a docstring goes with it.
            if last < len(lines) and not (lines[last] or "").strip():
                last += 1
            lines[text.lineno - 1 : last] = [None] * (last - text.lineno + 1)
    return "\n".join(line for line in lines if line is not None)


def coloured_html(
    code: str,
    also: dict[str, str] | None = None,
    marks: Mapping[int, str] | None = None,
) -> str:
    """Write Python code as HTML in which each symbol has the colour it has in the formula.

    Args:
        code: the code.
        also: more names and the symbol each stands for.
        marks: a word or two at the end of a line, by the line's number; the first is 1.
    """
    out: list[str] = []
    lines = code.splitlines(keepends=True)
    row, column = 1, 0
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        out.append(escape(_between(lines, (row, column), token.start)))
        out.append(_coloured(token, also))
        row, column = token.end
    written = enumerate("".join(out).rstrip().splitlines(), start=1)
    return "\n".join(_line(line, (marks or {}).get(number, "")) for number, line in written)


def _line(html: str, mark: str) -> str:
    """Let one line of code wrap under its own indent where the column is too narrow for it."""
    indent = len(html) - len(html.lstrip(" "))
    kind, note = (' class="ui-leads"', f" <small>{escape(mark)}</small>") if mark else ("", "")
    text = html.lstrip(" ") or "&#8203;"
    return f'<span{kind} style="--indent: {indent + 4}ch">{text}{note}</span>'


def _coloured(token: tokenize.TokenInfo, also: dict[str, str] | None) -> str:
    text = escape(token.string, quote=False)
    if token.type == tokenize.NAME:
        if symbol := palette.symbol_of(token.string, also):
            return f'<b style="color: var({palette.css_name(symbol)})">{text}</b>'
        return f"<i>{text}</i>" if keyword.iskeyword(token.string) else text
    if token.type == tokenize.COMMENT:
        return f"<q>{text}</q>"
    return text


def _between(lines: list[str], start: tuple[int, int], end: tuple[int, int]) -> str:
    """Return the blanks between two tokens, which the tokenizer leaves out."""
    if start[0] == end[0]:
        return lines[start[0] - 1][start[1] : end[1]] if start[0] <= len(lines) else ""
    first = lines[start[0] - 1][start[1] :]
    middle = "".join(lines[start[0] : end[0] - 1])
    last = lines[end[0] - 1][: end[1]] if end[0] <= len(lines) else ""
    return first + middle + last
