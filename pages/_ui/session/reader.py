"""Who reads this page: a browser, known by its cookie, and whether it has the teacher's key."""

from __future__ import annotations

from typing import Final

import streamlit as st

from lessons.classroom import readers, state
from lessons.classroom.readers import Reader
from lessons.training.runs import files
from pages._service.reader_cookie import NAME, is_token
from pages._ui.session.lessons import Lesson

ANYBODY: Final = (
    "This server has no teacher's key, so everybody who opens it may pause, stop and delete every "
    "run."
)
_TOKEN: Final = "ui_reader"


def reader() -> Reader:
    """Who asks. A browser that keeps no cookies is somebody else after each reload."""
    browser = readers.hashed(_token())
    return Reader(browser, state.is_teacher(files.root(), browser))


def has_key() -> bool:
    """Whether this server has a teacher's key at all."""
    return readers.teachers_key() is not None


def may_see(lesson: Lesson) -> bool:
    """Whether a page is in this reader's list of pages."""
    return not lesson.for_teachers or reader().teacher


def give_key(said: str) -> bool:
    """Try a key; with the right one this browser is the teacher's from now on.

    Raises:
        OSError: the disk refused.
    """
    right = readers.is_teachers_key(said)
    if right:
        state.sign_in(files.root(), reader().browser)
    return right


def forget_key() -> None:
    """This browser is a reader's again.

    Raises:
        OSError: the disk refused.
    """
    state.sign_out(files.root(), reader().browser)


def known_browser() -> str:
    """The hash of the token of a browser that keeps our cookie; "" of any other."""
    return readers.hashed(sent) if (sent := _sent()) else ""


def _token() -> str:
    return _sent() or str(st.session_state.setdefault(_TOKEN, readers.new_token()))


def _sent() -> str:
    sent = str(st.context.cookies.get(NAME) or "")
    return sent if is_token(sent) else ""
