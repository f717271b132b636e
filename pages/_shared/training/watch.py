"""The run that is watched: controls, curve and images, new once a second until it is over.

Until its first loss is there it is looked at more often: who pressed Start waits for that.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import streamlit as st

from lessons.images.captioned import side_by_side
from lessons.training import runs
from lessons.training.curves import CourseCurve, smooth
from pages import _ui as ui
from pages._shared.training import code, focus, fork, health, rows
from pages._shared.training.chart import MOST_COMPARED, curves
from pages._shared.training.controls import controls
from pages._shared.training.data_choice import on_mnist
from pages._shared.training.deliver import deliver
from pages._ui.session.address import arriving

_WORDS = {
    "queued": "Waiting",
    "running": "Training",
    "paused": "Paused",
    "stopped": "Stopped",
    "finished": "Finished",
    "failed": "Failed",
    "interrupted": "Interrupted",
    "damaged": "Damaged",
}
_OVER = ("finished", "stopped", "damaged")
_SOON = 0.25
"""Seconds between two looks at a run of which nothing is seen yet, and whose turn it is."""

_PATIENCE = 5.0
"""Seconds between two looks at a run that is over."""

_RECENT = 50
"""Steps over which the present loss is averaged."""


@dataclass(frozen=True)
class Lab:
    """What a training page wants to see of its runs.

    Attributes:
        recipe: which.
        row_names: what the rows of an epoch's images are.
        course: the course's curve to draw behind, if there is one.
        floor: the lowest loss that is possible, if it is known.
        live_words: says in a few words what the present loss means.
    """

    recipe: str
    row_names: rows.RowNames
    course: CourseCurve | None
    floor: float | None
    live_words: Callable[[float], str] | None


def watch(lab: Lab) -> None:
    """Show the watched run; nothing if there is none yet."""
    _pick(lab.recipe)
    run = focus.watched(lab.recipe)
    shown, every = run.id if run else None, _every(run)
    st.fragment(_watch, run_every=every)(lab, every, shown)
    if run and not every and not run.shipped:
        st.fragment(_notice_end, run_every=_PATIENCE)(lab.recipe, run.id)


def _every(run: runs.RunView | None) -> float | None:
    """Seconds between two looks at a run; None where there is nothing new to come."""
    if run is None or run.state in _OVER:
        return None
    begins = run.state == "running" or (run.state == "queued" and not run.behind)
    return _SOON if begins and not run.curve.steps else 1.0


def _watch(lab: Lab, every: float | None, shown: str | None) -> None:
    run = focus.watched(lab.recipe)
    if (run.id if run else None) != shown:
        st.rerun()  # it was deleted, and the list above shows it still
    if run is None:
        ui.problems(lab.recipe)
        ui.info("No run yet. Choose a preset and press Start.")
        return
    if bool(every) != bool(_every(run)):
        st.rerun()  # begins or ends the once-a-second look
    # Places of their own: what comes and goes in one of them moves no chart to another place, where
    # the browser would draw it anew and forget its zoom.
    head, buttons, trouble, chart, passing, epochs, end = (st.container() for _ in range(7))
    with ui.telling(lab.recipe):  # its files may be deleted at any moment
        with head:
            _headline(run, lab.live_words)
            health.line(run)
        with buttons:
            controls(run)
        with epochs:
            looked_at = _epochs(lab, run)
        with chart:
            curves(run, lab.recipe, lab.course if on_mnist(run) else None, lab.floor, looked_at)
        with passing:
            _early_previews(run)
        with end:
            if looked_at and looked_at.epoch:
                fork.offer(run, looked_at.epoch)
            _take_home(run)
            deliver(lab.row_names, run)
    with trouble:
        ui.problems(lab.recipe)
    if every != _every(run):
        st.rerun()  # the first loss is there by now, and its reader has seen it


def _notice_end(recipe: str, run_id: str) -> None:
    """Look now and then whether a run that is over was deleted, or trains again."""
    try:
        over = runs.view(run_id).state in _OVER
    except ValueError:
        over = False
    if not over and focus.watched_id(recipe) == run_id:
        st.rerun()


def _pick(recipe: str) -> None:
    """Choose the run to watch and those to compare it with."""
    all_runs = runs.all_runs(recipe)
    if not all_runs:
        return
    names = focus.listed(recipe)
    watched = focus.watched(recipe)
    left, right = st.columns(2)
    with left, ui.place_of("run"):
        chosen = st.selectbox(
            "Run",
            list(names),
            index=list(names).index(watched.id) if watched and watched.id in names else 0,
            format_func=lambda run_id: names.get(run_id, run_id),
        )
        if chosen not in names:  # deleted, and the browser does not know yet
            chosen = next(iter(names))
        focus.watch(recipe, chosen)
        shipped = any(run.shipped for run in all_runs if run.id == chosen)
        focus.tell_address(recipe, chosen, shipped=shipped)
    usual = [run.id for run in all_runs if run.shipped and run.id != chosen][:1]
    offered = [run_id for run_id in names if run_id != chosen]
    _take_compared(recipe, offered, usual)
    compared: list[str] = []
    if offered:  # else it were an empty box, greyed out
        with right, ui.place_of("compare"):
            compared = st.multiselect(
                "Compare with",
                offered,
                max_selections=MOST_COMPARED - 1,
                format_func=lambda run_id: names.get(run_id, run_id),
                key=f"{recipe}: compared",
                persist_state="session",
            )
    ui.keep({"compare": None if compared == usual else ",".join(compared) or "none"})


def _take_compared(recipe: str, offered: list[str], usual: list[str]) -> None:
    """Hold the runs to compare with, at first those of the link, to what can be chosen."""
    key = f"{recipe}: compared"
    asked = st.query_params.get("compare")
    if arriving(key):
        now = usual if asked is None else asked.split(",")
    else:
        now = st.session_state.get(key, usual)
    allowed = [run_id for run_id in dict.fromkeys(now) if run_id in offered][: MOST_COMPARED - 1]
    if st.session_state.get(key) != allowed:
        st.session_state[key] = allowed


def _headline(run: runs.RunView, live_words: Callable[[float], str] | None) -> None:
    """State, progress and speed of the run in one line, and a progress bar."""
    ui.label(f"{'Reference run · ' if run.shipped else ''}{run.label}")
    if run.settings is None:
        ui.error(f"This run is damaged: {run.reason}")
        return
    total = run.settings.total_steps
    parts = [f"**{_WORDS[run.state]}**", f"step {run.step:,} of {total:,}"]
    parts += [f"epoch {run.step / run.settings.steps_per_epoch:.1f} of {run.settings.epochs}"]
    if rate := rows.rate(run, over=run.state in _OVER):
        parts.append(rate)
    if run.place:
        parts.append(f"place {run.place} in line, behind {_ahead(run)}")
    if run.state == "running":
        left = run.seconds_left
        parts.append(f"about {ui.duration(left)} left" if left is not None else "starting")
    else:
        device = ui.plain_text(run.device)
        parts.append(f"{ui.duration(run.seconds)} of training on {device}" if device else "")
    if live_words and run.curve.losses:
        parts.append(live_words(smooth(run.curve.losses[-_RECENT:], 0.9)[-1]))
    st.markdown(" · ".join(part for part in parts if part))
    if run.state not in ("finished", "stopped"):
        st.progress(min(run.step / total, 1.0))
    if run.state == "failed":
        ui.error(run.reason)
    if run.state == "interrupted":
        ui.warning("Its process ended unexpectedly. Resume continues from the last checkpoint.")


def _ahead(run: runs.RunView) -> str:
    """What a waiting run waits for, in a few words."""
    said = []
    for run_id in run.behind:
        with suppress(ValueError):  # over, and deleted, meanwhile
            other = runs.view(run_id)
            kind = "" if other.recipe == run.recipe else f"{other.recipe} · "
            at = f"step {other.step:,} of {other.settings.total_steps:,}" if other.settings else ""
            said.append(f"{kind}{focus.name_of(other)} ({at if other.step else other.state})")
    return " and ".join(said) or "a run that is ending"


def _epochs(lab: Lab, run: runs.RunView) -> runs.Epoch | None:
    """What the run showed after each epoch, on a slider; the epoch that the reader looks at."""
    frames = [(epoch, rows.wide(run.id, epoch, lab.row_names)) for epoch in run.epochs]
    frames = [(epoch, frame) for epoch, frame in frames if frame]
    if not frames:
        return None
    st.markdown("**After each epoch**")
    place = ui.scrubber(
        [frame for _, frame in frames],
        key=f"{lab.recipe}_epochs_{run.id}",
        labels=[f"After epoch {e.epoch}" if e.epoch else "Before training" for e, _ in frames],
        title="Epoch",
        size=rows.ROW_WIDTH,
        address="epoch",
    )
    return frames[place][0]


def _early_previews(run: runs.RunView) -> None:
    """How digits emerged: the images that the run made in passing."""
    with ui.telling(run.recipe):
        seen = runs.early_previews(run.id)
        if not seen:
            return
        st.markdown(
            "**Previews during training:** ten images; those that are sampled, in few steps"
        )
        frames = [[side_by_side(early_preview.row, symbol="x_0_hat")] for early_preview in seen]
        ui.scrubber(
            frames,
            key=f"peeks_{run.id}",
            labels=[f"after {early_preview.images:,} images" for early_preview in seen],
            title="Moment",
            size=rows.ROW_WIDTH,
            address="moment",
        )


def _take_home(run: runs.RunView) -> None:
    """Curve, images, weights and code as files."""
    if run.settings is None:
        return
    curve, epochs = run.curve, run.epochs
    files = {
        f"{run.id}.csv": lambda: ui.csv(
            {
                "step": curve.steps,
                "images": curve.images,
                "loss": curve.losses,
                "seconds": curve.seconds,
            }
        )
    }
    if epochs:
        last = epochs[-1].epoch
        files[f"{run.id}-epoch-{last}.png"] = lambda: _sheet(run.id, last)
    if passing := runs.early_previews(run.id):
        rows_seen = [[side_by_side(early_preview.row)] for early_preview in passing]
        files[f"{run.id}-emerging.gif"] = lambda: ui.gif(rows_seen)
    weights = runs.weights_file(run.id)
    if weights:
        files[f"{run.id}.safetensors"] = weights.read_bytes
    files |= code.files(run)
    ui.downloads(files, key=f"home_{run.id}")


def _sheet(run_id: str, epoch: int) -> bytes:
    images = runs.samples(run_id, epoch)
    flat = [image for row in images for image in row]
    return ui.montage(flat, columns=len(images[0]))
