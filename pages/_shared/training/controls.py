"""What the reader can ask of a run: each state offers only what makes sense in it."""

from __future__ import annotations

from typing import Final, Protocol

import streamlit as st

from lessons.classroom.readers import Reader
from lessons.training import runs
from pages import _ui as ui
from pages._shared.training import focus, settings
from pages._ui.session.reader import ANYBODY, has_key, reader


class Wish(Protocol):
    """What can be asked of a run; it is refused where this reader may not ask it."""

    def __call__(self, run_id: str, /, *, by: Reader) -> None:
        """Ask it."""


ACTIONS: Final[dict[str, tuple[str, Wish]]] = {
    "Pause": (":material/pause:", runs.pause),
    "Resume": (":material/play_arrow:", runs.resume),
    "+1 step": (":material/skip_next:", runs.one_step),
    "+1 epoch": (":material/fast_forward:", runs.one_epoch),
    "Stop": (":material/stop:", runs.stop),
}
OFFERED: Final[dict[str, tuple[str, ...]]] = {
    "queued": ("Pause", "Stop"),
    "running": ("Pause", "Stop"),
    "paused": ("Resume", "+1 step", "+1 epoch", "Stop"),
    "interrupted": ("Resume", "+1 step", "+1 epoch", "Stop"),
    "failed": ("Resume",),
}


def controls(run: runs.RunView) -> None:
    """Show the buttons for a run's state; a shipped run has none, a foreign one a single one."""
    if run.shipped:
        return
    refused = runs.refusal(run.id, by=reader())
    with st.container(horizontal=True):
        for name in () if refused else OFFERED.get(run.state, ()):
            icon, action = ACTIONS[name]
            st.button(
                name,
                icon=icon,
                key=f"{run.id}: {name}",
                on_click=_ask,
                args=(run, action),
            )
        settings.offer_copy(run)
        if not refused:
            with st.popover("Delete", icon=":material/delete:"):
                st.markdown("Its loss curve, images and weights will be deleted.")
                st.button("Delete this run", key=f"{run.id}: delete", on_click=_delete, args=(run,))
    if refused or not has_key():
        ui.caption(refused or ANYBODY)


def _ask(run: runs.RunView, action: Wish) -> None:
    with ui.telling(run.recipe):
        action(run.id, by=reader())


def _delete(run: runs.RunView) -> None:
    with ui.telling(run.recipe):
        runs.delete(run.id, by=reader())
        focus.watch(run.recipe, None)
