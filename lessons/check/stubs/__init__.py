"""A notebook and a .py file to fill in; both are made of the two files beside this one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import nbformat
from nbformat import v4

NAMES: Final = ("my_solution.ipynb", "my_solution.py")
_CELL: Final = re.compile(r"^# %%( \[markdown\])?\n", re.MULTILINE)


def write(folder: Path) -> tuple[Path, ...]:
    """Write both files.

    Args:
        folder: where; it is made if need be.

    Returns:
        The files.

    Raises:
        FileExistsError: one of them is there already; nothing is written then.
    """
    paths = tuple(folder / name for name in NAMES)
    for path in paths:
        if path.exists():
            raise FileExistsError(17, "file exists", str(path))
    folder.mkdir(parents=True, exist_ok=True)
    paths[0].write_text(notebook(), "utf-8")
    paths[1].write_text(source(), "utf-8")
    return paths


def source() -> str:
    """Both parts as one file; the imports of the second are among those of the first."""
    first, second = (
        Path(__file__).with_name(f"{part}.txt").read_text("utf-8") for part in ("part_a", "part_b")
    )
    return first + "\n\n" + second[second.index("# %%") :]


def notebook() -> str:
    """The notebook, without outputs; equal calls give equal text."""
    cells = []
    for place, (is_code, text) in enumerate(_cells()):
        make = v4.new_code_cell if is_code else v4.new_markdown_cell
        cells.append(make(text, id=f"stub-{place}"))  # type: ignore[no-untyped-call]
    made = v4.new_notebook(cells=cells)  # type: ignore[no-untyped-call]
    made.metadata.kernelspec = {
        "display_name": "Python 3",
        "language": "python",
        "name": "python3",
    }
    nbformat.validate(made)
    return f"{nbformat.writes(made)}\n"  # type: ignore[no-untyped-call]


def _cells() -> Iterator[tuple[bool, str]]:
    """(whether it is code, text) of each cell."""
    _, *pieces = _CELL.split(source())
    for mark, text in zip(pieces[::2], pieces[1::2], strict=True):
        if mark is None:
            yield True, text.strip("\n")
        else:
            lines = (line.removeprefix("#").removeprefix(" ") for line in text.splitlines())
            yield False, "\n".join(lines).strip("\n")
