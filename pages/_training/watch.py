"""The run that is watched: controls, curve and pictures, new once a second until it is over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from lessons import runs
from lessons.curves import CourseCurve, smooth
from lessons.picture import side_by_side
from pages import _ui as ui
from pages._training import code, focus, fork, rows
from pages._training.controls import controls
from pages._ui.address import arriving

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
_MOST_COMPARED = 8
_RECENT = 50
"""Steps over which the present loss is averaged."""


@dataclass(frozen=True)
class Lab:
    """What a training page wants to see of its runs.

    Attributes:
        recipe: which.
        row_names: what the rows of an epoch's pictures are.
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
    moves = run is not None and run.state not in _OVER
    st.fragment(_watch, run_every=1.0 if moves else None)(lab, moves)


def _watch(lab: Lab, moved: bool) -> None:
    run = focus.watched(lab.recipe)
    if run is None:
        st.info("No run yet. Choose a preset and press Start.")
        return
    if moved != (run.state not in _OVER):
        st.rerun()  # begins or ends the once-a-second look
    _headline(run, lab.live_words)
    controls(run)
    ui.problems(lab.recipe)
    chart, passing = st.container(), st.container()
    looked_at = _epochs(lab, run)
    with chart:
        _curves(lab, run, looked_at)
    with passing:
        _peeks(run)
    if looked_at and looked_at.epoch:
        fork.offer(run, looked_at.epoch)
    _take_home(run)
    _deliver(lab, run)


