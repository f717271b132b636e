"""The look of all pages that a theme file cannot say: measure, figures, code."""

from __future__ import annotations

import functools

import streamlit as st

from pages._ui.assets import ASSETS
from pages._ui.display import palette
from pages._ui.session.room import Room, style


def apply_theme(shown: Room) -> None:
    """Put the style sheet on the page; the router does so at every run.

    Args:
        shown: how the address asks to be shown.
    """
    large = _file("room.css") if shown.present else ""
    st.html(f"<style>{_style()}{large}{style(shown)}</style>")


@functools.cache
def _style() -> str:
    return palette.css_variables() + _file("kit.css")


@functools.cache
def _file(name: str) -> str:
    return (ASSETS / name).read_text("utf-8")
