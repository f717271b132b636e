"""Numbers from outside, brought into their range: a browser may send anything, an address too."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar

import streamlit as st

from pages._ui.session.controls import register, stands_at
from pages._ui.text.messages import toast
from pages._ui.text.years import control

Number = TypeVar("Number", int, float)
Option = TypeVar("Option", int, str)
_CORRECTIONS: Final = "ui_corrections"
_SWITCHED: Final = ("true", "false")


def nearest(value: Any, low: Number, high: Number, otherwise: Number) -> Number:
    """Turn anything into an allowed number: the nearest one, or the default for no number at all.

    Args:
        value: whatever came in.
        low: smallest allowed; its type is the type of the result.
        high: largest allowed.
        otherwise: the default.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)) or math.isnan(value):
        return otherwise
    return type(low)(min(max(value, low), high))


def check_address(key: str, low: Number, high: Number, otherwise: Number, label: str = "") -> None:
    """Before a widget that the address may set: bring the address into range, and say so.

    Streamlit itself would fall back to the default without a word, or fail on an endless number.
    It has read the address before the page runs, so a corrected one needs another run.

    Args:
        key: the widget's key, which is also its name in the address.
        low: smallest allowed.
        high: largest allowed.
        otherwise: the widget's default.
        label: what the widget is called.
    """
    register(key, otherwise, label)
    asked = st.query_params.get(key)
    if asked is None or key in st.session_state:
        return
    allowed = nearest(number_in(asked), low, high, otherwise)
    if str(allowed) == asked or number_in(asked) == allowed:
        return
    _correct(key, asked, allowed, f"{low} to {high}")


def check_choice(key: str, options: Sequence[Any], otherwise: Any, label: str = "") -> None:
    """Before a choice that the address may make: bring it to one that is offered, and say so.

    Args:
        key: the widget's key, which is also its name in the address.
        options: what is offered.
        otherwise: the default.
        label: what the choice is called.
    """
    register(key, otherwise, label)
    asked = st.query_params.get(key)
    if asked is None or key in st.session_state or asked in map(str, options):
        return
    _correct(key, asked, otherwise, ", ".join(map(str, options)))


def _correct(key: str, asked: str, allowed: object, offered: str) -> None:
    st.query_params[key] = str(allowed)
    asked = asked if len(asked) <= 20 else f"{asked[:20]}…"
    st.session_state.setdefault(_CORRECTIONS, []).append(
        f"The address asked for {key} = {asked or 'nothing'}. "
        f"Allowed is {offered}, so it is {allowed}."
    )
    st.rerun()


def show_corrections() -> None:
    """Say what `check_address` changed, if it did; the router asks at every run."""
    for correction in st.session_state.pop(_CORRECTIONS, []):
        toast(correction)


def slider(
    label: str, low: Number, high: Number, value: Number, *, key: str, step: Number | None = None
) -> Number:
    """Show a slider whose value the address carries, and return an allowed number in any case.

    Args:
        label: what it sets, with its unit.
        low: smallest allowed.
        high: largest allowed.
        value: the default.
        key: its name, also in the address; it starts with the lesson's number, e.g. "a11_t".
        step: distance between allowed values.
    """
    check_address(key, low, high, value, label)
    sent = st.slider(control(label), low, high, value, step, key=key, bind="query-params")
    return stands_at(key, nearest(sent, low, high, value))


def number(
    label: str, low: Number, high: Number, value: Number, *, key: str, step: Number | None = None
) -> Number:
    """Show a box for a number, otherwise as `slider`."""
    check_address(key, low, high, value, label)
    sent = st.number_input(control(label), low, high, value, step, key=key, bind="query-params")
    return stands_at(key, nearest(sent, low, high, value))


def choice(label: str, options: Sequence[Option], value: Option, *, key: str) -> Option:
    """Show a row of options of which one is chosen, otherwise as `slider`."""
    check_choice(key, options, value, label)
    sent = st.segmented_control(
        control(label),
        options,
        default=value,
        required=True,
        wrap=True,
        key=key,
        bind="query-params",
    )
    return stands_at(key, sent if sent in options else value)


def select(
    label: str,
    options: Sequence[str],
    value: str,
    *,
    key: str,
    former: Mapping[str, str] | None = None,
) -> str:
    """Show a list of words to choose one from, otherwise as `slider`.

    Args:
        label: what it sets.
        options: what is offered.
        value: the default.
        key: its name, also in the address.
        former: what options were called in earlier versions, whose links go on working.
    """
    if key not in st.session_state and (new := (former or {}).get(st.query_params.get(key, ""))):
        st.query_params[key] = new
        st.rerun()  # Streamlit has read the address before the page runs
    check_choice(key, options, value, label)
    sent = st.selectbox(
        control(label), options, index=options.index(value), key=key, bind="query-params"
    )
    return stands_at(key, sent if sent in options else value)


def toggle(label: str, value: bool = False, *, key: str, words: str | None = None) -> bool:
    """Show a switch, otherwise as `slider`; in the address it is true or false.

    Args:
        label: what it switches on.
        value: the default.
        key: its name, also in the address.
        words: help in a few words.
    """
    asked = st.query_params.get(key, "").lower()
    register(key, value, label)
    if key not in st.session_state and key in st.query_params and asked not in _SWITCHED:
        _correct(key, st.query_params[key], str(value).lower(), "true, false")
    sent = st.toggle(control(label), value, key=key, help=words, bind="query-params")
    return stands_at(key, bool(sent))


def number_in(text: str) -> float | None:
    """Read a number, or None where there is none."""
    try:
        return float(text)
    except ValueError:
        return None
