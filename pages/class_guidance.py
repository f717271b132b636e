"""B2.4 · Guidance

Classifier-free guidance strengthens the influence of the label: it extrapolates from the prediction
without the label past the prediction with it, by a factor γ. You see what γ does to single digits,
and measure what it improves and what it costs. The same method makes image generators follow
their prompts.
"""

import streamlit as st

from lessons.diffusion import guidance
from lessons.part_b import class_guidance as lesson
from lessons.part_b import sampled_digits
from lessons.trace import digit_traces
from lessons.training import networks
from lessons.workshop.experiments import digit_sampling
from pages import _ui as ui
from pages._shared import sampling as sampling
from pages._teaching import class_guidance as ask


def one_gamma(run_id: str) -> None:
    """Ten digits from ten fixed noises, at a guidance scale that the reader chooses."""
    left, right = st.columns([3, 2])
    with left:
        gamma = ui.slider("Guidance γ", 0.0, 10.0, 5.0, key="b24_gamma", step=0.5)
    with right:
        steps = ui.choice("Steps", sampled_digits.STEP_CHOICES, 20, key="b24_steps")
    trajectory = ui.live(
        sampled_digits.trajectory,
        run_id=run_id,
        seed=ui.seed(),
        steps=steps,
        gamma=gamma,
        weights_hash=networks.weights_hash(run_id),
        on_frame=lambda frame: ui.stack(frame, size=840),
    )
    if not trajectory:
        return
    ui.trajectory(
        trajectory,
        trajectory.samples,
        key=ui.named("b24_film", run_id, steps, gamma, ui.seed()),
        name="digits",
    )
    ui.deliver(trajectory.samples, "The digits 0 to 9, sampled with guidance", network=run_id)
    ui.caption(
        f"Requested: 0 to 9. **{trajectory.numbers['accuracy']:.0%}** are classified as the digit "
        f"requested; the mean intensity is {trajectory.numbers['mean_intensity']:.1%} of white. "
        "The noise stays the same when γ changes."
    )
    ui.code_that_ran(trajectory)
    ui.microscope(
        digit_traces.digit,
        key="b24_walk",
        which=ui.Which("digit", "Digit", range(10)),
        run_id=run_id,
        seed=ui.seed(),
        steps=steps,
        gamma=gamma,
        weights_hash=networks.weights_hash(run_id),
    )


def anatomy(run_id: str) -> None:
    """One guided step, term by term."""
    ui.say(
        "## What γ extrapolates\n"
        "One noisy image and its clean estimates, without the label and with it. Their difference "
        "is what the label adds: it points towards what is *typical* of the digit. Guidance goes "
        "further in that direction, past the second estimate."
    )
    left, middle, right = st.columns([7, 3, 3])
    with left:
        digit = ui.choice("Digit", range(10), 3, key="b24_digit")
    with middle:
        t = ui.slider("Timestep t", 1, 300, 220, key="b24_t")
    with right:
        gamma = ui.slider("γ", 0.0, 10.0, 5.0, key="b24_anatomy", step=0.5)
    images = ui.live(
        lesson.anatomy,
        run_id=run_id,
        digit=digit,
        gamma=gamma,
        seed=ui.seed(),
        t=t,
        weights_hash=networks.weights_hash(run_id),
    )
    if images:
        ui.strip(images, size=140)
    ui.caption(
        "In the fourth image grey is no difference; the label makes white pixels brighter, black "
        "ones darker."
    )
    ui.code_that_ran(images)


def gammas(run_id: str) -> None:
    """Seven guidance scales at once."""
    ui.say("## Seven guidance scales, one noise per column")
    rows = ui.live(
        lesson.gamma_grid, run_id=run_id, seed=ui.seed(), weights_hash=networks.weights_hash(run_id)
    )
    if rows:
        ui.grid(rows, row_labels=[f"γ = {gamma:g}" for gamma in lesson.GAMMAS], size=84)
        ui.caption("Twenty steps each. A question mark: the classifier finds another digit.")
        ui.code_that_ran(rows)


def quality(run_id: str) -> None:
    """What guidance improves, and what it costs."""
    sweep = ui.live(lesson.measured, run_id=run_id)
    if not sweep:
        return
    name, usual = next(iter(sweep.qualities.items()))
    ui.say(
        "## What guidance improves, and what it costs\n"
        f"Measured on {sweep.count:,} samples at each γ, in {sweep.steps[name]} steps. Accuracy: "
        "the share classified as the digit requested. Diversity: the variance of the samples of a "
        "class in the classifier's features, relative to that of the test digits. The first rises "
        "with γ until nothing is left to gain; the second falls below that of real digits."
    )
    x = [one.gamma for one in usual]
    left, right = st.columns(2)
    with left:
        shares = [one.accuracy for one in usual]
        ui.live_plot(
            [ui.Trace("accuracy", x, shares, color="x_0_hat")],
            key="b24_accuracy",
            x_title="guidance γ",
            y_title="accuracy",
            height=320,
        )
    with right:
        ends, spreads = (x[0], x[-1]), [one.diversity for one in usual]
        ui.live_plot(
            [
                ui.Trace("samples", x, spreads, color="eps"),
                ui.Trace("test digits", ends, (1.0, 1.0), "dashed", "muted"),
            ],
            key="b24_diversity",
            x_title="guidance γ",
            y_title="diversity",
            height=320,
        )
    ui.live_plot(
        [
            *(
                ui.Trace(
                    f"{name}, {sweep.steps[name]} steps",
                    x,
                    [one.frechet for one in qualities],
                    color=color,
                )
                for (name, qualities), color in zip(
                    sweep.qualities.items(),
                    ("x_0_hat", "eps", "x_t"),
                    strict=False,
                )
            ),
            ui.Trace(
                f"{sweep.count:,} real digits",
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
    best = "; ".join(f"γ = {gamma:g} with {name}" for name, gamma in sweep.best.items())
    ui.caption(
        "Accuracy alone is misleading: a network that draws one perfect image of each digit, over "
        "and over, has 100 %. "
        "The Fréchet distance compares all samples with all test digits; lower is better, and "
        f"{sweep.count:,} real training digits have {sweep.floor:.2f}. Which scale has the lowest "
        f"depends on the sampler: {best}."
    )
    ui.say(
        "### Why strokes thicken\n"
        "Where the label makes a stroke more likely, γ > 1 adds more of it than the network "
        "predicts, and every later step starts from that image. The mean intensity of test "
        f"digits is {sweep.real_intensity:.1%}; that of samples is "
        + ", ".join(f"**{one.mean_intensity:.1%}** at γ = {one.gamma:g}" for one in usual)
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
ui.say(ui.PREDICT)
if ui.predict(ask.GAMMA_ONE, key="b24_q1") and chosen:
    ui.compared(
        ui.live(
            digit_sampling.gamma_one,
            run_id=chosen,
            seed=ui.seed(),
            weights_hash=networks.weights_hash(chosen),
        ),
        size=84,
    )
ui.predict(ask.BEST_GAMMA, key="b24_q2")
ui.predict(ask.THICK_STROKES, key="b24_q3")
ui.say(
    "**Look closer.** At γ = 0 the label has no influence, and the samples still look like "
    "strokes. As γ grows, which of them change into the digit requested first?"
)
