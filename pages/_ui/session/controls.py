"""The controls of a page: registered once where they are drawn, and what each stands at.

The address, a reset, the switch that hides controls and the report read the same list.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, NamedTuple, TypeVar

import streamlit as st

_PAGE: Final = "ui_page"
_STANDING: Final = "ui_standing"
_LONGEST: Final = 400

Value = TypeVar("Value")


@dataclass(frozen=True)
class Control:
    """A control that the address carries.

    Attributes:
        label: what the reader sees, or "".
        default: its value at the start.
        bound: whether Streamlit itself keeps it in the address.
    """

    label: str
    default: Any
    bound: bool


class Setting(NamedTuple):
    """Where a control stands in this run of the page.

    Attributes:
        key: its name in the address, or "".
        label: its name on the page.
        value: what it stands at, as the address writes it.
    """

    key: str
    label: str
    value: str


def open_page(name: str) -> None:
    """Say which page this run shows, and that nothing stands anywhere yet."""
    st.session_state[_PAGE] = name
    st.session_state[_STANDING] = {}


def page() -> str:
    """The name of the page that this run shows; "" is the home page."""
    return str(st.session_state.get(_PAGE, ""))


def register(name: str, default: Any, label: str = "", *, bound: bool = True) -> None:
    """Note that this page has a control.

    Args:
        name: its name in the address; of a bound one also its key.
        default: its value at the start.
        label: what the reader sees.
        bound: whether Streamlit keeps it in the address.
    """
    known = st.session_state.setdefault(_registered(), {})
    before = known.get(name)
    known[name] = Control(label or (before.label if before else ""), default, bound)


def registered() -> dict[str, Control]:
    """All controls that this page has shown to this reader so far, by their names."""
    return dict(st.session_state.get(_registered(), {}))


def stands_at(name: str, value: Value, label: str = "") -> Value:
    """Note where a control stands, and return that.

    Results are made from what is noted here, so that the report says what they were made from.

    Args:
        name: of a registered control, or of something else that a result depends on.
        value: a number, a word or a switch.
        label: what the reader sees, where it isn't registered.
    """
    words = str(value).lower() if isinstance(value, bool) else str(value)
    known = registered().get(name)
    setting = Setting(name, label or (known.label if known else ""), words[:_LONGEST])
    st.session_state.setdefault(_STANDING, {})[name] = setting
    return value


def only_looks(*names: str) -> None:
    """Say that these controls change how a result is looked at, not what it is."""
    for name in names:
        st.session_state.get(_STANDING, {}).pop(name, None)


def settings() -> tuple[Setting, ...]:
    """Where the controls of this page stand so far, from its top down."""
    return tuple(st.session_state.get(_STANDING, {}).values())


def _registered() -> str:
    return f"ui_controls: {page()}"
