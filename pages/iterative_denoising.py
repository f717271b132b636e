"""A1.4 · Iterative denoising

One guess from far away is blurred. So take a small step towards it, look again, and guess anew.
"""

import streamlit as st

from lessons import iterative_denoising as mathematics
from lessons import magnified_walks, perception, sanity
from lessons import three_denoisers as lesson
from lessons.prompts import prompts_for
from pages import _ui as ui
from pages._questions import HEADING
from pages._questions import part_a as ask


def compare(found: lesson.ThreeWays) -> None:
    """Three ways, and what the numbers say."""
    ui.say("## Which one is better?")
    ui.grid([(found.clean, found.noisy, *found.pictures)], size=196)
    blur, one, many = found.scores
    best = max(zip(lesson.METHODS, found.scores, strict=True), key=lambda pair: pair[1].psnr)[0]
    ui.say(
        f"By PSNR the winner here is **{best}**: {blur.psnr:.1f} dB for the blur, {one.psnr:.1f} "
        f"dB for one step, {many.psnr:.1f} dB for many. By edges, where a clean picture has 1: "
        f"{blur.edges:.2f}, {one.edges:.2f} and **{many.edges:.2f}**. PSNR rewards the mean of all "
        "pictures that might have been; many steps end in *one* of them, sharp, and perhaps not "
        "the one it was."
    )


def questions() -> None:
    """The shortest walk, the last step, and what is measured."""
    ui.say(HEADING)
    if ui.predict(ask.SINGLE_STEP, key="a14_q1"):
        ui.compared(
            ui.live(
                sanity.single_step,
                model=chosen,
                original=original,
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
        "The same question from nine starts, from almost pure noise to almost none: will many "
        "steps ever win by PSNR?"
    )
    if not ui.toggle("Measure it over all starts", key="a14_sweep"):
        return
    sweep = ui.live(
        perception.over_starts,
        model=chosen,
        original=original,
        prompt=prompts.neutral,
        seed=ui.seed(),
    )
    if not sweep:
        return
    charts = (("psnr", "PSNR in dB"), ("ssim", "SSIM"), ("edges", "edges, clean = 1"))
    for column, (measure, title) in zip(st.columns(3), charts, strict=True):
        with column:
            ui.live_plot(
                sweep_traces(sweep, measure),
                key=f"a14_sweep_{measure}",
                x_title="start at place i",
                y_title=title,
                height=360,
            )
    ui.say(perception.sentence(sweep))
    ui.caption(f"Means over {sweep.pictures} pictures of the gallery, yours among them.")
    ui.say("### Why the sharper picture scores lower")
    ui.explain(perception.psnr_of_a_sample)


def sweep_traces(sweep: perception.Sweep, measure: str) -> list[ui.Trace]:
    """One measure of the three methods over all starts, and what it would be at best."""
    colors = ("muted", "x_0_hat", "x_t")
    traces = [
        ui.Trace(name, sweep.starts, [getattr(of[place], measure) for of in sweep.scores], color=c)
        for place, (name, c) in enumerate(zip(lesson.METHODS, colors, strict=True))
    ]
    if measure == "edges":
        ends = (sweep.starts[0], sweep.starts[-1])
        traces.append(ui.Trace("clean", ends, (1.0, 1.0), "dashed", "x_0"))
    if measure == "psnr":
        drawn = [perception.psnr_of_a_sample(of[1].psnr) for of in sweep.scores]
        traces.append(ui.Trace("one step − 3 dB", sweep.starts, drawn, "dashed", "x_0_hat"))
    return traces


ui.lesson_header(__doc__)
chosen = ui.model()
prompts = prompts_for(chosen)
left, right = st.columns(2)
with left:
    original = ui.gallery_input(key="a14_picture", model=chosen)
with right:
    i_start = ui.slider("Start at place $i$ of 34", 0, 32, 10, key="a14_start")
    ui.caption(f"That is $t$ = {lesson.start_of(chosen, i_start)}.")
found = ui.live(
    lesson.demo,
    model=chosen,
    original=original,
    prompt=prompts.neutral,
    i_start=i_start,
    seed=ui.seed(),
    on_frame=lambda frame: ui.strip(frame, size=280),
)
if found:
    ui.grid([found.every_fifth], size=140)
    ui.caption("Every fifth step of the walk.")
    ui.deliver((found.clean, found.noisy, *found.pictures), "Clean, noisy, and three denoisers")
    ui.made_with(chosen, prompt=prompts.neutral, i=i_start)
    ui.code_that_ran(found)
ui.explain(mathematics.clean_estimate, x_0="x_0_hat")
ui.explain(mathematics.posterior_mean, x_0="x_0_hat")
ui.explain(mathematics.posterior_variance)
if found:
    ui.say("## Every step")
    ui.film(
        found.film,
        found.pictures[-1:],
        key=ui.named("a14_film", chosen, original, i_start, ui.seed()),
        name="denoised",
    )
    ui.microscope(
        magnified_walks.from_picture,
        key="a14",
        model=chosen,
        original=original,
        prompt=prompts.neutral,
        i_start=i_start,
        seed=ui.seed(),
    )
    compare(found)
over_starts()
with st.expander("When the network learnt the variance too"):
    ui.explain(mathematics.learned_variance)
questions()
ui.say(
    "**Look closer.** Follow the guess x̂₀ through the film: from which step on does it no longer "
    "change its mind?"
)
