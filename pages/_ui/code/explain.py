"""A function's docstring beside its body: what is read, shown and run is one text."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from html import escape
from typing import Any, Final

import streamlit as st

from lessons.images.captioned import Symbol
from pages._service.docstrings import split_docstring
from pages._ui.code import source
from pages._ui.text import years

_CODE: Final = re.compile("`([^`]+)`")
_AS_CODE: Final = r"<code>\1</code>"


def explain(thing: Callable[..., Any], **also: Symbol) -> None:
    """Show the lecture in a function's docstring beside the function itself.

    Args:
        thing: a function or class of a lesson.
        also: names besides x_0, x_t, eps and x_0_hat that stand for one of these here, as in
            `explain(lesson.add_noise, z="x_t")`; they get the same colour in formula and code.
    """
    names = dict[str, str](also)
    lecture = source.lecture(thing, names, years.current())
    code = source.coloured_html(source.body(thing), names)
    with st.container(key=f"ui_explain_{thing.__module__}_{thing.__qualname__}".replace(".", "_")):
        words, example = st.columns([4, 5], gap="large")
        with words:
            st.markdown(lecture.text)
            if lecture.citation:
                st.html(f'<p class="ui-citation">{escape(lecture.citation)}</p>')
            if symbols := _symbols(thing, names):
                st.html(symbols)
        with example:
            st.html(
                f'<pre class="ui-code" tabindex="0" role="region" '
                f'aria-label="Code of {escape(thing.__qualname__)}"><code>{code}</code></pre>'
            )


def _symbols(thing: Callable[..., Any], names: dict[str, str]) -> str:
    """What each symbol of the equation is, with its shape and range, folded away; "" if none."""
    doc = split_docstring(inspect.getdoc(thing) or "")
    if not doc.formulas or not doc.arguments:
        return ""
    rows = "".join(
        f"<dt><code>{source.coloured_html(name, names)}</code></dt>"
        f"<dd>{_CODE.sub(_AS_CODE, escape(words))}</dd>"
        for name, words in doc.arguments.items()
    )
    return f'<details class="ui-symbols"><summary>Symbols</summary><dl>{rows}</dl></details>'
