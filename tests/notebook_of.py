"""A notebook of a text with cell marks, for tests."""

import re

import nbformat
from nbformat import v4


def notebook_of(text: str) -> str:
    """Each `# %%` begins a cell of code, each `# %% [markdown]` one of text."""
    _, *pieces = re.split(r"^# %%( \[markdown\])?\n", text, flags=re.MULTILINE)
    cells = [
        (v4.new_code_cell if mark is None else v4.new_markdown_cell)(body.strip("\n"))
        for mark, body in zip(pieces[::2], pieces[1::2], strict=True)
    ]
    return nbformat.writes(v4.new_notebook(cells=cells))
