"""Which run the reader watches."""

from __future__ import annotations

import streamlit as st

from lessons import runs
from pages import _ui as ui
from pages._ui.address import arriving


def take_from_address(recipe: str) -> None:
    """On arrival, watch the run that the link names, or the most lively one."""
    if not arriving(_key(recipe)):
        return
    named = st.query_params.get("run", "")
    choice = _existing(recipe, named) or _most_lively(recipe)
    if named and choice != named:
        st.warning("The run in this link is not on this machine (any more).")
    watch(recipe, choice)


def watch(recipe: str, run_id: str | None) -> None:
    """Watch this run from now on."""
    st.session_state[_key(recipe)] = run_id


def tell_address(recipe: str, run_id: str) -> None:
    """Put the watched run into the address, unless it is the one that is shown anywhere."""
    usual = run_id == _most_lively(recipe) and runs.view(run_id).shipped
    ui.keep({"run": None if usual else run_id})


def watched(recipe: str) -> runs.RunView | None:
    """The run that the reader watches as it stands now; another one if it was deleted."""
    run_id = _existing(recipe, st.session_state.get(_key(recipe)) or "") or _most_lively(recipe)
    st.session_state[_key(recipe)] = run_id
    return runs.view(run_id) if run_id else None


def _most_lively(recipe: str) -> str | None:
    """A run at work, else one with a curve to show."""
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
