"""Runs a lesson for a page: cached results at once, slower ones with progress and Cancel."""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar, overload

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequestType
from streamlit.runtime.scriptrunner_utils.script_run_context import ThreadState

from pages import _engine as engine
from pages import _stored as stored
from pages._content import content_key
from pages._ui.plain_text import plain_text

if TYPE_CHECKING:
    from lessons.picture import Picture, Progress

log = logging.getLogger(__name__)

T = TypeVar("T")
Call = tuple[Callable[..., object], dict[str, object], object]
"""A lesson's function, the knobs, and what came out."""

_calls: list[Call] | None = None


class Made(NamedTuple):
    """How the result in one slot came about.

    Attributes:
        function: the lesson's function.
        knobs: its arguments.
        ahead: whether it was calculated ahead.
        slot: the place on the page.
        result: the result's identity; the result itself is kept by those who need it.
    """

    function: Callable[..., object]
    knobs: dict[str, object]
    ahead: bool
    slot: str
    result: int


class _Made(threading.local):
    """What this thread, which runs one page, has made; the newest last."""

    def __init__(self) -> None:
        self.by_slot: dict[str, Made] = {}


_made = _Made()

OnFrame = Callable[["tuple[Picture, ...]"], object]

PATIENCE = 0.5
"""Seconds that a calculation may take before anything is shown about it."""

_LAST = "live: last slot, and whether its result is from before a Cancel"
_BEFORE = "Below is the last finished result"

POLL = 0.1
"""Seconds between two looks at the job, and so until a newer run of the page takes over."""


class Nothing:
    """What `live` returns when there is no result: false, empty, and shown as a dash.

    Its parts are Nothing again, so that a page which draws a result stays one line and draws
    nothing, while the text around it stays. Only unpacking needs an `if result:`.
    """

    def __bool__(self) -> bool:
        """Be false."""
        return False

    def __len__(self) -> int:
        """Be empty."""
        return 0

    def __iter__(self) -> Iterator[Nothing]:
        """Be empty."""
        return iter(())

    def __getitem__(self, _part: object) -> Nothing:
        """Be nothing in every part."""
        return self

    def __getattr__(self, name: str) -> Nothing:
        """Be nothing in every part, except for what Python itself asks about."""
        if name.startswith("_"):
            raise AttributeError(name)
        return self

    def __str__(self) -> str:
        """Be a dash."""
        return "–"

    def __format__(self, _spec: str) -> str:
        """Be a dash in every format."""
        return "–"


NOTHING: Final = Nothing()


@overload
def live(
    function: Callable[..., Generator[Progress, None, T]],
    *,
    slot: str | None = None,
    on_frame: OnFrame | None = None,
    **knobs: object,
) -> T: ...


@overload
def live(
    function: Callable[..., T],
    *,
    slot: str | None = None,
    on_frame: OnFrame | None = None,
    **knobs: object,
) -> T: ...


def live(
    function: Callable[..., object],
    *,
    slot: str | None = None,
    on_frame: OnFrame | None = None,
    **knobs: object,
) -> object:
    """Return `function(**knobs)`, calculated in the engine, or from before, or from ahead.

    After half a second the page shows how far it is, and Cancel. A run of the page that is out of
    date stops here, and so does its calculation.

    Args:
        function: a lesson's top-level function; its result, or a generator that yields `Progress`
            and returns its result.
        slot: a name for the place on the page; needed where one function is live twice on a page.
        on_frame: draws the pictures of `Progress.frame` while the calculation goes on.
        knobs: the arguments; what they may be, says `content_key`.

    Returns:
        The result, shared with other readers: don't change it. After Cancel the last result of
        this slot. After an error, or if there is no last result, `NOTHING`.
    """
    slot = slot or f"{function.__module__}.{function.__qualname__}"
    st.session_state[_LAST] = slot, False
    key = content_key(function, knobs)
    if _calls is None and (ready := stored.find(function, knobs)) is not stored.NOT_THERE:
        engine.keep(key, ready)  # what a Cancel goes back to
        st.session_state[_shown(slot)] = key
        _note(function, knobs, slot, ready, ahead=True)
        return ready
    place = st.empty()
    if st.session_state.get(_cancelled(slot)) == key:
        return _after_cancel(slot, place)
    try:
        ticket = engine.submit(_session(), slot, key, partial(function, **knobs))
        try:
            _wait(ticket, slot, key, place, on_frame)
            result = ticket.result()
        finally:
            ticket.release()
    except engine.Cancelled:
        st.stop()  # a newer run of this page, or nobody at all, is on the other side
    except (ValueError, engine.Busy) as error:
        log.info("refused: %s", error)
        place.error(plain_text(str(error)) or "These settings don't go together.")
    except Exception:
        number = secrets.token_hex(3)
        log.exception("calculation failed, log id %s", number)
        place.error(f"This calculation failed, and that is not your fault. Log id: {number}.")
    else:
        st.session_state[_shown(slot)] = key
        if _calls is not None:
            _calls.append((function, knobs, result))
        _note(function, knobs, slot, result)
        return result
    return NOTHING


