"""B2.6 · One step

Sampling calls the network at every step, and quality takes many of them. Here a student learns
where the trajectories of the flow matching network end, and goes there straight: digits in
one step. You see what it draws from the same noises as its teacher, what was lost on the way, and
that the bends of the trajectories are what many steps were needed for.
"""

import streamlit as st

from lessons.beyond import one_step as lesson
from lessons.beyond.rectified import measure, reflow, straightness, train, velocities
from lessons.training import networks
from pages import _ui as ui
from pages._shared import sampling
from pages._teaching import one_step as ask

COLORS = {velocities.TEACHER: "x_t", velocities.RECTIFIED: "x_0_hat", velocities.DISTILLED: "eps"}


def same_noises(teacher: str) -> None:
    """Teacher and students from the same noises, a column a noise."""
    left, right = st.columns([3, 2])
    with left:
        digits = ui.choice("Digits", lesson.DIGITS, lesson.ALL_DIGITS, key="b26_digits")
    with right:
        steps = ui.choice("A few steps", lesson.STEP_CHOICES, 2, key="b26_steps")
    found = ui.live(
        lesson.demo,
        run_id=teacher,
        digits=digits,
        steps=steps,
        seed=ui.seed(),
        weights_hash=weights_hash,
    )
    if found:
        ui.grid(
            tuple(found.rows.values()),
            row_labels=tuple(found.rows),
            size=72,
        )
        ui.deliver(
            tuple(image for row in found.rows.values() for image in row),
            "Digits of a teacher and its students in one step and in more",
            network=teacher,
        )
        ui.caption(
            "Each column starts from one noise. The teacher is guided with γ = "
            f"{velocities.GAMMA:g}, which takes two predictions a step, so its last row took "
            f"{found.calls[lesson.in_steps(velocities.TEACHER, lesson.MANY)]}; a student's step "
            "takes one, as guidance is in the images that it learnt from. A question mark: the "
            "classifier finds another digit. Distance of the pixels from the last row, white minus "
            f"black being 1: {distances(found.apart)}."
        )
        ui.code_that_ran(found)


def distances(apart: dict[str, float]) -> str:
    """Each row's distance from the last row, in words; the last row itself has none."""
    return "; ".join(f"{name} **{far:.2f}**" for name, far in apart.items() if far)


def bending(teacher: str) -> None:
    """How teacher and rectified student depart from the straight line, and some pixels of both."""
    ui.say(
        "## Where trajectories bend\n"
        f"The same {lesson.COUNT} noises in {lesson.MANY} steps. Left: how far the velocity is "
        "from that of the straight line between noise and image, over time. Right: the "
        "pixels of the first digit that bend most with the teacher; dashed, the same pixels with "
        "the student."
    )
    found = ui.live(
        lesson.bends,
        run_id=teacher,
        digits=str(st.session_state.get("b26_digits", lesson.ALL_DIGITS)),
        seed=ui.seed(),
        weights_hash=weights_hash,
    )
    if not found:
        return
    left, right = st.columns(2)
    with left:
        ui.live_plot(
            [
                ui.Trace(name, found.times, values, color=COLORS[name])
                for name, values in found.departures.items()
            ],
            key="b26_departures",
            x_title="from noise (0) to image (1)",
            y_title="departure from the straight line",
            height=340,
        )
    with right:
        solid, dashed = found.pixels.values()
        names = [f"row {row}, column {column}" for row, column in found.where]
        ui.live_plot(
            [
                *(
                    ui.Trace(name, found.places, y, color=place)
                    for place, (name, y) in enumerate(zip(names, solid, strict=True))
                ),
                *(ui.Trace("", found.places, y, "dashed", place) for place, y in enumerate(dashed)),
            ],
            key="b26_pixels",
            x_title="from noise (0) to image (1)",
            y_title="value of the pixel",
            height=340,
        )
    straight = "; ".join(f"{name} **{s:.3f}**" for name, s in found.straightness.items())
    ui.caption(f"Straightness S of these trajectories: {straight}. A straight line has 0.")
    ui.code_that_ran(found)
    ui.explain(straightness.departures, x_1="x_0_hat", x_0="eps")
    ui.explain(straightness.straightness, x_1="x_0_hat", x_0="eps")


