"""Which run the reader watches."""

from __future__ import annotations

import streamlit as st

from lessons.classroom import state
from lessons.training import runs
from lessons.training.runs import files
from pages import _ui as ui
from pages._ui.session.address import arriving

_OWN = "runs started here"


def take_from_address(recipe: str) -> None:
    """On arrival, watch the run that the link names, or the most lively one."""
    if not arriving(_key(recipe)):
        return
    named = st.query_params.get("run", "")
    choice = _existing(recipe, named) or most_lively(recipe)
    if named and choice != named:
        ui.warning("The run in this link is not on this machine (any more).")
    watch(recipe, choice)


def watch(recipe: str, run_id: str | None) -> None:
    """Watch this run from now on."""
    st.session_state[_key(recipe)] = run_id


def watch_own(recipe: str, run_id: str) -> None:
    """Watch a run that this reader has just started."""
    if run_id not in own():
        st.session_state[_OWN] = (*own(), run_id)
    watch(recipe, run_id)


def own() -> tuple[str, ...]:
    """The runs that this reader started, since the page was opened."""
    return tuple(st.session_state.get(_OWN, ()))


def tell_address(recipe: str, run_id: str, *, shipped: bool) -> None:
    """Put the watched run into the address, unless it is the one that is shown anywhere."""
    usual = shipped and run_id == most_lively(recipe)
    ui.keep({"run": None if usual else run_id})


def watched(recipe: str) -> runs.RunView | None:
    """The run that the reader watches as it stands now; another one, and a word, if it is gone."""
    before = st.session_state.get(_key(recipe)) or ""
    for run_id in (before, most_lively(recipe)):
        if run_id:
            with ui.telling(recipe):
                run = runs.view(run_id)
                st.session_state[_key(recipe)] = run_id
                return run
    st.session_state[_key(recipe)] = None
    return None


def name_of(run: runs.RunView) -> str:
    """What a run is called where the list calls it so too."""
    return listed(run.recipe).get(run.id) or runs.names([run], own())[run.id]


def watched_id(recipe: str) -> str | None:
    """The name of the run that the reader watches, or watched last; it may be gone."""
    found: str | None = st.session_state.get(_key(recipe))
    return found


def of_the_class(recipe: str) -> str | None:
    """The run that the teacher handed to the class, if it is still here."""
    return _existing(recipe, state.read(files.root()).class_runs.get(recipe, ""))


def listed(recipe: str) -> dict[str, str]:
    """What every run is called, that of the class first."""
    names = runs.names(runs.all_runs(recipe), own())
    first = of_the_class(recipe)
    if first not in names:
        return names
    return {first: f"The class's run · {names.pop(first)}", **names}


def most_lively(recipe: str) -> str | None:
    """The run of the class, a run at work, else one with a curve to show."""
    if first := of_the_class(recipe):
        return first
    all_runs = runs.all_runs(recipe)
    at_work = [run.id for run in all_runs if run.state in ("running", "queued")]
    return next(iter(at_work + [run.id for run in all_runs]), None)


def _existing(recipe: str, run_id: str) -> str | None:
    """The run of that name, if it is here and one of this lesson's."""
    if not run_id.startswith(f"{recipe}-"):
        return None
    try:
        return runs.view(run_id).id
    except ValueError:
        return None


def _key(recipe: str) -> str:
    return f"{recipe}: watched run"