def made(result: object) -> Made | None:
    """Say how a result of this run of the page was made; None for what `live` didn't return."""
    newest_first = reversed(_made.by_slot.values())
    return next((one for one in newest_first if one.result == id(result)), None)


def _note(
    function: Callable[..., object],
    knobs: dict[str, object],
    slot: str,
    result: object,
    ahead: bool = False,
) -> None:
    """Remember how a result was made, for those who show its code."""
    _made.by_slot.pop(slot, None)  # the newest goes last
    _made.by_slot[slot] = Made(function, knobs, ahead, slot, id(result))


@contextmanager
def recording() -> Iterator[list[Call]]:
    """Calculate everything anew, and note what was calculated."""
    global _calls
    _calls = []
    try:
        yield _calls
    finally:
        _calls = None


def made_before(words: str) -> str:
    """Say how the result of the last `live` was made; after Cancel, how the one from before was.

    Args:
        words: how a result of the knobs as they are now is made.
    """
    slot, before = st.session_state.get(_LAST, ("", False))
    key = f"live: made in {slot}"
    if not before:
        st.session_state[key] = words
        return words
    return f"Last finished: {st.session_state.get(key, 'with other knobs')}"


def _wait(
    ticket: engine.Ticket, slot: str, key: str, place: DeltaGenerator, on_frame: OnFrame | None
) -> None:
    """Return when the ticket is through; show progress if that takes longer than `PATIENCE`."""
    for _ in range(round(PATIENCE / POLL)):
        if ticket.wait(POLL):
            return
        _let_streamlit_interrupt()
    with place.container():
        bar = st.progress(0.0)
        st.button("Cancel", key=f"{slot} cancel", on_click=_cancel, args=(slot, key))
        frames = st.empty()
    shown: tuple[object, ...] = ()
    frame: object = None
    while not ticket.wait(POLL):
        _let_streamlit_interrupt()
        now = ticket.look()
        if (words := _words(now)) != shown:
            bar.progress(*words)
            shown = words
        if on_frame and now.frame is not None and now.frame is not frame:
            with frames.container():
                on_frame(now.frame)
            frame = now.frame
    place.empty()


def _words(now: engine.Snapshot) -> tuple[float, str]:
    """Say in numbers and words how far it is: share done in [0, 1], and one line."""
    if now.place == 1:
        return 0.0, "You are next in line"
    if now.place:
        return 0.0, f"You are {_ordinal(now.place)} in line"
    if not now.total:
        return 0.0, "Calculating"
    parts = [now.note, f"step {now.done} of {now.total}", _time_left(now.seconds_left)]
    line = " · ".join(part for part in parts if part)
    return min(1.0, now.done / now.total), plain_text(_sentence(line))


def _sentence(line: str) -> str:
    """Begin with a capital, but never make a Γ of a γ: a symbol is no word."""
    return line[0].upper() + line[1:] if line[0].isascii() else line


def _ordinal(number: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}th" if number % 100 in (11, 12, 13) else f"{number}{ending}"


def _time_left(seconds: float | None) -> str:
    if seconds is None:
        return ""
    if seconds < 1:
        return "almost done"
    if seconds < 90:
        return f"about {round(seconds)} s left"
    return f"about {round(seconds / 60)} min left"


def _after_cancel(slot: str, place: DeltaGenerator) -> object:
    """Say that it was cancelled, offer to go on, and return the last result if it is still here."""
    last = engine.remembered(st.session_state.get(_shown(slot), ""), NOTHING)
    st.session_state[_LAST] = slot, last is not NOTHING
    below = "" if last is NOTHING else f" {_BEFORE}, made with the knobs as they were then."
    with place.container():
        st.markdown(f"Cancelled. Move a knob, or press Run again.{below}")
        st.button("Run again", key=f"{slot} again", on_click=_run_again, args=(slot,))
    return last


def _cancel(slot: str, key: str) -> None:
    """Stop what the slot waits for, and remember that these knobs were cancelled."""
    st.session_state[_cancelled(slot)] = key
    engine.cancel(_session(), slot)


def _run_again(slot: str) -> None:
    st.session_state.pop(_cancelled(slot), None)


def _cancelled(slot: str) -> str:
    return f"live: cancelled in {slot}"


def _shown(slot: str) -> str:
    return f"live: last shown in {slot}"


def _let_streamlit_interrupt() -> None:
    """End this run here if it is out of date; any look at the session's state is such a point.

    Inside a fragment that isn't enough: Streamlit holds back the fragment's own widgets, Cancel
    among them, until its run ends. So end it by hand; a rerun of the page takes them along.
    """
    st.session_state.get("live")
    context = get_script_run_ctx(suppress_warning=True)
    if context is None or context.script_requests is None:
        return
    requests, fragment = context.script_requests, ThreadState.get().fragment_id
    held_back = requests._state is ScriptRequestType.RERUN
    if fragment and held_back and fragment in requests._rerun_data.fragment_id_queue:
        st.rerun()


def _session() -> str:
    context = get_script_run_ctx(suppress_warning=True)
    return context.session_id if context else "bare"
