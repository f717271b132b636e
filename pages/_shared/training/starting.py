"""Start: a new run, or a word that these settings were trained already."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import streamlit as st

from lessons.classroom import limits, state
from lessons.training import demos, runs
from lessons.training.runs import files
from pages import _ui as ui
from pages._shared.training import cost, focus
from pages._ui.session.reader import reader

_OVER = {
    "finished": "Trained already",
    "stopped": "Trained already, and stopped before its end",
    "damaged": "Trained already, but the run is damaged",
}
_FOREIGN = "Another reader has begun a run with these settings"


def start_row(recipe: str, settings: Any, origin: runs.Fork | None) -> None:
    """Show Start, what it will cost and which seed it takes."""
    button, words = st.columns([1, 4], vertical_alignment="center")
    button.button(
        "Start",
        type="primary",
        icon=":material/play_arrow:",
        key=f"{recipe}: start",
        on_click=_start,
        args=(recipe, settings, origin),
    )
    with words:
        cost.estimate(recipe, settings)
        if origin is None and (found := demos.ending(recipe, settings)):
            ui.caption(demos.words(found))
        if said := limits.limits().words:
            ui.caption(said)
        if state.read(files.root()).frozen and not reader().teacher:
            ui.info(state.FROZEN)
    _offer_choice(recipe, settings, origin)
    ui.problems(recipe)


def _start(recipe: str, settings: Any, origin: runs.Fork | None) -> None:
    """Start, or go on, unless there is nothing left to do: then ask."""
    with ui.telling(recipe):
        if _last_run(recipe, settings, origin):
            st.session_state[_key(recipe)] = True
        else:
            focus.watch_own(recipe, runs.start(recipe, settings, origin, by=reader()))


def _offer_choice(recipe: str, settings: Any, origin: runs.Fork | None) -> None:
    """After Start with settings whose run is over: show it, or train again?"""
    run = _last_run(recipe, settings, origin) if st.session_state.get(_key(recipe)) else None
    if run is None:  # other settings by now, or it was deleted
        st.session_state.pop(_key(recipe), None)
        return
    name = runs.names([run], focus.own())[run.id]
    ui.info(
        f"{_OVER.get(run.state, _FOREIGN)}: {name}. Another training draws the same curve again."
    )
    with st.container(horizontal=True):
        st.button("Show it", key=f"{recipe}: show", on_click=_show, args=(recipe, run.id))
        st.button(
            "Train again",
            key=f"{recipe}: again",
            on_click=_again,
            args=(recipe, settings, origin),
            help="The older run stays.",
        )


def _last_run(recipe: str, settings: Any, origin: runs.Fork | None) -> runs.RunView | None:
    """The latest run with these settings, if it is over or another reader's."""
    here = runs.same_runs(recipe, settings, origin)
    own = [run_id for run_id in here if not runs.refusal(run_id, by=reader())]
    for run_id in (own or here)[-1:]:
        with suppress(ValueError):  # deleted meanwhile
            run = runs.view(run_id)
            return run if run.state in _OVER or not own else None
    return None


def _show(recipe: str, run_id: str) -> None:
    st.session_state.pop(_key(recipe), None)
    focus.watch(recipe, run_id)


def _again(recipe: str, settings: Any, origin: runs.Fork | None) -> None:
    st.session_state.pop(_key(recipe), None)
    with ui.telling(recipe):
        focus.watch_own(recipe, runs.start(recipe, settings, origin, again=True, by=reader()))


def _key(recipe: str) -> str:
    return f"{recipe}: trained already"
