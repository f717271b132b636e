"""Source images: from the gallery, a canvas, a file or the web."""

from __future__ import annotations

import re
from typing import Any, Final, Literal

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from lessons.images import sources, web_image
from lessons.images.fitting import square_at
from lessons.images.opening import LIMITS, open_image
from pages._ui.display.images import strip
from pages._ui.inputs.canvas import SIDE, canvas
from pages._ui.inputs.numbers import choice, select, slider
from pages._ui.text.messages import error as show_error
from pages._ui.text.messages import problems, telling
from pages._ui.text.words import label

GALLERY: Final = "gallery"
DRAWING: Final = "drawing"
UPLOAD: Final = "upload"
WEB: Final = "web"
FILES: Final = ("png", "jpg", "jpeg", "webp")


def image_input(
    *, key: str, shape: sources.Shape, start: str | None = None
) -> sources.SourceImage | None:
    """Let the reader choose an image, draw one, upload one, or fetch one from the web.

    Args:
        key: its name, which begins with the lesson's number, e.g. "a17_picture".
        shape: the model's (C, H, W); it decides what the gallery offers.
        start: the gallery's image shown first, by name; by default the first one.

    Returns:
        What `lessons.images.sources.load` takes, or None, with a sentence, while there is nothing.
    """
    offers = [GALLERY, DRAWING, UPLOAD, *([WEB] if web_image.allowed() else [])]
    source = choice("Image from", offers, GALLERY, key=f"{key}_from")
    if source == GALLERY:
        return gallery_input(key=key, shape=shape, start=start)
    left, right = beside()
    with left:
        taken = {DRAWING: drawing_input, UPLOAD: _uploaded, WEB: _fetched}[source](key, shape)
    if taken is not None:
        with right:
            strip([sources.image(taken, shape)])
    return taken


def gallery_input(*, key: str, shape: sources.Shape, start: str | None = None) -> str:
    """Let the reader choose an image of the gallery.

    Args:
        key: its name, which begins with the lesson's number.
        shape: the model's (C, H, W).
        start: the image shown first, by name; by default the first one.

    Returns:
        The image's name.
    """
    try:
        offered = {one.title: one for one in sources.names(shape)}
    except ValueError as error:
        show_error(str(error))
        st.stop()
    titles = list(offered)
    first = next((title for title, one in offered.items() if one.name == start), titles[0])
    chosen = offered[select("Image", titles, first, key=key)]
    grey = ", shown with black and white exchanged"
    label(chosen.credit + (grey if sources.seen(chosen.name, shape).inverted else ""))
    return chosen.name


def beside() -> tuple[DeltaGenerator, DeltaGenerator]:
    """Make a place for widgets and one for what they make, below it where the screen is narrow."""
    row = st.container(horizontal=True, gap="large")
    return row.container(width=SIDE + 40), row.container(width=SIDE + 120)


def upload(
    key: str, what: str, paper: Literal["white", "black"] = "white"
) -> NDArray[np.uint8] | None:
    """Let the reader upload an image, and keep it when the page is left.

    Args:
        key: its name on all pages.
        what: what is asked for, e.g. "An image".
        paper: the colour of what is transparent.

    Returns:
        (S, S, 3) RGB, cut where the reader says, or None while there is none that can be read.
    """
    st.file_uploader(
        f"{what}: PNG, JPEG or WebP, {LIMITS}",
        type=FILES,
        key=f"{key}_file",
        on_change=_keep_upload,
        args=(key, paper),
    )
    problems(key)
    kept: NDArray[np.uint8] | None = st.session_state.get(_uploads(key))
    return None if kept is None else _cropped(kept, key)


def _cropped(pixels: NDArray[np.uint8], key: str) -> NDArray[np.uint8]:
    """A square of the image; where it isn't one, the reader chooses which."""
    height, width = pixels.shape[:2]
    if height == width:
        return pixels
    side = "left" if width > height else "top"
    label(f"This image has {width} × {height} pixels; the models take squares.")
    place = slider(f"Crop, % from the {side}", 0, 100, 50, key=f"{key}_crop")
    return square_at(pixels, place / 100)


def drawing_input(key: str, shape: sources.Shape) -> NDArray[np.uint8] | None:
    """Let the reader draw an image, and keep it when the page is left.

    Args:
        key: its name on all pages.
        shape: the model's (C, H, W); with three channels the reader chooses a colour.

    Returns:
        (320, 320, 3) RGB on white, or None while nothing is drawn.
    """
    ink = "#000000"
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        if shape[0] == 3:
            ink = _colour(st.color_picker("Ink", ink, key=f"{key}_ink", persist_state="session"))
        brush = slider("Brush width", 2, 60, 12 if shape[0] == 3 else 26, key=f"{key}_brush")
    drawn = canvas(key=key, width=brush, color=ink)
    if drawn is None:
        label("Nothing has been drawn yet.")
        return None
    return _on_white(drawn)


def _uploaded(key: str, _shape: sources.Shape) -> NDArray[np.uint8] | None:
    taken = upload(key, "An image")
    if taken is None:
        label("No image yet.")
    return taken


def _fetched(key: str, _shape: sources.Shape) -> NDArray[np.uint8] | None:
    with st.form(f"{key}_web", border=False):
        address = st.text_input(
            "Address of an image",
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
        label("No image yet.")
        return None
    return _cropped(kept, key)


def _fetch(key: str, address: str) -> None:
    st.session_state.pop(f"{key} from the web", None)
    with telling(key), st.spinner("Fetching the image"):
        st.session_state[f"{key} from the web"] = web_image.load(address)


def _keep_upload(key: str, paper: Literal["white", "black"]) -> None:
    """After a file has come or gone."""
    st.session_state.pop(_uploads(key), None)
    file: Any = st.session_state.get(f"{key}_file")
    if file is not None:
        with telling(key):
            st.session_state[_uploads(key)] = open_image(file.getvalue(), paper)


def _uploads(key: str) -> str:
    return f"{key} uploaded"


def _on_white(drawn: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Lay a drawing on white paper: (H, W, 4) → (H, W, 3)."""
    opacity = drawn[..., 3:].astype(np.float64) / 255
    return np.rint(drawn[..., :3] * opacity + 255 * (1 - opacity)).astype(np.uint8)


def _colour(sent: object) -> str:
    return sent if isinstance(sent, str) and re.fullmatch("#[0-9a-fA-F]{6}", sent) else "#000000"
