"""A canvas to draw on. What was drawn is kept when the reader leaves the page and comes back."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image

from lessons.images.opening import open_drawing

SIDE: Final = 320
"""CSS pixels, so that a phone shows all of it."""

LONGEST: Final = 2**20
"""Characters of a drawing's strokes that are kept for the next visit."""


@dataclass(frozen=True)
class _Kept:
    strokes: dict[str, Any]
    pixels: NDArray[np.uint8]


def canvas(
    *, key: str, width: int, color: str = "#000000", paper: NDArray[np.uint8] | None = None
) -> NDArray[np.uint8] | None:
    """Show a canvas and return what is drawn on it.

    Args:
        key: its name on all pages.
        width: the brush's width, in pixels of the canvas.
        color: the brush's colour, "#rrggbb".
        paper: what lies under the drawing, grey or RGB; white by default.

    Returns:
        (320, 320, 4) RGBA, transparent where nothing is drawn; None while all of it is.
    """
    kept, first = f"{key} drawing", f"{key} drawing on arrival"
    if f"{key}_canvas" not in st.session_state:
        # The canvas starts with this for the whole visit: another value would start it afresh.
        before: _Kept | None = st.session_state.get(kept)
        st.session_state[first] = before.strokes if before else None
    with st.container(key=f"ui_canvas_{key}"):
        sent = _sent(
            key=f"{key}_canvas",
            stroke_width=width,
            stroke_color=color,
            background_image=_paper(paper),
            width=SIDE,
            height=SIDE,
            initial_drawing=st.session_state[first],
        )
    if sent is not None:
        st.session_state[kept] = sent
    drawing: _Kept | None = st.session_state.get(kept)
    return drawing.pixels if drawing and drawing.pixels[..., 3].any() else None


def _sent(**options: Any) -> _Kept | None:
    """What the browser sent, if it is a drawing; before the first stroke of a visit it is none."""
    # Imported here because it can only be imported while Streamlit runs.
    from streamlit_drawable_canvas import st_canvas

    try:
        result = st_canvas(return_image_data=True, **options)
        content, strokes = result.image_bytes, result.json_data
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
    if content is None or not isinstance(strokes, dict) or len(json.dumps(strokes)) > LONGEST:
        return None
    try:
        return _Kept(strokes, open_drawing(content, SIDE))
    except ValueError:
        return None


def _paper(image: NDArray[np.uint8] | None) -> Image.Image:
    """Enlarge without smoothing. Never give the canvas a string: that would be a path."""
    if image is None:
        return Image.new("RGB", (1, 1), "white")
    return Image.fromarray(image).resize((SIDE, SIDE), Image.Resampling.NEAREST)
