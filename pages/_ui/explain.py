"""A function's docstring beside its body: what is read, shown and run is one text."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any

import streamlit as st

from lessons.picture import Symbol
from pages._ui import source, years


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
        with example:
            st.html(
                f'<pre class="ui-code" tabindex="0" role="region" '
                f'aria-label="Code of {escape(thing.__qualname__)}"><code>{code}</code></pre>'
            )
