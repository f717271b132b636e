"""Ways to the lessons: the list on the home page, where to start, what comes next."""

from __future__ import annotations

import base64
from itertools import groupby

import streamlit as st

from pages._service.stored import thumbnails
from pages._ui.session import lessons
from pages._ui.session.lessons import Lesson
from pages._ui.session.reader import may_see
from pages._ui.text.words import say


def start_here() -> None:
    """Point to the first lesson."""
    found = lessons.discover()
    if found:
        with st.container(key="ui_start"):
            link(found[0], f"Start here: {found[0].title}\u00a0→")


def next_lesson(file: str) -> None:
    """Point to the lesson after this one; the router does so at the foot of every lesson."""
    following = lessons.after(file, lessons.discover())
    if following is not None:
        with st.container(key="ui_next"):
            link(following, f"Next: {following.title}\u00a0→")


def contents() -> None:
    """List all pages, part by part, each with the first sentence about it."""
    seen = filter(may_see, lessons.discover())
    for part, group in groupby(seen, key=lambda lesson: lesson.part):
        _card(part, list(group))


def _card(part: str, group: list[Lesson]) -> None:
    with st.container(key=f"ui_card_{part or 'workshop'}"):
        name, _, about = part_title(part).partition(" · ")
        st.html(f'<h2 class="ui-card-title"><span>{name}</span> {about}</h2>')
        with st.container(key=f"ui_entries_{part or 'workshop'}"):
            for lesson in group:
                _entry(lesson)


def _entry(lesson: Lesson) -> None:
    """A lesson with an image of its own first result, where it has one."""
    slug = lesson.file.removesuffix(".py")
    image = thumbnails.path(lesson.file)
    with st.container(key=f"ui_entry_{slug}"):
        if image.exists():
            content = base64.b64encode(image.read_bytes()).decode()
            # It repeats what the words beside it say, so it has none of its own.
            source = f"data:image/webp;base64,{content}"
            st.html(f'<img class="ui-thumbnail" role="presentation" alt="" src="{source}">')
        with st.container(key=f"ui_words_{slug}"):
            link(lesson, lesson.title)
            say(lesson.first_sentence)


def part_title(part: str) -> str:
    """What a part is called, e.g. "Part A · Sampling loops"."""
    return lessons.PARTS.get(part, f"Part {part}")


def to_page(file: str, text: str, **address: str) -> None:
    """Link to a page by its file's name, and to what its address then says."""
    with st.container(key=f"ui_link_{file.removesuffix('.py')}_{abs(hash(text)):x}"):
        st.page_link(lessons.FOLDER / file, label=text, query_params=address or None)


def link(lesson: Lesson, text: str) -> None:
    """Link to a lesson's page."""
    st.page_link(lessons.FOLDER / lesson.file, label=text)
