"""The wall of images: all at once, one of them large, and turned."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages._ui.assets import ASSETS

_wall = st.components.v2.component(
    "wall",
    html=(ASSETS / "classroom" / "wall.html").read_text("utf-8"),
    css=(ASSETS / "classroom" / "wall.css").read_text("utf-8"),
    js=(ASSETS / "classroom" / "wall.js").read_text("utf-8"),
    isolate_styles=False,
)


def wall_of(images: Sequence[tuple[str, str, str]], *, key: str, fills: bool) -> None:
    """Show images side by side; a click shows one of them large, where it can be turned.

    Args:
        images: data URL, words and address of each.
        key: name of this on its page.
        fills: whether they fill the screen, as many as they are.
    """
    base = str(st.get_option("server.baseUrlPath") or "").strip("/")
    data = [dict(zip(("url", "words", "address"), image, strict=True)) for image in images]
    _wall(key=key, data={"images": data, "fills": fills, "base": f"/{base}/" if base else "/"})
