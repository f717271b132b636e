"""The digits that a class draws together, as every reader sees them while they come in."""

from __future__ import annotations

from typing import Final

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from lessons.classroom import drawings
from lessons.own_data import keeping, showing
from lessons.own_data.uploads import FEWEST, Uploaded
from lessons.training.runs import files
from pages import _ui as ui
from pages._ui.session.reader import reader

EVERY: Final = 5.0
"""Seconds between two looks at what others gave."""

PLACE: Final = "the class's drawings"
TAB: Final = "The class's drawings"


def offer(pixels: NDArray[np.uint8], label: int) -> None:
    """Let the reader give the drawing above, (28, 28), to those of the class."""
    given = st.button(
        "Give it to the class",
        icon=":material/groups:",
        key="b124_give",
        on_click=_give,
        args=(pixels, label),
    )
    if given:
        st.rerun()  # the whole page: the class's drawings are shown below


def section(place: str) -> None:
    """What the class has drawn, and what can be done with it.

    Args:
        place: where sentences about what did not work are shown.
    """
    st.fragment(_shown, run_every=EVERY)()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input("Name", "our class", max_chars=40, key="b124_class_name")
        st.button("Keep as a data set", key="b124_class_keep", on_click=_keep, args=(place,))
        st.button("Take back my last", key="b124_class_back", on_click=_take_back)
    if drawings.may_take_out(reader()):
        _taking_out()
    ui.problems(PLACE)


def _shown() -> None:
    here = drawings.read(files.root())
    if not len(here.labels):
        ui.label("Nobody has given a drawing yet: draw one above, and give it to the class.")
        return
    counts = np.bincount(here.labels, minlength=10)
    own = int(here.are_of(reader()).sum())
    ui.label(f"{len(here.labels):,} drawings, {own:,} of them yours. The newest come first:")
    ui.grid(showing.newest_rows(here.images, here.labels), size=56)
    ui.table(
        ["digit", *map(str, range(10))],
        [["drawings", *(f"{count:,}" for count in counts)]],
        label="How many drawings of each digit there are",
    )


def _taking_out() -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        number = st.number_input("Number", 1, drawings.MOST, 1, key="b124_class_number")
        st.button("Take it out", key="b124_class_out", on_click=_take_out, args=(int(number),))
        with st.popover("Empty"):
            st.button("Take all drawings out", key="b124_class_empty", on_click=_empty)


def _give(pixels: NDArray[np.uint8], label: int) -> None:
    with ui.telling(PLACE):
        drawings.give(files.root(), reader(), pixels, label)


def _take_back() -> None:
    with ui.telling(PLACE):
        drawings.take_back(files.root(), reader())


def _take_out(number: int) -> None:
    with ui.telling(PLACE):
        drawings.take_out(files.root(), reader(), number)


def _empty() -> None:
    with ui.telling(PLACE):
        drawings.empty(files.root(), reader())


def _keep(place: str) -> None:
    with ui.telling(PLACE):
        here = drawings.read(files.root())
        if len(here.labels) < FEWEST:
            raise ValueError(f"A data set needs at least {FEWEST} drawings.")
        found = Uploaded(here.images, here.labels, tuple(map(str, range(10))))
        name = str(st.session_state.get("b124_class_name") or "")
        st.session_state["b124_set"] = keeping.keep(name, found, by=reader())
        st.session_state[f"{place}: kept"] = f"Kept: {len(here.labels):,} images."
