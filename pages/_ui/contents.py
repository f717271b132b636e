"""Ways to the lessons: the list on the home page, where to start, what comes next."""

from __future__ import annotations

from itertools import groupby

import streamlit as st

from pages._ui import lessons
from pages._ui.lessons import Lesson
from pages._ui.words import say


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
    """List the lessons that exist, part by part, each with the first sentence about it."""
    found = [lesson for lesson in lessons.discover() if lesson.part in lessons.PARTS]
    parts = [(part, list(group)) for part, group in groupby(found, key=lambda x: x.part)]
    if not parts:
        return
    for column, (part, group) in zip(st.columns(len(parts), gap="medium"), parts, strict=True):
        with column, st.container(key=f"ui_card_{part}"):
            name, _, about = lessons.PARTS[part].partition(" · ")
            st.html(f'<h2 class="ui-card-title"><span>{name}</span> {about}</h2>')
            for lesson in group:
                link(lesson, lesson.title)
                say(lesson.first_sentence)


def link(lesson: Lesson, text: str) -> None:
    """Link to a lesson's page."""
    st.page_link(lessons.FOLDER / lesson.file, label=text)
