"""B2.5 · Flow matching

Straight ways from noise to digits: learn the direction, then walk.
"""

import streamlit as st

from lessons import (
    curves,
    flow_paths,
    magnified_digits,
    runs,
    sampled_digits,
    sanity,
    step_quality,
    trained,
)
from lessons import flow_matching as lesson
from pages import _sampling as sampling
from pages import _training as training
from pages import _ui as ui
from pages._questions import HEADING
from pages._questions import part_b as ask

_WITH, _WITHOUT = "with classes", "without"
_ROWS: training.RowNames = (("", "x_0_hat"),) * 3
ROWS: training.RowNames = (
    *_ROWS,
    ("four samples of each digit, {accuracy:.0%} read as asked for by a judge", "x_0_hat"),
)
ROWS_WITHOUT: training.RowNames = (
    *_ROWS,
    ("forty samples from pure noise; a judge is sure of them to {confidence:.0%}", "x_0_hat"),
)


def samples(run_id: str) -> None:
    """Ten digits in as many steps as the reader likes."""
    has_classes = run_id.startswith("class-")
    left, right = st.columns([3, 2])
    with left:
        steps = ui.choice("Steps", sampled_digits.FLOW_STEP_CHOICES, 30, key="b25_steps")
    with right:
        gamma = ui.slider("Guidance γ", 0.0, 10.0, 2.0, key="b25_gamma", step=0.5)
    if not has_classes:
        ui.caption("This network knows no classes, so γ does nothing.")
    film = ui.live(
        sampled_digits.film,
        run_id=run_id,
        seed=ui.seed(),
        steps=steps,
        gamma=gamma if has_classes else 0.0,
        edition=trained.edition(run_id),
        on_frame=lambda frame: ui.stack(frame, size=840),
    )
    if film:
        ui.film(
            film,
            film.samples,
            key=ui.named("b25_film", run_id, steps, gamma, ui.seed()),
            name="digits",
        )
        sampling.verdict(film)
        ui.code_that_ran(film)
        ui.microscope(
            magnified_digits.digit,
            key="b25_walk",
            which=ui.Which("digit", "Digit" if has_classes else "Place in the row", range(10)),
            run_id=run_id,
            seed=ui.seed(),
            steps=steps,
            gamma=gamma if has_classes else 0.0,
            edition=trained.edition(run_id),
        )


def beside_ddpm(flow_run: str, ddpm_run: str) -> None:
    """The ways of both networks, in the plane in which digits differ most."""
    ui.say(
        "## Beside DDPM: how straight are the ways?\n"
        "A few noises, each walked to the same digit by both networks in "
        f"{flow_paths.STEPS} steps, seen in the two directions in which test digits differ most."
    )
    left, right = st.columns([3, 2])
    with left:
        digit = ui.choice("Digit", range(10), 3, key="b25_digit")
    with right:
        gamma = ui.slider("γ of both", 0.0, 10.0, 1.0, key="b25_ways_gamma", step=0.5)
    found = ui.live(
        flow_paths.ways,
        flow_run=flow_run,
        ddpm_run=ddpm_run,
        digit=digit,
        gamma=gamma,
        seed=ui.seed(),
        edition=trained.edition(flow_run) + trained.edition(ddpm_run),
    )
    if not found:
        return
    dots = [
        ui.Trace("test digits", *found.others, style="dots", color="muted"),
        ui.Trace(f"test digits: {digit}", *found.digits, style="dots", color="x_0"),
    ]
    for column, name, color, ways in zip(
        st.columns(2),
        ("flow matching", "DDPM"),
        ("x_0_hat", "eps"),
        (found.flow, found.ddpm),
        strict=True,
    ):
        mean = sum(way.detour for way in ways) / len(ways)
        with column:
            ui.live_plot(
                [
                    *dots,
                    *(
                        ui.Trace(name if i == 0 else "", way.x, way.y, color=color)
                        for i, way in enumerate(ways)
                    ),
                ],
                key=f"b25_ways_{name.split()[0].lower()}",
                x_title="main direction of test digits",
                y_title="second direction",
                height=380,
            )
            ui.caption(f"{name}: on average **{mean:.2f}** times as long as straight ahead.")
    ui.explain(flow_paths.detour, x_0="eps")
    ui.caption(
        "Part of the DDPM's detour is the fresh noise of every step; it is counted because it is "
        "walked. Both networks see the digit differently at the start: turn γ up and the flow's "
        "ways bend too."
    )
    ui.code_that_ran(found)


