"""The picture door: a picture from the gallery, a canvas, a file or the web."""

from __future__ import annotations

import re
from typing import Any, Final

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from lessons import originals, web_picture
from lessons.opening import open_picture
from pages._ui.canvas import SIDE, canvas
from pages._ui.messages import problems, telling
from pages._ui.numbers import choice, select, slider
from pages._ui.pictures import strip
from pages._ui.visit import note
from pages._ui.words import label

GALLERY: Final = "gallery"
DRAWING: Final = "drawing"
UPLOAD: Final = "upload"
WEB: Final = "web"
FILES: Final = ("png", "jpg", "jpeg", "webp")


def picture_input(
    *, key: str, shape: originals.Shape, start: str | None = None
) -> originals.Original | None:
    """Let the reader choose a picture, draw one, upload one, or fetch one from the web.

    Args:
        key: its name, which begins with the lesson's number, e.g. "a17_picture".
        shape: the model's (C, H, W); it decides what the gallery offers.
        start: the gallery's picture shown first, by name; by default the first one.

    Returns:
        What `lessons.originals.load` takes, or None, with a sentence, while there is nothing.
    """
    sources = [GALLERY, DRAWING, UPLOAD, *([WEB] if web_picture.allowed() else [])]
    source = choice("Picture from", sources, GALLERY, key=f"{key}_from")
    if source == GALLERY:
        return gallery_input(key=key, shape=shape, start=start)
    left, right = beside()
    with left:
        taken = {DRAWING: _drawn, UPLOAD: _uploaded, WEB: _fetched}[source](key, shape)
    if taken is not None:
        with right:
            strip([originals.picture(taken, shape)])
    return taken


def gallery_input(*, key: str, shape: originals.Shape, start: str | None = None) -> str:
    """Let the reader choose a picture of the gallery.

    Args:
        key: its name, which begins with the lesson's number.
        shape: the model's (C, H, W).
        start: the picture shown first, by name; by default the first one.

    Returns:
        The picture's name.
    """
    try:
        offered = {one.title: one for one in originals.names(shape)}
    except ValueError as error:
        st.error(str(error))
        st.stop()
    titles = list(offered)
    first = next((title for title, one in offered.items() if one.name == start), titles[0])
    chosen = offered[select("Picture", titles, first, key=key)]
    note(key, "Picture", chosen.title)
    grey = ", shown with black and white exchanged"
    label(chosen.credit + (grey if originals.seen(chosen.name, shape).inverted else ""))
    return chosen.name


def beside() -> tuple[DeltaGenerator, DeltaGenerator]:
    """Make a place for widgets and one for what they make, below it where the screen is narrow."""
    row = st.container(horizontal=True, gap="large")
    return row.container(width=SIDE + 40), row.container(width=SIDE + 120)


def upload(key: str, what: str) -> NDArray[np.uint8] | None:
    """Let the reader upload a picture, and keep it when the page is left.

    Args:
        key: its name on all pages.
        what: what is asked for, e.g. "A picture".

    Returns:
        (S, S, 3) RGB, or None while there is none that can be read.
    """
    st.file_uploader(
        f"{what}: PNG, JPEG or WebP, at most 5 MB",
        type=FILES,
        key=f"{key}_file",
        on_change=_keep_upload,
        args=(key,),
    )
    problems(key)
    kept: NDArray[np.uint8] | None = st.session_state.get(_uploads(key))
    return kept


def _drawn(key: str, shape: originals.Shape) -> NDArray[np.uint8] | None:
    ink = "#000000"
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        if shape[0] == 3:
            ink = _colour(st.color_picker("Ink", ink, key=f"{key}_ink", persist_state="session"))
        brush = slider("Brush", 2, 60, 12 if shape[0] == 3 else 26, key=f"{key}_brush")
    drawn = canvas(key=key, width=brush, color=ink)
    if drawn is None:
        label("Nothing is drawn yet.")
        return None
    return _on_white(drawn)


def _uploaded(key: str, _shape: originals.Shape) -> NDArray[np.uint8] | None:
    taken = upload(key, "A picture")
    if taken is None:
        label("No picture yet.")
    return taken


def _fetched(key: str, _shape: originals.Shape) -> NDArray[np.uint8] | None:
    with st.form(f"{key}_web", border=False):
        address = st.text_input(
            "Address of a picture",
            max_chars=2000,
            placeholder="https://…",
            key=f"{key}_address",
            persist_state="session",
        )
        asked = st.form_submit_button("Fetch")
    if asked:
        _fetch(key, address)
    problems(key)
    kept: NDArray[np.uint8] | None = st.session_state.get(f"{key} from the web")
    if kept is None:
        label("No picture yet.")
    return kept


def _fetch(key: str, address: str) -> None:
    st.session_state.pop(f"{key} from the web", None)
    with telling(key), st.spinner("Fetching the picture"):
        st.session_state[f"{key} from the web"] = web_picture.load(address)


def _keep_upload(key: str) -> None:
    """After a file has come or gone."""
    st.session_state.pop(_uploads(key), None)
    file: Any = st.session_state.get(f"{key}_file")
    if file is not None:
        with telling(key):
            st.session_state[_uploads(key)] = open_picture(file.getvalue())


def _uploads(key: str) -> str:
    return f"{key} uploaded"


def _on_white(drawn: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Lay a drawing on white paper: (H, W, 4) → (H, W, 3)."""
    opacity = drawn[..., 3:].astype(np.float64) / 255
    return np.rint(drawn[..., :3] * opacity + 255 * (1 - opacity)).astype(np.uint8)


def _colour(sent: object) -> str:
    return sent if isinstance(sent, str) and re.fullmatch("#[0-9a-fA-F]{6}", sent) else "#000000"
