"""B2.4 · Guidance

The same noise, asked for the same digit, more and more insistently.
"""

import streamlit as st

from lessons import class_guidance as lesson
from lessons import guidance, magnified_digits, sampled_digits, sanity, trained
from pages import _sampling as sampling
from pages import _ui as ui
from pages._questions import HEADING
from pages._questions import part_b as ask


def one_gamma(run_id: str) -> None:
    """Ten digits from ten fixed noises, at a strength that the reader turns."""
    left, right = st.columns([3, 2])
    with left:
        gamma = ui.slider("Guidance γ", 0.0, 10.0, 5.0, key="b24_gamma", step=0.5)
    with right:
        steps = ui.choice("Steps", sampled_digits.STEP_CHOICES, 20, key="b24_steps")
    film = ui.live(
        sampled_digits.film,
        run_id=run_id,
        seed=ui.seed(),
        steps=steps,
        gamma=gamma,
        edition=trained.edition(run_id),
        on_frame=lambda frame: ui.stack(frame, size=840),
    )
    if not film:
        return
    ui.film(
        film,
        film.samples,
        key=ui.named("b24_film", run_id, steps, gamma, ui.seed()),
        name="digits",
    )
    ui.deliver(film.samples, "The digits 0 to 9, asked for with guidance", network=run_id)
    ui.caption(
        f"Asked for 0 to 9. A judge reads **{film.numbers['accuracy']:.0%}** of them as asked for, "
        f"sure to {film.numbers['confidence']:.0%}; {film.numbers['ink']:.1%} of the picture is "
        "ink. Only γ changes when you turn it: the noise stays."
    )
    ui.code_that_ran(film)
    ui.microscope(
        magnified_digits.digit,
        key="b24_walk",
        which=ui.Which("digit", "Digit", range(10)),
        run_id=run_id,
        seed=ui.seed(),
        steps=steps,
        gamma=gamma,
        edition=trained.edition(run_id),
    )


def anatomy(run_id: str) -> None:
    """One guided step taken apart."""
    ui.say(
        "## What γ stretches\n"
        "One picture under noise, and what the network takes the clean digit to be: not knowing "
        "the label, and knowing it. The difference points towards what is *typical* of the digit. "
        "Guidance goes on in that direction, past the second guess."
    )
    left, middle, right = st.columns([7, 3, 3])
    with left:
        digit = ui.choice("Digit", range(10), 3, key="b24_digit")
    with middle:
        t = ui.slider("Timestep t", 1, 300, 220, key="b24_t")
    with right:
        gamma = ui.slider("γ", 0.0, 10.0, 5.0, key="b24_anatomy", step=0.5)
    pictures = ui.live(
        lesson.anatomy,
        run_id=run_id,
        digit=digit,
        gamma=gamma,
        seed=ui.seed(),
        t=t,
        edition=trained.edition(run_id),
    )
    if pictures:
        ui.strip(pictures, size=140)
    ui.caption("In the fourth picture grey is no difference, white more ink, black less.")
    ui.code_that_ran(pictures)


def gammas(run_id: str) -> None:
    """Seven strengths at once."""
    ui.say("## Seven strengths, one noise a column")
    rows = ui.live(
        lesson.gamma_grid, run_id=run_id, seed=ui.seed(), edition=trained.edition(run_id)
    )
    if rows:
        ui.grid(rows, row_labels=[f"γ = {gamma:g}" for gamma in lesson.GAMMAS], size=84)
        ui.caption("Twenty steps each. A question mark: the judge reads another digit.")
        ui.code_that_ran(rows)


def quality(run_id: str) -> None:
    """What guidance buys, and what it costs."""
    sweep = ui.live(lesson.measured, run_id=run_id)
    if not sweep:
        return
    ui.say(
        "## What it buys, and what it costs\n"
        f"Measured on {sweep.count:,} samples at each γ, {sweep.steps} steps each. Accuracy: the "
        "share that the judge reads as asked for. Diversity: how much the samples of one class "
        "differ, test digits having 1."
    )
    x = [one.gamma for one in sweep.qualities]
    ui.live_plot(
        [
            ui.Trace("accuracy", x, [one.accuracy for one in sweep.qualities], color="x_0_hat"),
            ui.Trace("diversity", x, [one.diversity for one in sweep.qualities], color="eps"),
        ],
        key="b24_accuracy",
        x_title="guidance γ",
        y_title="accuracy, diversity",
        height=320,
    )
    ui.live_plot(
        [
            ui.Trace("samples", x, [one.frechet for one in sweep.qualities], color="x_0_hat"),
            ui.Trace(
                "test half against test half",
                (x[0], x[-1]),
                (sweep.floor, sweep.floor),
                "dashed",
                "muted",
            ),
        ],
        key="b24_frechet",
        x_title="guidance γ",
        y_title="Fréchet distance",
        log_y=True,
        height=320,
    )
    ui.caption(
        "Accuracy alone flatters guidance: a network that draws one perfect 3 a hundred times "
        "scores 100%. The Fréchet distance sees whether all samples together look like "
        "handwriting; lower is better."
    )
    ui.say(
        "### Why strokes thicken\n"
        "Where the label makes ink more likely, γ > 1 adds more than the network believes in, and "
        "every later step starts from there: strokes grow until they saturate. The share of ink "
        f"in test digits is {sweep.real_ink:.1%}; in samples it is "
        + ", ".join(f"**{one.ink:.1%}** at γ = {one.gamma:g}" for one in sweep.qualities)
        + "."
    )


ui.lesson_header(__doc__)
chosen = sampling.finished_run("b24_run", "class-ddpm")
if chosen:
    one_gamma(chosen)
    ui.explain(guidance.guide)
    anatomy(chosen)
    gammas(chosen)
    quality(chosen)
ui.say(HEADING)
if ui.predict(ask.GAMMA_ONE, key="b24_q1") and chosen:
    ui.compared(
        ui.live(sanity.gamma_one, run_id=chosen, seed=ui.seed(), edition=trained.edition(chosen)),
        size=84,
    )
ui.predict(ask.BEST_GAMMA, key="b24_q2")
ui.predict(ask.THICK_STROKES, key="b24_q3")
ui.say(
    "**Look closer.** At γ = 0 the label counts for nothing, and still something comes out. Which "
    "digits change into another one first when you turn γ up, and which never do?"
)