def fewer_steps(flow_run: str, ddpm_run: str) -> None:
    """What both networks lose with fewer steps, as it was measured."""
    flow, ddpm = step_quality.measured(flow_run), step_quality.measured(ddpm_run)
    if not flow or not ddpm:
        return
    ui.say(
        "## What do fewer steps cost?\n"
        f"Measured on {flow.count:,} samples for each number of steps, γ = "
        f"{step_quality.GAMMA:g}. Fréchet distance: whether all samples together look like "
        "handwriting; lower is better."
    )
    both = (("flow matching", flow, "x_0_hat"), ("DDPM", ddpm, "eps"))
    ends = (min(flow.steps), max(flow.steps))
    ui.live_plot(
        [
            *(
                ui.Trace(name, one.steps, [q.frechet for q in one.qualities], color=color)
                for name, one, color in both
            ),
            ui.Trace(
                "test half against test half", ends, (flow.floor, flow.floor), "dashed", "muted"
            ),
        ],
        key="b25_frechet",
        x_title="sampling steps",
        y_title="Fréchet distance",
        log_x=True,
        log_y=True,
        height=320,
    )
    ui.live_plot(
        [
            ui.Trace(name, one.steps, [q.accuracy for q in one.qualities], color=color)
            for name, one, color in both
        ],
        key="b25_accuracy",
        x_title="sampling steps",
        y_title="read as asked for",
        log_x=True,
        height=320,
    )
    ui.caption(
        f"Flow matching: {runs.view(flow_run).label}. DDPM: {runs.view(ddpm_run).label}. "
        "Every step is one call of the network for both. A DDPM's long steps add much noise "
        "(σ² = β, the course's rule), which few steps can't take away again."
    )


def questions() -> None:
    """One step, one digit, fewer steps."""
    ui.say(HEADING)
    if ui.predict(ask.ONE_STEP, key="b25_q1") and flow_run:
        ui.measured(
            ui.live(
                sanity.one_flow_step,
                run_id=flow_run,
                seed=ui.seed(),
                edition=trained.edition(flow_run),
            )
        )
    if ui.predict(ask.ONE_DIGIT, key="b25_q2"):
        ui.compared(ui.live(sanity.one_digit_flow, seed=ui.seed()))
    ui.predict(ask.FEWER_STEPS, key="b25_q3")


ui.lesson_header(__doc__)
training.hero("class-flow", ROWS)

ui.explain(lesson.interpolate, x_1="x_0_hat", x_0="eps")
ui.explain(lesson.velocity_loss, x_1="x_0_hat", x_0="eps")
ui.explain(lesson.euler)

ui.say("## Train it\nA DDPM walks 300 steps; the samples here take 30 or 50.")
classes = ui.choice("Network", (_WITH, _WITHOUT), _WITH, key="b25_classes")
if classes == _WITH:
    training.lab("class-flow", curves.CLASS_FLOW, ROWS)
else:
    training.lab("flow", curves.FLOW, ROWS_WITHOUT)

ui.say(
    "## Sample from it\nChoose few steps, then more, and see at which number a digit can be read."
)
chosen = sampling.finished_run("b25_run", "class-flow", "flow")
if chosen:
    samples(chosen)
flow_run, ddpm_run = sampling.shipped("class-flow"), sampling.shipped("class-ddpm")
if flow_run and ddpm_run:
    beside_ddpm(flow_run, ddpm_run)
    fewer_steps(flow_run, ddpm_run)

questions()
ui.say(
    "**Look closer.** The training ways are straight, the ways that are walked are not: where many "
    "of them cross, the network can only learn their mean. Where on the way do they bend most?"
)
