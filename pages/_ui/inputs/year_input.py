"""The switch between the notations of two course years, in the sidebar of every page."""

from __future__ import annotations

import streamlit as st

from pages._ui.inputs.numbers import check_choice
from pages._ui.text.notation import YEARS
from pages._ui.text.years import KEY


def year_input() -> None:
    """Show the switch; the address carries it as `?year=flow`."""
    check_choice(KEY, YEARS, YEARS[0])
    st.sidebar.segmented_control(
        "Notation",
        YEARS,
        default=YEARS[0],
        required=True,
        key=KEY,
        bind="query-params",
        persist_state="session",
        help="Two years of the course write the same things with other letters: x_0, t and the "
        "guidance scale. This rewrites formulas, captions and names, and changes no result.",
    )
