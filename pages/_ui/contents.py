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
    """List all pages, part by part, each with the first sentence about it."""
    groups = groupby(lessons.discover(), key=lambda lesson: lesson.part)
    cards = {part: list(group) for part, group in groups}
    workshop = cards.pop("", [])
    for column, part in zip(st.columns(len(cards), gap="medium"), cards, strict=True):
        with column:
            _card(part, cards[part])
    if workshop:
        _card("", workshop)


def _card(part: str, group: list[Lesson]) -> None:
    with st.container(key=f"ui_card_{part or 'workshop'}"):
        name, _, about = part_title(part).partition(" · ")
        st.html(f'<h2 class="ui-card-title"><span>{name}</span> {about}</h2>')
        for lesson in group:
            link(lesson, lesson.title)
            say(lesson.first_sentence)


def part_title(part: str) -> str:
    """What a part is called, e.g. "Part A · Sampling loops"."""
    return lessons.PARTS.get(part, f"Part {part}")


def to_page(file: str, text: str) -> None:
    """Link to a page by its file's name."""
    with st.container(key=f"ui_link_{file.removesuffix('.py')}_{abs(hash(text)):x}"):
        st.page_link(lessons.FOLDER / file, label=text)


def link(lesson: Lesson, text: str) -> None:
    """Link to a lesson's page."""
    st.page_link(lessons.FOLDER / lesson.file, label=text)
