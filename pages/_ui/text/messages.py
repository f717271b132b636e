"""Messages, all in plain text: an address, a file or an exception may have put words into them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages._ui.text.plain_text import plain_text


def toast(text: str) -> None:
    """Say for a few seconds what the app did by itself."""
    st.toast(plain_text(text))


def info(text: str) -> None:
    """Say what there is not."""
    st.info(plain_text(text))


def warning(text: str) -> None:
    """Say what was not done as it was asked for."""
    st.warning(plain_text(text))


def error(text: str, *, place: DeltaGenerator | None = None) -> None:
    """Say what went wrong.

    Args:
        text: one sentence or two.
        place: where; below what was shown last by default.
    """
    (place.error if place else st.error)(plain_text(text))


def duration(seconds: float) -> str:
    """Say a time as people do: 8 s, 4 min, 1.5 h."""
    if seconds < 90:
        return f"{max(seconds, 1):.0f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


@contextmanager
def telling(place: str) -> Iterator[None]:
    """In a button's callback: keep what went wrong for `problems(place)` to say."""
    try:
        yield
    except (ValueError, OSError) as trouble:
        st.session_state[_key(place)] = str(trouble)


def problems(place: str) -> None:
    """Say what the last button of this place could not do, once."""
    sentence = st.session_state.pop(_key(place), "")
    if sentence:
        error(sentence)


def _key(place: str) -> str:
    return f"{place}: problem"
