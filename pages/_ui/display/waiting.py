"""What is seen while a calculation goes on: how far it is, Cancel, the frames so far."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequestType
from streamlit.runtime.scriptrunner_utils.script_run_context import ThreadState

from pages._service import engine
from pages._ui.text.plain_text import plain_text

if TYPE_CHECKING:
    from lessons.images.captioned import CaptionedImage

OnFrame = Callable[["tuple[CaptionedImage, ...]"], object]

PATIENCE = 0.5
"""Seconds that a calculation may take before anything is shown about it."""

POLL = 0.1
"""Seconds between two looks at the job, and so until a newer run of the page takes over."""


def wait(
    ticket: engine.Ticket,
    slot: str,
    place: DeltaGenerator,
    on_frame: OnFrame | None,
    cancel: Callable[[], None],
) -> None:
    """Return when the ticket is through; show progress if that takes longer than `PATIENCE`.

    Args:
        ticket: what is waited for.
        slot: the place on the page, which names the button.
        place: where bar, button and frames are drawn, and emptied afterwards.
        on_frame: draws the images of `Progress.frame`.
        cancel: what the button does.
    """
    for _ in range(round(PATIENCE / POLL)):
        if ticket.wait(POLL):
            return
        _let_streamlit_interrupt()
    with place.container():
        bar = st.progress(0.0)
        st.button("Cancel", key=f"{slot} cancel", on_click=cancel)
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
    """Begin a line with a capital, unless it begins with a symbol: t = 840, i_start = 7, γ = 3."""
    first, _, rest = line.partition(" ")
    symbol = not (first.isascii() and first.isalpha()) or len(first) == 1 or rest.startswith("=")
    return line if symbol else line[0].upper() + line[1:]


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
