"""A1.4 · Iterative denoising

A clean estimate made at a high noise level is blurred. Instead of accepting it, sampling takes a
small step towards it, lets the network predict again from the slightly cleaner sample, and repeats.
The loop of this lesson is the core of every diffusion sampler, and its result shows that a sharp
image and a small error are two different goals.
"""

from collections.abc import Sequence

import streamlit as st

from lessons.diffusion import denoise, posterior
from lessons.measure import perception, quality
from lessons.part_a import iterative_denoising as lesson
from lessons.prompts import prompts_for
from lessons.trace import image_traces
from lessons.workshop.experiments import stepping
from pages import _ui as ui
from pages._teaching import iterative_denoising as ask


def compare(found: lesson.ThreeWays) -> None:
    """The three denoisers side by side, with the measures that disagree about them."""
    ui.say("## Which one is better?")
    ui.grid([(found.clean, found.noisy, *found.images)], size=196)
    ui.say(scores_as_table(found.scores))
    ui.say(
        "PSNR rewards the mean of all images that would fit the noisy one. Many steps end in *one* "
        "of them: sharp, and perhaps not the one that was there. An edge that is one pixel off "
        "costs twice: where it is, and where it should be."
    )
    ui.explain(quality.sharpness)
    ui.say("### Why the sharper image scores lower")
    ui.explain(perception.psnr_of_a_sample)


def scores_as_table(scores: Sequence[lesson.Score]) -> str:
    """All scores as a Markdown table, the best of each measure in bold."""
    psnr = max(scores, key=lambda one: one.psnr)
    ssim = max(scores, key=lambda one: one.ssim)
    sharpest = min(scores, key=lambda one: abs(one.sharpness - 1))
    rows = ["| | PSNR in dB | SSIM | sharpness, clean image = 1 |", "|:--|--:|--:|--:|"]
    for name, one in zip(lesson.METHODS, scores, strict=True):
        cells = (
            bold(f"{one.psnr:.1f}", one is psnr),
            bold(f"{one.ssim:.2f}", one is ssim),
            bold(f"{one.sharpness:.2f}", one is sharpest),
        )
        rows.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(rows)


def bold(text: str, best: bool) -> str:
    """Mark the best score of a column."""
    return f"**{text}**" if best else text


def questions() -> None:
    """A single step, the last step, and what PSNR measures."""
    ui.say(ui.PREDICT)
    if ui.predict(ask.SINGLE_STEP, key="a14_q1"):
        ui.compared(
            ui.live(
                stepping.single_step,
                model=chosen,
                source_image=source_image,
                prompt=prompts.neutral,
                i_start=i_start,
                seed=ui.seed(),
            )
        )
    ui.predict(ask.LAST_STEP, key="a14_q2")
    ui.predict(ask.PSNR, key="a14_q3")


def over_starts() -> None:
    """Perception against distortion, from every start, where the reader asks for it."""
    ui.say(
        "## Perception against distortion\n"
        "The same comparison from nine values of i_start, from almost pure noise to almost none: "
        "is there a start from which many steps win by PSNR?"
    )
    if not ui.toggle("Measure it over all starts", key="a14_sweep"):
        return
    sweep = ui.live(
        perception.over_starts,
        model=chosen,
        source_image=source_image,
        prompt=prompts.neutral,
        seed=ui.seed(),
    )
    if not sweep:
        return
    charts = (("psnr", "PSNR in dB"), ("ssim", "SSIM"), ("sharpness", "sharpness, clean = 1"))
    for column, (measure, title) in zip(st.columns(3), charts, strict=True):
        with column:
            ui.live_plot(
                sweep_traces(sweep, measure),
                key=f"a14_sweep_{measure}",
                x_title="i_start",
                y_title=title,
                height=360,
            )
    ui.say(perception.sentence(sweep))
    ui.caption(f"Means over {sweep.images} images of the gallery, yours among them.")


