"""What every page has for a class: the link that the teacher shows, and the teacher's own tools."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

import streamlit as st

from lessons.classroom import state
from lessons.classroom.readers import KEY
from lessons.training.runs import files
from pages._ui.assets import ASSETS
from pages._ui.session import lessons
from pages._ui.session.reader import ANYBODY, forget_key, give_key, has_key, reader
from pages._ui.text.messages import problems, telling
from pages._ui.text.words import caption

_PLACE: Final = "the class"
_WRONG: Final = "This is not the teacher's key of this server."
_OWN_VIEW: Final = ("present",)
"""What of the teacher's own address is not for the class."""

_news = st.components.v2.component(
    "class_news",
    html='<p class="ui-class-news" role="status" hidden></p>',
    css=(ASSETS / "classroom" / "news.css").read_text("utf-8"),
    js=(ASSETS / "classroom" / "news.js").read_text("utf-8"),
    isolate_styles=False,
)


def news(page: str) -> None:
    """Let the page ask now and then whether the teacher shows something; only in a class.

    Args:
        page: the page's name in the address.
    """
    if has_key():
        base = str(st.get_option("server.baseUrlPath") or "").strip("/")
        with st.container(key="ui_class"):
            _news(key="ui_class_news", data={"page": page, "base": f"/{base}/" if base else "/"})


def key_input(where: str) -> None:
    """Ask for the teacher's key, or say that this browser was given it.

    Args:
        where: of several such places, which.
    """
    if not has_key():
        caption(f"{ANYBODY} Whoever starts the server sets one: {KEY}.")
    elif reader().teacher:
        st.button(
            "Forget the key in this browser", key=f"ui_teacher_forget_{where}", on_click=_forget
        )
    else:
        key = f"ui_teacher_key_{where}"
        st.text_input(
            "Teacher's key",
            key=key,
            type="password",
            max_chars=200,
            autocomplete="off",
            on_change=_try,
            args=(key,),
            help="With it this browser may change every run and open the instructor's room, until "
            "it forgets the key.",
        )
    problems(_PLACE)


def send_all_here(page: str) -> None:
    """Offer the teacher to show this page, as it stands, to everybody."""
    if not reader().teacher:
        return
    st.text_input(
        "A remark with it", key="ui_teacher_words", max_chars=state.LONGEST_WORDS, value=""
    )
    st.button(
        "Look here now",
        key="ui_teacher_look",
        on_click=_look_here,
        args=(page,),
        help="A link to this page, with its controls as they are, appears on everybody's pages. It "
        "opens in a tab of its own, so that nobody loses anything.",
    )
    if look := state.read(files.root()).look:
        caption(f"Shown now: {lessons.title_of(look.page)}.")
        st.button("Take the link away", key="ui_teacher_away", on_click=_look_away)


def look_at(address: str, words: str) -> None:
    """Show everybody a page of this app.

    Args:
        address: as a browser shows it, or what follows the server's name.
        words: a remark.

    Raises:
        ValueError: there is no such page, the link is too long, or who asks is not the teacher.
        OSError: the disk refused.
    """
    try:
        split = urlsplit(address.strip())
    except ValueError:
        raise ValueError("This is not the address of a page.") from None
    page = split.path.rstrip("/").rpartition("/")[2]
    if page not in lessons.titles() and page:
        raise ValueError("This app has no such page. Copy the address of one of its pages.")
    query = urlencode([pair for pair in parse_qsl(split.query) if pair[0] not in _OWN_VIEW])
    state.look_here(files.root(), reader(), page, query, words)


def _try(key: str) -> None:
    with telling(_PLACE):
        said = str(st.session_state.get(key) or "")
        st.session_state[key] = ""
        if said.strip() and not give_key(said):
            raise ValueError(_WRONG)


def _forget() -> None:
    with telling(_PLACE):
        forget_key()


def _look_here(page: str) -> None:
    with telling(_PLACE):
        query = urlencode(st.query_params.to_dict())
        look_at(f"/{page}?{query}", str(st.session_state.get("ui_teacher_words") or ""))


def _look_away() -> None:
    with telling(_PLACE):
        state.look_away(files.root(), reader())
