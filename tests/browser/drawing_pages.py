"""Two pages: one to mark a mask on, and one to leave it for."""

import streamlit as st

from pages import _ui as ui
from pages._ui.session.room import Room
from pages._ui.session.theme import apply_theme


def marking() -> None:
    """A mask over the tower, and how many of its pixels are new."""
    mask = ui.mask_input("tower", key="t_mask", shape=(3, 64, 64))
    st.text(f"New: {0 if mask is None else int(mask.sum())} pixels")


def elsewhere() -> None:
    """Nothing of it."""
    st.text("Nothing to draw on.")


apply_theme(Room(present=False, hide=()))
st.navigation([st.Page(marking, title="Marking"), st.Page(elsewhere, title="Elsewhere")]).run()
