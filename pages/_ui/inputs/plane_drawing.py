"""A square to draw points on. What was drawn is kept when the reader leaves the page."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages._ui.assets import ASSETS

_drawing = st.components.v2.component(
    "plane_drawing",
    html=(ASSETS / "plane" / "plane_drawing.html").read_text("utf-8"),
    css=(ASSETS / "plane" / "plane_drawing.css").read_text("utf-8"),
    js=(ASSETS / "plane" / "plane_drawing.js").read_text("utf-8"),
    isolate_styles=False,
)


def plane_drawing(*, key: str, most: int) -> list[Any]:
    """Show the square, and return what the browser says was drawn.

    Whoever uses it checks it: a browser may send anything.

    Args:
        key: its name on all pages.
        most: points that can be drawn.

    Returns:
        A list that should hold points, each two numbers in [-1, 1], x to the right, y upwards.
    """
    kept, first = f"{key} drawing", f"{key} drawing on arrival"
    if key not in st.session_state:
        # The square begins with this for the whole visit; then the browser has it.
        st.session_state[first] = st.session_state.get(kept, [])
    result = _drawing(
        key=key,
        data={"points": st.session_state[first], "most": most},
        default={"points": st.session_state[first]},
        on_points_change=lambda: None,
    )
    sent = result.points if isinstance(result.points, list) else []
    if len(sent) <= most:
        st.session_state[kept] = sent
    return sent
