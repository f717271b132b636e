"""The look of all pages that a theme file cannot say: measure, figures, code."""

from __future__ import annotations

import functools
from pathlib import Path

import streamlit as st

from pages._ui import palette


def apply_theme() -> None:
    """Put the style sheet on the page; the router does so at every run."""
    st.html(f"<style>{_style()}</style>")


@functools.cache
def _style() -> str:
    return palette.css_variables() + (Path(__file__).parent / "kit.css").read_text("utf-8")
