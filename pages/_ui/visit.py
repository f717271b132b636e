"""What this session has opened, and the knobs of the page that it is on; kept in the session only.

Knobs are noted where the kit returns them, so that what is noted is what the result was made from.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Final, NamedTuple, ParamSpec, TypeVar

import streamlit as st

from pages._ui.lessons import Lesson

P = ParamSpec("P")
T = TypeVar("T")
_OPENED: Final = "ui_opened"
_HERE: Final = "ui_here"
_KNOBS: Final = "ui_knobs"
_MODEL: Final = "ui_model"
_LONGEST: Final = 400


class Knob(NamedTuple):
    """One setting of a page.

    Attributes:
        key: its name in the address.
        label: its name on the page.
        value: what it stood at, as the address writes it.
    """

    key: str
    label: str
    value: str


def enter(lesson: Lesson) -> None:
    """Begin a run of a page: it is open, and nothing is known yet of its knobs."""
    if lesson.part:
        st.session_state.setdefault(_OPENED, set()).add(lesson.part + lesson.number)
    st.session_state[_HERE] = lesson.part + lesson.number
    st.session_state[_KNOBS] = {}
    st.session_state.pop(_MODEL, None)


def here() -> str:
    """Part and number of the lesson that is open, e.g. "A1.4"; "" outside of lessons."""
    return str(st.session_state.get(_HERE, ""))


def opened() -> set[str]:
    """Part and number of every lesson that this session has opened."""
    return set(st.session_state.get(_OPENED, ()))


def use(name: str) -> None:
    """Remember which model this page uses, by its name."""
    st.session_state[_MODEL] = name


def model() -> str:
    """The name of the model that this page uses, or ""."""
    return str(st.session_state.get(_MODEL, ""))


def note(key: str, label: str, value: object) -> None:
    """Remember where a knob stands.

    Args:
        key: its name in the address.
        label: its name on the page.
        value: a number, a word or a switch.
    """
    words = str(value).lower() if isinstance(value, bool) else str(value)
    st.session_state.setdefault(_KNOBS, {})[key] = Knob(key, label, words[:_LONGEST])


def knobs() -> tuple[Knob, ...]:
    """The knobs of this page so far, from its top down."""
    return tuple(st.session_state.get(_KNOBS, {}).values())


def noted(function: Callable[P, T]) -> Callable[P, T]:
    """Let a function of the kit note what it returns; it takes a label first, and `key=`."""

    @functools.wraps(function)
    def noting(*args: P.args, **kwargs: P.kwargs) -> T:
        value = function(*args, **kwargs)
        note(str(kwargs["key"]), str(args[0]), value)
        return value

    return noting
