"""In whose letters the page that is open is to be written."""

from __future__ import annotations

import functools
from typing import Final

import streamlit as st

from lessons.part_a import forward_process
from pages._ui.session import visit
from pages._ui.text.notation import YEARS, Notation, Year

KEY: Final = "year"
_FLOW: Final = ("B2.5", "B2.6")
_FIXED: Final = ("A1.5.1", "B1.1", "B1.2", "B1.2.2", "B1.2.3")
"""Lessons where other letters would be wrong or unclear: B1 knows no time and calls its image x;
the perfect denoiser numbers its images, so that x_1 would be one of them."""
_T_OF_PART_B: Final = 300


def current() -> Notation:
    """The notation of the page that is open; whatever the browser sent, one of the three."""
    sent = st.session_state.get(KEY)
    year: Year = next((one for one in YEARS if one == sent), "this course")
    page = visit.here()
    if year == "this course" or not page or page in _FIXED:
        return Notation(year)
    if page in _FLOW:
        return Notation(year, "flow")
    return Notation(year, "ddpm", _timesteps(page))


def control(label: str) -> str:
    """The name of a control, as the page that is open writes it."""
    return current().control(label)


def _timesteps(page: str) -> int:
    if page.startswith("B"):
        return _T_OF_PART_B
    name = visit.model()
    return _length(name) if name else 0


@functools.lru_cache(maxsize=16)
def _length(name: str) -> int:
    return forward_process.last_timestep(name) + 1