def few_steps_measured() -> None:
    """What few steps cost teacher and students."""
    found = measure.measured()
    if not found:
        return
    ui.say(
        "## What few steps cost, measured\n"
        f"{found.count} samples for each line, all classes alike, from the same noises, none of "
        "which the students learnt from. Values with one standard error; the distance is that of "
        f"the pixels from the teacher's {lesson.MANY} steps, as above."
    )
    ui.table(
        (
            "sampler",
            "predictions",
            "classified as requested",
            "Fréchet distance",
            "distance",
        ),
        [
            (
                lesson.in_steps(name, steps),
                str(steps * velocities.CALLS[name]),
                share(one.accuracy),
                with_error(one.frechet, 2),
                with_error(one.apart, 3),
            )
            for name, by in found.qualities.items()
            for steps, one in by.items()
        ]
        + [(f"{found.count} real digits", "", "", f"{found.floor:.2f}", "")],
        label="Quality of teacher and students by the number of steps",
    )
    frechet(found)
    ui.say(in_words(found))
    minutes = measure.training_minutes()
    first, second = (train.PLANS[name].steps for name in velocities.STUDENTS)
    ui.caption(
        f"Measured by `python -m lessons.beyond.rectified.measure` in {found.minutes:g} minutes of "
        f"one core, seed {found.seed}, in float32. The students were made by `python -m "
        f"lessons.beyond.rectified.train`: {train.COUNT:,} pairs, each by {train.TEACHER_STEPS} "
        f"steps of the teacher ({minutes['pairs']:g} minutes of one core), then {first} training "
        f"steps from the teacher's weights on ({minutes['rectified']:g}), and {second:,} from "
        f"there on at t = 0 alone ({minutes['distilled']:g})."
    )


def frechet(found: measure.OneStepSweep) -> None:
    """The Fréchet distance over the number of steps, with its standard errors."""
    traces = []
    for name, by in found.qualities.items():
        steps, pairs = list(by), [one.frechet for one in by.values()]
        values, color = [value for value, _ in pairs], COLORS[name]
        if len(by) == 1:
            traces.append(ui.Trace(name, steps, values, "dots", color))
            continue
        traces.append(ui.Trace(name, steps, values, color=color))
        for sign in (-1, 1):
            edge = [value + sign * error for value, error in pairs]
            traces.append(ui.Trace("", steps, edge, "faint", color))
    ends = (1, lesson.MANY)
    name = f"{found.count} real digits"
    traces.append(ui.Trace(name, ends, (found.floor, found.floor), "dashed", "muted"))
    ui.live_plot(
        traces,
        key="b26_frechet",
        x_title="steps",
        y_title="Fréchet distance (lower is better)",
        log_x=True,
        log_y=True,
        height=340,
    )


def with_error(pair: tuple[float, float], digits: int) -> str:
    """A value and its standard error."""
    value, error = pair
    return f"{value:.{digits}f} ± {error:.{digits}f}"


def share(pair: tuple[float, float]) -> str:
    """A share and its standard error, which the jackknife can't know where there was no miss."""
    return "all" if pair[0] == 1 else with_error(pair, 3)


