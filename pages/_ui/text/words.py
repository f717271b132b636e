"""The small pieces of text that every page uses: header, notes, labels."""

from __future__ import annotations

from html import escape

import streamlit as st

from pages._ui.code.source import colour_markdown
from pages._ui.session import lessons, visit
from pages._ui.text import years
from pages._ui.text.notation import remark


def lesson_header(doc: str | None) -> None:
    """Open a page with its number, title and one-sentence summary, all from its docstring.

    Args:
        doc: the page's `__doc__`: `A1.1 · The forward process`, a blank line, one sentence.
    """
    lesson = lessons.parse(doc or "")
    visit.enter(lesson)
    if lesson.part:
        st.html(f'<p class="ui-eyebrow">Part {lesson.part} · {lesson.number}</p>')
    st.title(lesson.name, anchor=False)
    if lesson.summary:
        with st.container(key="ui_lead"):
            say(lesson.summary)
    changed = remark(years.current()) if lesson.part else ""
    if changed:
        with st.container(key="ui_note_year"):
            st.markdown(colour_markdown(changed))


def say(text: str) -> None:
    """Show Markdown whose formulas carry the colours of the symbols."""
    st.markdown(colour_markdown(text, notation=years.current()))


def note(text: str) -> None:
    """Set a remark apart from the running text."""
    with st.container(key=_key("ui_note", text)):
        say(text)


def caption(text: str) -> None:
    """Put a line under a figure that says what to see in it."""
    with st.container(key=_key("ui_caption", text)):
        say(text)


def label(text: str) -> None:
    """Say how a result was really made, e.g. 'Reference run · D = 64 · 5 epochs · bfloat16'."""
    st.html(f'<p class="ui-label">{escape(years.current().prose(text))}</p>')


def standing_line(text: str) -> None:
    """Say something that may change or be empty, in a place that is always as high."""
    st.html(f'<p class="ui-standing">{escape(years.current().prose(text))}</p>')


def _key(kind: str, text: str) -> str:
    # A container's key becomes its CSS class, and must be unique on the page.
    return f"{kind}_{abs(hash(text)):x}"
