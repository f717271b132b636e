"""Wall

Images that readers show to the class: click one to see it large and to turn it. Each has a link to
the settings that make it again.
"""

import streamlit as st

from lessons.classroom import wall
from lessons.training.runs import files
from pages import _ui as ui
from pages._service import wall_file
from pages._ui.display.encode import data_url_of
from pages._ui.display.wall import wall_of
from pages._ui.session.reader import has_key, reader
from pages._ui.session.room import presenting

EVERY = 5.0
"""Seconds between two looks at the wall."""

PLACE = "the wall's page"


def shown() -> None:
    """All images as they are now."""
    root = files.root()
    images = [(image, wall.png_of(root, image)) for image in wall.read(root).images]
    tiles = [
        (data_url_of(content), f"{image.title} · {image.caption}", image.address)
        for image, content in images
        if content
    ]
    if not tiles:
        ui.info("Nothing is on the wall yet.")
    wall_of(tiles, key="wall", fills=presenting())


def own_and_all() -> None:
    """Take an image away, and what the teacher may do besides."""
    root, by = files.root(), reader()
    now = wall.read(root)
    mine = [image for image in now.images if by.teacher or image.browser == by.browser]
    names = {image.name: f"{image.title} · {image.caption}" for image in mine}
    if names:
        chosen = st.selectbox(
            "Take away" if by.teacher else "Take away one of yours",
            list(names),
            format_func=lambda name: names.get(name, name),
            key="wall_chosen",
        )
        st.button("Take it away", key="wall_away", on_click=take_away, args=(chosen,))
    if by.teacher:
        with st.container(horizontal=True):
            words = "Open the wall" if now.frozen else "Close the wall"
            st.button(words, key="wall_freeze", on_click=freeze, args=(not now.frozen,))
            with st.popover("Empty the wall"):
                st.button("Take all images away", key="wall_empty", on_click=empty)
        ui.downloads({"wall.html": lambda: wall_file.html(root)}, key="wall_file")
    if now.frozen:
        ui.info(wall.FROZEN)
    ui.problems(PLACE)


def take_away(name: str) -> None:
    """One image."""
    with ui.telling(PLACE):
        wall.take_away(files.root(), reader(), name)


def freeze(frozen: bool) -> None:
    """Close or open it."""
    with ui.telling(PLACE):
        wall.freeze(files.root(), reader(), frozen)


def empty() -> None:
    """All images."""
    with ui.telling(PLACE):
        wall.empty(files.root(), reader())


if not presenting():
    ui.lesson_header(__doc__)
if not wall.is_on():
    ui.info(f"This server has no wall. Whoever starts it switches one on: {wall.SWITCH}=on.")
else:
    st.fragment(shown, run_every=EVERY)()
    if not presenting():
        ui.caption(
            "A changed result of any lesson has “Show it to the class” below it. "
            f"{wall.most_each()} images of a reader may be here at a time."
            + ("" if has_key() else " This server has no teacher's key, so nobody clears the wall.")
        )
        own_and_all()
