"""A result as a notebook: lecture and code in turn."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import nbformat
from nbformat import v4

from pages._service.export import parts
from pages._service.export.flatten import Flat, Piece
from pages._service.export.modules import ENDING, Module
from pages._service.export.parts import Call

_ABOUT: Final = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def notebook(call: Call) -> str:
    """Write the notebook (nbformat 4.5, without outputs); equal calls give equal text.

    Raises:
        ValueError: the function is none of the lessons.
        TypeError: a parameter can't be written down.
    """
    make: dict[str, Any] = {"code": v4.new_code_cell, "markdown": v4.new_markdown_cell}
    new: Any = v4.new_notebook  # nbformat has no types
    cells = [
        make[kind](text, id=f"cell-{place}") for place, (kind, text) in enumerate(_cells(call))
    ]
    whole = new(cells=cells, metadata=_ABOUT, nbformat_minor=5)
    nbformat.validate(whole)
    return str(nbformat.writes(whole))  # type: ignore[no-untyped-call]


def _cells(call: Call) -> Iterator[tuple[str, str]]:
    names = parts.flat(call)
    make, keep = parts.steps(call, names)
    module, name = call.place
    facts = "\n".join(f"- {fact}" for fact in parts.facts(call))
    yield (
        "markdown",
        f"# {parts.title(call)}\n\nThis is `{name}` of `{module.replace('.', '/')}.py` as the page "
        "ran it, with everything of the lessons that it is built of. All of the mathematics is in "
        "this notebook: change it, and see what happens. Networks, weights and data come from the "
        "project, so put this file into the project's folder and open it there.\n\n"
        f"{facts}\n\n{parts.comparison(call)}\n\n{parts.licence()}",
    )
    imports = (one for one in parts.imports(names) if one)
    yield "code", "\n\n".join(("from __future__ import annotations", *imports))
    for home, pieces in names.sections:
        yield from _section(home, pieces)
    yield "markdown", f"## This result\n\n{parts.what(call)}"
    yield "code", parts.parameters(call, names)
    yield "code", make
    yield "code", keep
    yield "code", _look(names)


def _section(home: Module, pieces: tuple[Piece, ...]) -> Iterator[tuple[str, str]]:
    """A heading; then each equation with its function, and what is between them together."""
    if home.name == ENDING:
        yield "markdown", f"## {home.doc}"
    else:
        yield "markdown", f"## `{home.path}`\n\n{home.doc}"
    between: list[str] = []
    for piece in pieces:
        doc = piece.definition.doc
        if not doc.formulas:
            between.append(piece.source)
            continue
        if between:
            yield "code", "\n\n\n".join(between)
            between = []
        cited = f"\n\n*{doc.citation}*" if doc.citation else ""
        yield "markdown", f"### `{piece.definition.names[0]}`\n\n{doc.lecture}{cited}"
        yield "code", piece.source
    if between:
        yield "code", "\n\n\n".join(between)


def _look(names: Flat) -> str:
    """The cell that shows the images."""
    leaves, is_trajectory = names.names[ENDING, "leaves"], names.names[ENDING, "is_trajectory"]
    return (
        f"for name, part in {leaves}(result):\n"
        f"    if {is_trajectory}(name):\n"
        "        continue  # every step is in the folder of images\n"
        "    if isinstance(part, np.ndarray):\n"
        "        print(name)\n"
        "        scale = max(1, 140 // part.shape[1])\n"
        "        display(Image.fromarray(part.repeat(scale, 0).repeat(scale, 1)))\n"
        "    else:\n"
        "        print(name, part)"
    )
