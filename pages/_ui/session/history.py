"""Back and Forward in the browser lead to the lessons as they were left."""

from __future__ import annotations

import streamlit as st

from pages._ui.assets import ASSETS

_history = st.components.v2.component(
    "history",
    html="<span hidden></span>",
    js=(ASSETS / "history.js").read_text("utf-8"),
    isolate_styles=False,
)


def keep_history() -> None:
    """Keep pages that nobody saw out of the browser's history; the router asks at every run."""
    with st.container(key="ui_history"):
        _history(key="ui_history_kept")
