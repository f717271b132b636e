"""What this session has opened, and what the page that it is on is made with."""

from __future__ import annotations

from typing import Final

import streamlit as st

from pages._ui.session.lessons import Lesson
from pages._ui.session.remembered import OPENED, save

_HERE: Final = "ui_here"
_MODEL: Final = "ui_model"


def enter(lesson: Lesson) -> None:
    """Begin a run of a page: it is open, and no model is known yet."""
    if lesson.part:
        seen = st.session_state.setdefault(OPENED, set())
        if lesson.part + lesson.number not in seen:
            seen.add(lesson.part + lesson.number)
            save("opened", sorted(seen))
    st.session_state[_HERE] = lesson.part + lesson.number
    st.session_state.pop(_MODEL, None)


def here() -> str:
    """Part and number of the lesson that is open, e.g. "A1.4"; "" outside of lessons."""
    return str(st.session_state.get(_HERE, ""))


def opened() -> set[str]:
    """Part and number of every lesson that this session has opened."""
    return set(st.session_state.get(OPENED, ()))


def use(name: str) -> None:
    """Remember which model this page uses, by its name."""
    st.session_state[_MODEL] = name


def model() -> str:
    """The name of the model that this page uses, or ""."""
    return str(st.session_state.get(_MODEL, ""))
