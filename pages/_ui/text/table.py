"""A table of words and numbers that scrolls sideways inside its own box on a phone."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import streamlit as st


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], *, label: str) -> None:
    """Show a table whose first column names the rows.

    Args:
        columns: their heads, plain text.
        rows: cells, plain text, as many as there are columns.
        label: what the table is, for those who cannot see it.
    """
    head = "".join(f'<th scope="col">{escape(words)}</th>' for words in columns)
    lines = "".join(f"<tr>{_cells(*row)}</tr>" for row in rows)
    st.html(
        f'<div class="ui-board" tabindex="0" role="region" aria-label="{escape(label)}"><table>'
        f"<thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table></div>"
    )


def _cells(name: str, *others: str) -> str:
    cells = "".join(f"<td>{escape(words)}</td>" for words in others)
    return f'<th scope="row">{escape(name)}</th>{cells}'
