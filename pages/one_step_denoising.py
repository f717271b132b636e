"""A1.3 · One-step denoising

A network that has seen many pictures knows what noise is not. Ask it once, and take away all that
it calls noise.
"""

import streamlit as st

from lessons import iterative_denoising, magnified_walks, sanity
from lessons import one_step_denoising as lesson
from lessons.prompts import prompts_for
from pages import _ui as ui
from pages._questions import HEADING
from pages._questions import part_a as ask

LABELS = ("clean", "noisy", "best Gaussian", "one step")

ui.lesson_header(__doc__)
chosen = ui.model()
original = ui.gallery_input(key="a13_picture", model=chosen)
neutral = prompts_for(chosen).neutral
rows = ui.live(
    lesson.demo,
    slot="a13 table",
    model=chosen,
    original=original,
    prompt=neutral,
    ts=lesson.levels(chosen),
    seed=ui.seed(),
)
if rows:
    ui.grid([row.pictures for row in rows], column_labels=LABELS, size=196)
    ui.made_with(chosen, prompt=neutral)
    gains = ", ".join(f"t = {row.t}: **{row.gain:+.1f} dB**" for row in rows)
    ui.caption(f"The network against the best Gaussian: {gains}.")
    ui.code_that_ran(rows)
ui.explain(iterative_denoising.clean_estimate, x_0="x_0_hat")
ui.say(
    "## Your own noise level\n"
    "The more noise, the less sharp the guess: where many pictures would fit, the best single "
    "answer is their mean."
)
left, right = st.columns(2)
last = lesson.noisiest(chosen)
with left:
    t = ui.slider("Timestep $t$", 0, last, last, key=ui.per_model("a13_t", chosen))
with right:
    asked = ui.prompt("Prompt", neutral, model=chosen, key="a13_prompt")
one = ui.live(
    lesson.demo,
    slot="a13 own",
    model=chosen,
    original=original,
    prompt=asked,
    ts=(t,),
    seed=ui.seed(),
)
if one:
    ui.grid([one[0].pictures], column_labels=LABELS, size=196)
    ui.deliver(
        [p for row in (*rows, *one) for p in row.pictures], "Clean, noisy, Gaussian, one step"
    )
    ui.code_that_ran(one)
ui.microscope(
    magnified_walks.one_step,
    key="a13",
    model=chosen,
    original=original,
    prompt=asked,
    seed=ui.seed(),
)
ui.say(HEADING)
if ui.predict(ask.EXACT_NOISE, key="a13_q1"):
    ui.compared(ui.live(sanity.exact_noise, model=chosen, original=original, seed=ui.seed()))
ui.predict(ask.WHY_A_MEAN, key="a13_q2")
ui.say("**Look closer.** What does the network invent, and what does it only soften?")
