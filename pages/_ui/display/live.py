"""Runs a lesson for a page: cached results at once, slower ones with progress and Cancel."""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, TypeVar, overload

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.scriptrunner import get_script_run_ctx

from pages._service import engine, stored
from pages._service.content import content_key
from pages._ui.display.no_result import NOTHING
from pages._ui.display.waiting import OnFrame, wait
from pages._ui.text import messages

if TYPE_CHECKING:
    from lessons.images.captioned import Progress

log = logging.getLogger(__name__)

T = TypeVar("T")
Call = tuple[Callable[..., object], dict[str, object], object]
"""A lesson's function, the controls, and what came out."""

_calls: list[Call] | None = None
_anew = False


class Made(NamedTuple):
    """How the result in one slot came about.

    Attributes:
        function: the lesson's function.
        parameters: its arguments.
        precomputed: whether it was precomputed.
        slot: the place on the page.
        result: the result's identity; the result itself is kept by those who need it.
    """

    function: Callable[..., object]
    parameters: dict[str, object]
    precomputed: bool
    slot: str
    result: int


class _Made(threading.local):
    """What this thread, which runs one page, has made; the newest last."""

    def __init__(self) -> None:
        self.by_slot: dict[str, Made] = {}


_made = _Made()


_LAST = "live: last slot, and whether its result is from before a Cancel"
_BEFORE = "Below is the last finished result"


@overload
def live(
    function: Callable[..., Generator[Progress, None, T]],
    *,
    slot: str | None = None,
    on_frame: OnFrame | None = None,
    **parameters: object,
) -> T: ...


@overload
def live(
    function: Callable[..., T],
    *,
    slot: str | None = None,
    on_frame: OnFrame | None = None,
    **parameters: object,
) -> T: ...


def live(
    function: Callable[..., object],
    *,
    slot: str | None = None,
    on_frame: OnFrame | None = None,
    **parameters: object,
) -> object:
    """Return `function(**knobs)`, calculated in the engine, or from before, or from ahead.

    After half a second the page shows how far it is, and Cancel. A run of the page that is out of
    date stops here, and so does its calculation.

    Args:
        function: a lesson's top-level function; its result, or a generator that yields `Progress`
            and returns its result.
        slot: a name for the place on the page; needed where one function is live twice on a page.
        on_frame: draws the images of `Progress.frame` while the calculation goes on.
        parameters: the arguments; what they may be, says `content_key`.

    Returns:
        The result, shared with other readers: don't change it. After Cancel the last result of
        this slot. After an error, or if there is no last result, `NOTHING`.
    """
    slot = slot or f"{function.__module__}.{function.__qualname__}"
    st.session_state[_LAST] = slot, False
    key = content_key(function, parameters)
    if not _anew and (ready := stored.find(function, parameters)) is not stored.NOT_THERE:
        engine.keep(key, ready)  # what a Cancel goes back to
        st.session_state[_shown(slot)] = key
        _note(function, parameters, slot, ready, precomputed=True)
        return ready
    place = st.empty()
    if st.session_state.get(_cancelled(slot)) == key:
        return _after_cancel(slot, place)
    try:
        ticket = engine.submit(_session(), slot, key, partial(function, **parameters))
        try:
            wait(ticket, slot, place, on_frame, partial(_cancel, slot, key))
            result = ticket.result()
        finally:
            ticket.release()
    except engine.Cancelled:
        st.stop()  # a newer run of this page, or nobody at all, is on the other side
    except (ValueError, engine.Busy) as error:
        log.info("refused: %s", error)
        messages.error(str(error) or "These settings don't go together.", place=place)
    except Exception:
        number = secrets.token_hex(3)
        log.exception("calculation failed, log id %s", number)
        sentence = "This calculation failed, and that is not your fault."
        messages.error(f"{sentence} Log id: {number}.", place=place)
    else:
        st.session_state[_shown(slot)] = key
        if _calls is not None:
            _calls.append((function, parameters, result))
        _note(function, parameters, slot, result)
        return result
    return NOTHING


def made(result: object) -> Made | None:
    """Say how a result of this run of the page was made; None for what `live` didn't return."""
    newest_first = reversed(_made.by_slot.values())
    return next((one for one in newest_first if one.result == id(result)), None)


def _note(
    function: Callable[..., object],
    parameters: dict[str, object],
    slot: str,
    result: object,
    precomputed: bool = False,
) -> None:
    """Remember how a result was made, for those who show its code."""
    _made.by_slot.pop(slot, None)  # the newest goes last
    _made.by_slot[slot] = Made(function, parameters, precomputed, slot, id(result))


@contextmanager
def recording(anew: bool = True) -> Iterator[list[Call]]:
    """Note what is calculated: everything anew, or only what is not stored."""
    global _calls, _anew
    _calls, _anew = [], anew
    try:
        yield _calls
    finally:
        _calls, _anew = None, False


def made_before(words: str) -> str:
    """Say how the result of the last `live` was made; after Cancel, how the one from before was.

    Args:
        words: how a result of the controls as they are now is made.
    """
    slot, before = st.session_state.get(_LAST, ("", False))
    key = f"live: made in {slot}"
    if not before:
        st.session_state[key] = words
        return words
    return f"Last finished: {st.session_state.get(key, 'with other parameters')}"


def _after_cancel(slot: str, place: DeltaGenerator) -> object:
    """Say that it was cancelled, offer to go on, and return the last result if it is still here."""
    last = engine.remembered(st.session_state.get(_shown(slot), ""), NOTHING)
    st.session_state[_LAST] = slot, last is not NOTHING
    below = "" if last is NOTHING else f" {_BEFORE}, made with the controls as they were then."
    with place.container():
        st.markdown(f"Cancelled. Move a control, or press Run again.{below}")
        st.button("Run again", key=f"{slot} again", on_click=_run_again, args=(slot,))
    return last


def _cancel(slot: str, key: str) -> None:
    """Stop what the slot waits for, and remember that these controls were cancelled."""
    st.session_state[_cancelled(slot)] = key
    engine.cancel(_session(), slot)


def _run_again(slot: str) -> None:
    st.session_state.pop(_cancelled(slot), None)


def _cancelled(slot: str) -> str:
    return f"live: cancelled in {slot}"


def _shown(slot: str) -> str:
    return f"live: last shown in {slot}"


def _session() -> str:
    context = get_script_run_ctx(suppress_warning=True)
    return context.session_id if context else "bare"
