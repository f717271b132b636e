"""Changed lines of code: what stood there, and what stands there now."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import streamlit as st

_TAGS = {"-": "del", "+": "ins"}
_SIGNS = {"-": "−", "+": "+"}
_WORDS = {"-": "right: ", "+": "wrong: "}


def diff(lines: Sequence[tuple[str, str]], where: str) -> None:
    """Show a few lines of code of which some are changed.

    Args:
        lines: (mark, code); the mark is "-" for what is gone, "+" for what is new, " " for both.
        where: file and function.
    """
    st.html(f'<p class="ui-label">{escape(where)}</p>{diff_html(lines, where)}')


def diff_html(lines: Sequence[tuple[str, str]], where: str) -> str:
    """Write the lines as HTML: a sign and an element for each mark, not its colour alone."""
    rows = "".join(_row(mark, code) for mark, code in lines)
    return (
        f'<pre class="ui-code ui-diff" tabindex="0" role="region" '
        f'aria-label="Changed lines of {escape(where)}"><code>{rows}</code></pre>'
    )


def _row(mark: str, code: str) -> str:
    text = code.lstrip(" ")
    tag, sign = _TAGS.get(mark, "span"), _SIGNS.get(mark, "")
    words = f'<small class="ui-unseen">{_WORDS[mark]}</small>' if mark in _WORDS else ""
    indent = f"--indent: {len(code) - len(text) + 4}ch"
    return (
        f'<{tag}><b aria-hidden="true">{sign}</b>'
        f'<bdi style="{indent}">{words}{escape(text) or "&#8203;"}</bdi></{tag}>'
    )
