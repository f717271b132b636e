"""What the pages that sample with a trained DDPM share: which run, and the film of its steps."""

from __future__ import annotations

import streamlit as st

from lessons import runs
from lessons.sampled_digits import Film
from pages import _ui as ui

_ROW = 28 * 10 * 3
"""CSS pixels of ten digits in a row, as on the training pages."""


def finished_run(recipe: str, key: str) -> str | None:
    """Let the reader choose among the finished runs of a recipe; None if there are none."""
    finished = {run.id: run for run in runs.all_runs(recipe) if runs.weights_file(run.id)}
    if not finished:
        st.info("No run of this kind has finished yet.")
        return None
    return st.selectbox(
        "Network",
        list(finished),
        format_func=lambda name: finished[name].label if name in finished else name,
        key=key,
    )


def film(shown: Film, key: str) -> None:
    """Show every step of a sample under a slider, with files to take home."""
    frames = shown.frames
    ui.scrubber(
        frames,
        key=key,
        labels=[f"t = {t:g}" for t in shown.times],
        title="Step",
        size=_ROW,
    )
    ui.downloads(
        {
            "digits.gif": lambda: ui.gif(frames[:: max(1, len(frames) // 100)] + frames[-1:]),
            "digits.png": lambda: ui.montage(shown.samples),
        },
        key=f"{key}_files",
    )
