"""One seed for everything, in the sidebar of every page."""

from __future__ import annotations

from typing import Final

import streamlit as st

from pages._ui.inputs.numbers import check_address, nearest

KEY: Final = "seed"
DEFAULT: Final = 276
LARGEST: Final = 2**31 - 1


def seed_input() -> None:
    """Show the seed in the sidebar; the address carries it as `?seed=…`."""
    check_address(KEY, 0, LARGEST, DEFAULT, "Seed")
    st.sidebar.number_input(
        "Seed",
        min_value=0,
        max_value=LARGEST,
        value=DEFAULT,
        step=1,
        key=KEY,
        bind="query-params",
        help="One seed for everything: the same seed gives the same images, on every page.",
    )


def seed() -> int:
    """Return the reader's seed, 0 to 2³¹ − 1, whatever the browser sent."""
    return nearest(st.session_state.get(KEY), 0, LARGEST, DEFAULT)
