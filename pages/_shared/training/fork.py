"""Branching off a run at an epoch: its weights, from there on with other settings."""

from __future__ import annotations

from typing import Any

import streamlit as st

from lessons.training import runs, speed
from pages import _ui as ui


def offer(run: runs.RunView, epoch: int) -> None:
    """Offer to branch off where the reader looks, if the weights of that epoch are here."""
    if _forked(run.recipe):
        st.rerun()  # the settings above are to show it
    try:
        fork = runs.fork_at(run.id, epoch)
    except ValueError:
        return
    st.button(
        f"Fork after epoch {epoch}",
        icon=":material/fork_right:",
        key=f"{run.id}: fork",
        on_click=_take,
        args=(run.recipe, fork),
        help="Starts a new run from these weights, with the settings that this run had at that "
        "point. Change any of them above: the learning rate, its schedule, the batch size.",
    )


def chosen(recipe: str, settings: Any) -> runs.Fork | None:
    """The place to start from, and what that means in words; None is from scratch."""
    fork: runs.Fork | None = st.session_state.get(_key(recipe))
    if fork is None:
        return None
    try:
        width = _width(fork)
    except ValueError:
        st.session_state[_key(recipe)] = None
        ui.warning("The run to fork is no longer on this machine.")
        return None
    words, button = st.columns([4, 1], vertical_alignment="center")
    with button:
        st.button(
            "From scratch", key=f"{recipe}: unfork", on_click=drop, args=(recipe,), width="stretch"
        )
    with words:
        if width == settings.num_hiddens:
            ui.note(
                f"**A fork** of {fork.run_id} after epoch {fork.epoch}: it starts with the weights "
                f"after {fork.images:,} images. Epochs and learning-rate schedule start anew, and "
                "so do Adam's running averages."
            )
            return fork
        ui.note(
            f"The weights of {fork.run_id} are those of width {width}. Width "
            f"{settings.num_hiddens} **starts from scratch** with the settings here; compare the "
            "two curves."
        )
    return None


def take_settings(recipe: str) -> dict[str, Any] | None:
    """The settings of a fork that was just chosen, once; else None.

    The arithmetic is this machine's: where the run was trained in bfloat16 and this processor has
    to imitate it, a single step of a wide network takes minutes.
    """
    if not _forked(recipe):
        return None
    st.session_state[f"{_key(recipe)} is new"] = False
    fork: runs.Fork = st.session_state[_key(recipe)]
    try:
        going_on = runs.continuation(fork.run_id, fork.epoch)
    except ValueError:  # `chosen` says so
        return None
    return {**going_on, "precision": speed.recommended_precision()}


def _take(recipe: str, fork: runs.Fork) -> None:
    st.session_state[_key(recipe)] = fork
    st.session_state[f"{_key(recipe)} is new"] = True


def drop(recipe: str) -> None:
    """Start from scratch after all."""
    st.session_state[_key(recipe)] = None


def _forked(recipe: str) -> bool:
    return bool(st.session_state.get(f"{_key(recipe)} is new"))


def _width(fork: runs.Fork) -> int:
    settings = runs.view(fork.run_id).settings
    if settings is None:
        raise ValueError(f"{fork.run_id} is damaged")
    return settings.num_hiddens


def _key(recipe: str) -> str:
    return f"{recipe}: fork"