def sweep_traces(sweep: perception.StartSweep, measure: str) -> list[ui.Trace]:
    """One measure of the three methods over all starts, and what it would be at best."""
    colors = ("muted", "x_0_hat", "x_t")
    traces = [
        ui.Trace(name, sweep.starts, [getattr(of[place], measure) for of in sweep.scores], color=c)
        for place, (name, c) in enumerate(zip(lesson.METHODS, colors, strict=True))
    ]
    if measure == "sharpness":
        ends = (sweep.starts[0], sweep.starts[-1])
        traces.append(ui.Trace("clean image", ends, (1.0, 1.0), "dashed", "x_0"))
    if measure == "psnr":
        drawn = [perception.psnr_of_a_sample(of[1].psnr) for of in sweep.scores]
        traces.append(ui.Trace("one step − 3 dB", sweep.starts, drawn, "dashed", "x_0_hat"))
    return traces


ui.lesson_header(__doc__)
chosen = ui.model()
prompts = prompts_for(chosen)
left, right = st.columns(2)
with left:
    source_image = ui.gallery_input(key="a14_picture", model=chosen)
with right:
    i_start = ui.slider("i_start, of 34 timesteps", 0, 32, 10, key="a14_start")
    ui.caption(
        f"i_start = {i_start} ($t$ = {lesson.start_of(chosen, i_start)}): the larger i_start, the "
        "less noise there is at the start."
    )
found = ui.live(
    lesson.demo,
    model=chosen,
    source_image=source_image,
    prompt=prompts.neutral,
    i_start=i_start,
    seed=ui.seed(),
    on_frame=lambda frame: ui.strip(frame, size=280),
)
if found:
    ui.grid([found.every_fifth], size=140)
    ui.caption("The current sample $x_t$ at every fifth step.")
    ui.deliver((found.clean, found.noisy, *found.images), "Clean, noisy, and three denoisers")
    ui.made_with(chosen, prompt=prompts.neutral, i_start=i_start)
    ui.code_that_ran(found)
ui.say(
    "## One step\n"
    "From the current sample $x_t$ the network predicts the noise, and the clean estimate "
    "$\\hat x_0$ follows. If the clean image were known to be $\\hat x_0$, the sample at the next, "
    "less noisy timestep $s$ would be Gaussian, with the mean and the variance below. The step "
    "draws from that Gaussian. Until the last three steps $x_t$ has more weight in its mean than "
    "$\\hat x_0$, so errors of one estimate can be corrected by the next; the fresh noise replaces "
    "what is missing for $x_s$ to be as noisy as its timestep says; the last step adds none. With "
    "less noise fewer images fit, and their mean, the next estimate, is sharper.\n\n"
    "Only 34 of the $T$ timesteps are visited, evenly spaced. The others may be skipped because "
    "the jump of lesson 1.1 works between any two timesteps."
)
ui.explain(denoise.clean_estimate, x_0="x_0_hat")
ui.explain(posterior.posterior_mean, x_0="x_0_hat")
ui.explain(posterior.posterior_variance)
if found:
    ui.say("## Every step")
    ui.trajectory(
        found.trajectory,
        found.images[-1:],
        key=ui.named("a14_film", chosen, source_image, i_start, ui.seed()),
        name="denoised",
    )
    ui.microscope(
        image_traces.from_image,
        key="a14",
        model=chosen,
        source_image=source_image,
        prompt=prompts.neutral,
        i_start=i_start,
        seed=ui.seed(),
    )
    compare(found)
over_starts()
with st.expander("When the network predicts the variance too: six channels"):
    ui.say(
        "A network such as DeepFloyd IF returns twice as many channels as its images have: for "
        "three colours, three channels of predicted noise and three with an interpolation weight "
        "$v$, which sets the variance of each pixel between two bounds."
    )
    ui.explain(posterior.learned_variance)
questions()
ui.say(
    "**Look closer.** Follow the clean estimate x̂₀ through the trajectory. From which step on "
    "does it no longer change its subject?"
)