def in_words(found: measure.OneStepSweep) -> str:
    """What the table says, in its own numbers."""
    one = {name: by[1].frechet for name, by in found.qualities.items()}
    two = found.qualities[velocities.RECTIFIED][2].frechet
    many = found.qualities[velocities.TEACHER][lesson.MANY].frechet
    ceiling = found.qualities[velocities.TEACHER][train.TEACHER_STEPS].frechet
    bent = found.straightness
    return (
        f"In **one step** the teacher has a Fréchet distance of {with_error(one['teacher'], 2)}, "
        f"the rectified student {with_error(one[velocities.RECTIFIED], 2)}, the distilled one "
        f"{with_error(one[velocities.DISTILLED], 2)}; in two steps the rectified student has "
        f"{with_error(two, 2)}. The teacher's {lesson.MANY} steps have {with_error(many, 2)}; its "
        f"{train.TEACHER_STEPS}, which made the images that the students learnt from, "
        f"{with_error(ceiling, 2)}. Values that differ by less than their errors can't be told "
        "apart. What reflow changed is the bend: S fell from "
        f"{with_error(bent[velocities.TEACHER], 4)} to {with_error(bent[velocities.RECTIFIED], 4)}."
        "\n\n**What was lost?** Hardly anything that the classifier could see, but the same noise "
        "no longer leads to quite the same image: the distilled student in one step is farther "
        "from the teacher's samples than the teacher itself in four, and yet has the better "
        "Fréchet distance."
    )


def your_own(teacher: str) -> None:
    """A student that is trained while the reader looks."""
    ui.say(
        "## Train a student yourself\n"
        "First the teacher makes the pairs, then a copy of it is trained at t = 0 alone. It is "
        "how the distilled student was made, but from the teacher's own weights and much shorter."
    )
    left, right = st.columns(2)
    with left:
        count = ui.choice("Pairs", lesson.PAIR_CHOICES, 200, key="b26_pairs")
    with right:
        steps = ui.choice("Training steps", lesson.TRAINING_CHOICES, 60, key="b26_training")
    usual = (count, steps) == (200, 60)
    if not usual and not ui.toggle("Make these pairs and train", key="b26_train"):
        return
    found = ui.live(
        lesson.learn,
        run_id=teacher,
        count=count,
        steps=steps,
        seed=ui.SEED,
        weights_hash=networks.weights_hash(teacher),
        on_frame=lambda frame: ui.strip(frame, size=72),
    )
    if not found:
        return
    ui.live_plot(
        [ui.Trace("loss", range(1, len(found.losses) + 1), found.losses, color="x_0_hat")],
        key="b26_losses",
        x_title="training step",
        y_title="loss at t = 0",
        log_y=True,
        height=280,
    )
    ui.grid(tuple(found.rows.values()), row_labels=tuple(found.rows), size=72)
    ui.caption(
        "These noises are new to the student. Distance of the pixels from the last row: "
        f"{distances(found.apart)}."
    )
    ui.code_that_ran(found)


ui.lesson_header(__doc__)
teacher = sampling.shipped("class-flow")
weights_hash = lesson.weights_hash() + networks.weights_hash(teacher or "none")
if teacher:
    same_noises(teacher)
ui.say(
    "## Pairs that belong together\n"
    "The teacher learnt from noises and images that were drawn apart from each other: at t = 0 it "
    "can't know which image is meant, and its velocity is a mean over all of them. Its own "
    "trajectories know: each noise leads to one image. So let them make the pairs, and train once "
    "more."
)
ui.explain(reflow.end_point, x_1="x_0_hat", x_0="eps")
ui.explain(reflow.reflow_loss, x_1="x_0_hat", x_0="eps")
ui.explain(reflow.one_step, x_1="x_0_hat", x_0="eps")
if teacher:
    bending(teacher)
    few_steps_measured()
    your_own(teacher)
else:
    ui.info("The network that is the teacher did not come with this installation.")

ui.say(ui.PREDICT)
ui.predict(ask.CROSSING, key="b26_q1")
ui.predict(ask.TWO_STEPS, key="b26_q2")
ui.predict(ask.GUIDANCE, key="b26_q3")
ui.say(
    "**Look closer.** Choose one digit for all columns. Do the ten samples of a student in one "
    "step differ as much from each other as the teacher's in its many steps?"
)
