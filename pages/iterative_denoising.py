"""A1.4 · Iterative denoising

One guess from far away is blurred. So take a small step towards it, look again, and guess anew.
"""

import streamlit as st

from lessons import iterative_denoising as mathematics
from lessons import sanity
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
    compare(found)
with st.expander("When the network learnt the variance too"):
    ui.explain(mathematics.learned_variance)
questions()
ui.say(
    "**Look closer.** Follow the guess x̂₀ through the film: from which step on does it no longer "
    "change its mind?"
)
