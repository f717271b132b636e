"""The frame around every page: which pages there are, the theme, the seed, the way on."""

from __future__ import annotations

import streamlit as st

from pages._ui.assets import ASSETS
from pages._ui.inputs.numbers import show_corrections
from pages._ui.inputs.seed import seed_input
from pages._ui.inputs.year_input import year_input
from pages._ui.session import classroom, controls, lessons, remembered, room
from pages._ui.session.history import keep_history
from pages._ui.session.places import keep_place
from pages._ui.session.reader import may_see
from pages._ui.session.theme import apply_theme
from pages._ui.text.contents import next_lesson


def navigation() -> st.Page:
    """List the home page and, part by part, every lesson found in this folder."""
    home = st.Page(lessons.FOLDER / lessons.HOME, title="Home", default=True)
    sections: dict[str, list[st.Page]] = {"": [home]}
    for lesson in lessons.discover():
        page = st.Page(
            lessons.FOLDER / lesson.file,
            title=lesson.title,
            help=lesson.summary or None,
            visibility="visible" if may_see(lesson) else "hidden",
        )
        sections.setdefault(lessons.PARTS.get(lesson.part, "More"), []).append(page)
    return st.navigation(sections, expanded=True)


# The icon is a file of our own: one of Streamlit's named icons would be fetched from the net.
st.set_page_config(page_icon=ASSETS / "icon.png", layout="wide", initial_sidebar_state=290)
page = navigation()
st.set_page_config(page_title=f"{page.title} · Diffusion, step by step")
file = f"{page.url_path}.py" if page.url_path else lessons.HOME
controls.open_page(page.url_path)
remembered.restore()
shown = room.room()
keep_history()
apply_theme(shown)
if shown.present:
    room.bar(file)
else:
    classroom.news(page.url_path)
seed_input()
year_input()
keep_place()
with st.sidebar, st.container(key="ui_foot"):
    room.link_and_reset(page.url_path, shown)
    room.for_teachers(page.url_path)
show_corrections()
page.run()
next_lesson(file)
