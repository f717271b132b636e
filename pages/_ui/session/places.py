"""Where in the sidebar a page's own widgets go: between the seed and what stands at the foot."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

_place: Final = ContextVar[DeltaGenerator | None]("place in the sidebar", default=None)


def keep_place() -> None:
    """Keep a place here for the page's widgets; the router does so before the page."""
    _place.set(st.sidebar.container())


def sidebar() -> DeltaGenerator:
    """The place that was kept in this run, or the sidebar's end."""
    return _place.get() or st.sidebar
