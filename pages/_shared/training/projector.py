"""Training for the front of the room: the curve and the digits fill the screen, nothing else.

`?present=1` on a lesson that trains shows it. Without a run in the address it follows the run of
the class, or whichever is at work, so that it can be left on the wall.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Final

import streamlit as st

from lessons.images.captioned import CaptionedImage, side_by_side
from lessons.training import runs
from lessons.training.curves import smooth
from pages import _ui as ui
from pages._shared.training import focus, rows
from pages._ui.assets import ASSETS
from pages._ui.session.room import presenting

RECIPES: Final = ("denoiser", "ddpm", "class-ddpm", "class-flow")
"""Whose lessons have this view, each with the recipe that its page opens with."""

_SHOWN_ROW: Final = {"denoiser": -1}
"""Which row of an epoch's images is shown: the output, where the first is the input."""

_LOOK: Final = 1.0
_TEXT: Final = "ui_projector_text"


def instead(recipe: str, row_names: rows.RowNames) -> None:
    """Where the address asks for it, show the run alone and end the page here.

    Args:
        recipe: whose lesson it is.
        row_names: what the rows of an epoch's images are.
    """
    if recipe not in RECIPES or not presenting():
        return
    if st.session_state.get(_TEXT):
        st.button("Training on the whole screen", key="ui_projector_on", on_click=_switch)
        return
    st.html(f"<style>{(ASSETS / 'classroom' / 'projector.css').read_text('utf-8')}</style>")
    # The same page trains with classes and without: a run in the address says which is meant.
    named = st.query_params.get("run", "")
    watched = "flow" if recipe == "class-flow" and named.startswith("flow-") else recipe
    focus.take_from_address(watched)
    with st.container(key="ui_projector"):
        st.fragment(_screen, run_every=_LOOK)(watched, row_names)
    st.stop()


def _screen(recipe: str, row_names: rows.RowNames) -> None:
    if not st.query_params.get("run"):
        focus.watch(recipe, focus.most_lively(recipe))
    run = focus.watched(recipe)
    ui.problems(recipe)
    head, out = st.columns([5, 1], vertical_alignment="center")
    out.button("The lesson's text", key="ui_projector_off", on_click=_switch, type="tertiary")
    with head:
        st.markdown(_words(run) if run else "**No run yet.** Start one, here or anywhere.")
    if run is None:
        return
    x = [images + run.images_before for images in run.curve.images]
    ui.live_plot(
        [
            ui.Trace("", x, run.curve.losses, "faint", 0),
            ui.Trace("loss", x, smooth(run.curve.losses, 0.9), "solid", 0),
        ],
        key=f"{recipe}_projector",
        x_title="images seen",
        y_title="loss of a batch",
        log_y=True,
        height=None,
    )
    with st.container(key="ui_projector_digits"):
        found = _newest(run, row_names)
        if found:
            ui.strip([found[0]])
            st.markdown(f"after **{found[1]:,}** images")
        elif run.state in ("queued", "running"):
            st.markdown("The first digits appear in a moment.")


def _words(run: runs.RunView) -> str:
    """State, images and loss of a run in one line."""
    seen = run.settings.images_after(run.step) if run.settings else 0
    total = run.settings.total_images if run.settings else 0
    parts = [f"**{run.state.capitalize()}**", f"{seen:,} of {total:,} images"]
    if run.curve.losses:
        parts.append(f"loss **{smooth(run.curve.losses[-50:], 0.9)[-1]:.4f}**")
    if rate := rows.rate(run, over=run.state in ("finished", "stopped")):
        parts.append(rate)
    return " · ".join(parts)


def _newest(run: runs.RunView, row_names: rows.RowNames) -> tuple[CaptionedImage, int] | None:
    """The digits that were made last, and after how many images; None before the first."""
    epoch = run.epochs[-1] if run.epochs else None
    with suppress(ValueError):  # deleted meanwhile
        passing = runs.early_previews(run.id)
        if passing and (epoch is None or passing[-1].step > epoch.step):
            alt = "Ten digits in a row, made during training"
            return side_by_side(passing[-1].row, alt=alt, symbol="x_0_hat"), passing[-1].images
    wide = rows.wide(run.id, epoch, row_names) if epoch else []
    if not wide or epoch is None:
        return None
    return replace(wide[_SHOWN_ROW.get(run.recipe, 0)], caption=""), epoch.images


def _switch() -> None:
    st.session_state[_TEXT] = not st.session_state.get(_TEXT)