def _pick(recipe: str) -> None:
    """Choose the run to watch and those to compare it with."""
    all_runs = runs.all_runs(recipe)
    if not all_runs:
        return
    names = {run.id: _name(run) for run in all_runs}
    watched = focus.watched(recipe)
    left, right = st.columns(2)
    with left, ui.place_of("run"):
        chosen = st.selectbox(
            "Run",
            list(names),
            index=list(names).index(watched.id) if watched and watched.id in names else 0,
            format_func=lambda run_id: names.get(run_id, run_id),
        )
        focus.watch(recipe, chosen)
        focus.tell_address(recipe, chosen)
    usual = [run.id for run in all_runs if run.shipped and run.id != chosen][:1]
    offered = [run_id for run_id in names if run_id != chosen]
    _take_compared(recipe, offered, usual)
    with right, ui.place_of("compare"):
        compared = st.multiselect(
            "Compare with",
            offered,
            max_selections=_MOST_COMPARED - 1,
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
    allowed = [run_id for run_id in dict.fromkeys(now) if run_id in offered][: _MOST_COMPARED - 1]
    if st.session_state.get(key) != allowed:
        st.session_state[key] = allowed


def _headline(run: runs.RunView, live_words: Callable[[float], str] | None) -> None:
    """Say in one line where the run stands, and draw how far it is."""
    ui.label(f"{'Reference run · ' if run.shipped else ''}{run.label}")
    if run.settings is None:
        st.error(f"This run is damaged: {run.reason}")
        return
    total = run.settings.total_steps
    parts = [f"**{_WORDS[run.state]}**", f"step {run.step:,} of {total:,}"]
    parts += [f"epoch {run.step / run.settings.steps_per_epoch:.1f} of {run.settings.epochs}"]
    if run.images_per_second:
        parts.append(f"{run.images_per_second:,.0f} images/s")
    if run.place:
        parts.append(f"place {run.place} in line")
    if run.state == "running":
        left = run.seconds_left
        parts.append(f"about {ui.duration(left)} left" if left is not None else "starting")
    else:
        parts.append(
            f"{ui.duration(run.seconds)} of training on {run.device}" if run.device else ""
        )
    if live_words and run.curve.losses:
        parts.append(live_words(smooth(run.curve.losses[-_RECENT:], 0.9)[-1]))
    st.markdown(" · ".join(part for part in parts if part))
    if run.state not in ("finished", "stopped"):
        st.progress(min(run.step / total, 1.0))
    if run.state == "failed":
        st.error(run.reason)
    if run.state == "interrupted":
        st.warning("Its process ended without a word. Resume goes on from the last checkpoint.")


def _curves(lab: Lab, run: runs.RunView, looked_at: runs.Epoch | None) -> None:
    recipe, course, floor = lab.recipe, lab.course, lab.floor
    left, right = st.columns(2, vertical_alignment="center")
    name = recipe.replace("-", "_")
    with left:
        log_y = ui.toggle("Logarithmic scale", True, key=f"{name}_log")
    with right:
        weight = ui.slider("Smoothing", 0.0, 0.99, 0.9, key=f"{name}_smoothing", step=0.01)
    traces = _traces(run, weight, "this run", 0, raw=True)
    for place, other in enumerate(_compared(recipe, run.id), start=1):
        traces += _traces(other, weight, _name(other), place, raw=False)
    if course and run.settings:
        known = course.up_to(1.5 * run.settings.total_images + run.images_before)
        traces.append(ui.Trace(course.name, known.images, known.losses, "dashed", "muted"))
    if floor is not None:
        end = max((trace.x[-1] for trace in traces if trace.x), default=1)
        traces.append(ui.Trace("the floor", (0, end), (floor, floor), "dashed", "muted"))
    if looked_at and run.curve.losses:
        where = looked_at.images + run.images_before
        ends = (min(run.curve.losses), max(run.curve.losses))
        traces.append(ui.Trace(f"epoch {looked_at.epoch}", (where, where), ends, "dashed", "x_0"))
    ui.live_plot(
        traces,
        key=f"{recipe}_loss",
        x_title="images seen",
        y_title="loss of a batch",
        log_y=log_y,
    )


def _traces(run: runs.RunView, weight: float, name: str, color: int, raw: bool) -> list[ui.Trace]:
    x, y = [images + run.images_before for images in run.curve.images], run.curve.losses
    smoothed = ui.Trace(name, x, smooth(y, min(max(weight, 0.0), 0.99)), "solid", color)
    return [ui.Trace("", x, y, "faint", color), smoothed] if raw else [smoothed]


def _compared(recipe: str, watched: str) -> list[runs.RunView]:
    views = []
    for run_id in st.session_state.get(f"{recipe}: compared", [])[: _MOST_COMPARED - 1]:
        try:
            views.append(runs.view(run_id))
        except ValueError:
            continue  # deleted meanwhile
    return [run for run in views if run.settings and run.id != watched]


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


def _peeks(run: runs.RunView) -> None:
    """How digits emerged: the pictures that the run made in passing."""
    with ui.telling(run.recipe):
        seen = runs.peeks(run.id)
        if not seen:
            return
        st.markdown("**While it trains:** ten digits, drawn in passing in few steps")
        frames = [[side_by_side(peek.row, symbol="x_0_hat")] for peek in seen]
        ui.scrubber(
            frames,
            key=f"peeks_{run.id}",
            labels=[f"after {peek.images:,} images" for peek in seen],
            title="Moment",
            size=rows.ROW_WIDTH,
            address="moment",
        )


def _take_home(run: runs.RunView) -> None:
    """Curve, pictures, weights and code as files."""
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
    if passing := runs.peeks(run.id):
        rows_seen = [[side_by_side(peek.row)] for peek in passing]
        files[f"{run.id}-emerging.gif"] = lambda: ui.gif(rows_seen)
    weights = runs.weights_file(run.id)
    if weights:
        files[f"{run.id}.safetensors"] = weights.read_bytes
    files |= code.files(run)
    ui.downloads(files, key=f"home_{run.id}")


def _deliver(lab: Lab, run: runs.RunView) -> None:
    """The pictures after the latest epoch, for the report."""
    if run.settings is None or not run.epochs:
        return
    last, s = run.epochs[-1], run.settings
    titles = {name: str(field.title) for name, field in type(s).model_fields.items()}
    ui.deliver(
        rows.wide(run.id, last, lab.row_names),
        f"After epoch {last.epoch}" if last.epoch else "Before training",
        run=run.id,
        network=run.label,
        seed=s.seed,
        **{titles[name]: value for name, value in s.model_dump().items() if name != "seed"},
    )


def _sheet(run_id: str, epoch: int) -> bytes:
    pictures = runs.samples(run_id, epoch)
    flat = [picture for row in pictures for picture in row]
    return ui.montage(flat, columns=len(pictures[0]))


def _name(run: runs.RunView) -> str:
    if run.settings is None:
        return f"damaged: {run.id}"
    s = run.settings
    kind = "Reference · " if run.shipped else ""
    return f"{kind}D = {s.num_hiddens} · {s.total_images:,} images · {run.id[-4:]}"
