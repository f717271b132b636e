"""What the reader can ask of a run: each state offers only what makes sense in it."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from lessons import runs
from pages import _ui as ui

_ACTIONS: dict[str, tuple[str, Callable[[str], None]]] = {
    "Pause": (":material/pause:", runs.pause),
    "Resume": (":material/play_arrow:", runs.resume),
    "+1 step": (":material/skip_next:", runs.one_step),
    "+1 epoch": (":material/fast_forward:", runs.one_epoch),
    "Stop": (":material/stop:", runs.stop),
}
_OFFERED = {
    "queued": ("Pause", "Stop"),
    "running": ("Pause", "Stop"),
    "paused": ("Resume", "+1 step", "+1 epoch", "Stop"),
    "interrupted": ("Resume", "+1 step", "+1 epoch", "Stop"),
    "failed": ("Resume",),
}


def controls(run: runs.RunView) -> None:
    """Show the buttons for a run's state; a shipped run has none."""
    if run.shipped:
        return
    with st.container(horizontal=True):
        for name in _OFFERED.get(run.state, ()):
            icon, action = _ACTIONS[name]
            st.button(
                name,
                icon=icon,
                key=f"{run.id}: {name}",
                on_click=_ask,
                args=(run, action),
            )
        with st.popover("Delete", icon=":material/delete:"):
            st.markdown("This run's curve, pictures and weights will be gone.")
            st.button(
                "Delete this run", key=f"{run.id}: delete", on_click=_ask, args=(run, runs.delete)
            )


def _ask(run: runs.RunView, action: Callable[[str], None]) -> None:
    with ui.telling(run.recipe):
        action(run.id)
