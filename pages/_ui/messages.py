"""Times in words, and sentences about what a button could not do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st


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
    except (ValueError, OSError) as error:
        st.session_state[_key(place)] = str(error)


def problems(place: str) -> None:
    """Say what the last button of this place could not do, once."""
    sentence = st.session_state.pop(_key(place), "")
    if sentence:
        st.error(sentence)


def _key(place: str) -> str:
    return f"{place}: problem"
