"""What the address of a page carries, how it is copied, and how a lesson goes back to its start.

Most controls are bound to the address by Streamlit itself (`numbers.py`); here is what holds for
all of them, and what Streamlit has no binding for: choices by a name that is not shown, settings of
training, the place in a trajectory. Not in the address, on purpose: drawings, uploads and the
address of an image from the web (the reader's own), forks of a run, and what only moves on the
screen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.scriptrunner import get_script_run_ctx

from pages._ui.assets import ASSETS
from pages._ui.session.controls import page, register, registered
from pages._ui.text.messages import warning

FRAME: Final = ("seed", "year", "model", "thresholding", "present", "hide")
"""What belongs to all lessons; a reset leaves it alone."""

_copy = st.components.v2.component(
    "copy_link",
    html=(ASSETS / "copy_link.html").read_text("utf-8"),
    js=(ASSETS / "copy_link.js").read_text("utf-8"),
    isolate_styles=False,
)


def keep(values: Mapping[str, str | None]) -> None:
    """Keep values in the address that no widget is bound to.

    Args:
        values: by name; None is the default, which is left out.
    """
    before = st.query_params.to_dict()
    for name, value in values.items():
        register(name, None, bound=False)
        if value is None and name in before:
            del st.query_params[name]
    changed = {k: v for k, v in values.items() if v is not None and before.get(k) != v}
    if changed:
        st.query_params.update(changed)


def arriving(what: str) -> bool:
    """Say whether something is to be read from the address now.

    That is so once in a session, after a reset of the lesson, and when the reader went back or
    forward in the browser.
    """
    mark, now = f"ui_arrived: {what}", resets()
    first = st.session_state.get(mark) != now
    st.session_state[mark] = now
    context = get_script_run_ctx(suppress_warning=True)
    return first or (context is not None and context.is_history_navigation)


def resets() -> int:
    """How often the reader has reset this lesson."""
    return int(st.session_state.get(_resets(), 0))


def reset(hides: Callable[[str], bool]) -> None:
    """Put this page's controls, and its address, back to their defaults.

    Args:
        hides: whether a control was taken away from the reader: then it stays.
    """
    for name, one in registered().items():
        if name in FRAME or hides(name):
            continue
        if one.bound:
            st.session_state[name] = one.default
        elif name in st.query_params:
            del st.query_params[name]
    st.session_state[_resets()] = resets() + 1


def named_choice(
    label: str, options: Mapping[str, str], *, key: str, left_out: str | None = None
) -> str:
    """Show a list to choose from, whose address carries names and not the words that are shown.

    Args:
        label: what it sets.
        options: words by name; the first is chosen at first.
        key: its name, also in the address.
        left_out: the name that the address need not carry while it is the first.
    """
    first = next(iter(options))
    if arriving(key):
        asked = st.query_params.get(key)
        if asked is not None and asked not in options:
            warning("What this link asks for is not on this machine (any more).")
        st.session_state[key] = asked if asked in options else first
    elif st.session_state.get(key) not in options:
        st.session_state[key] = first
    sent = st.selectbox(
        label,
        list(options),
        format_func=lambda name: options.get(name, name),
        key=key,
        persist_state="session",
    )
    chosen = sent if sent in options else first
    keep({key: None if chosen == left_out == first else chosen})
    register(key, None, label, bound=False)
    return chosen


def place_of(name: str) -> DeltaGenerator:
    """Make a place for a control whose key isn't its name in the address, so that it can be hidden.

    Args:
        name: its name in the address.
    """
    return st.container(key=f"ui_knob_{name}")


def copy_link(*, key: str, label: str = "Copy link", also: Mapping[str, str] | None = None) -> None:
    """Show a button that copies the address of this page, as it stands in the browser.

    Args:
        key: its name on the page.
        label: what it says.
        also: what the copied address has besides, by name; "" takes a name out. With it comes a
            link that opens the address.
    """
    _copy(key=key, data={"label": label, "also": dict(also or {}), "open": also is not None})


def _resets() -> str:
    return f"ui_resets: {page()}"
