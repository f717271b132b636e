"""A1.6 · Classifier-free guidance

Ask the network twice, with the prompt and without. The difference is what the prompt means: go
further that way.
"""

import streamlit as st

from lessons import dynamic_thresholding, guidance, magnified_walks, sampling, sanity
from lessons.prompts import prompts_for
from pages import _ui as ui
from pages._questions import HEADING
from pages._questions import part_a as ask
from pages._upscaling import enlarging


def all_gammas() -> None:
    """The same noises at five strengths."""
    ui.say("## The same noises, five strengths")
    rows = ui.live(
        sampling.gamma_grid,
        model=chosen,
        prompt=asked,
        seed=ui.seed(),
        on_frame=lambda frame: ui.stack(frame, size=700),
    )
    if rows:
        ui.grid(rows, row_labels=[f"γ = {gamma:g}" for gamma in sampling.GAMMAS], size=140)
        ui.downloads(
            {"gammas.png": lambda: ui.montage([p for row in rows for p in row], columns=5)},
            key="a16_grid_files",
        )
        ui.caption(
            "γ = 0 doesn't listen to the prompt, γ = 1 obeys it, and beyond that the picture "
            "becomes more typical and less varied. Others count w = γ − 1."
        )
        ui.code_that_ran(rows)


def questions() -> None:
    """The two strengths whose outcome is known before, and all five."""
    ui.say(HEADING)
    for question, gamma, key in ((ask.GAMMA_ZERO, 0.0, "a16_q1"), (ask.GAMMA_ONE, 1.0, "a16_q2")):
        if ui.predict(question, key=key):
            ui.compared(
                ui.live(
                    sanity.guidance_of,
                    slot=key,
                    model=chosen,
                    prompt=asked,
                    gamma=gamma,
                    seed=ui.seed(),
                )
            )
    ui.predict(ask.MOST_VARIED, key="a16_q3")


ui.lesson_header(__doc__)
chosen = ui.model()
prompts = prompts_for(chosen)
left, right = st.columns(2)
with left:
    gamma = ui.slider("Guidance γ", 0.0, 15.0, 7.0, key="a16_gamma", step=0.5)
with right:
    asked = ui.prompt("Prompt", prompts.wanted, model=chosen, key="a16_prompt")
found = ui.live(
    sampling.demo,
    model=chosen,
    prompt=asked,
    seed=ui.seed(),
    gamma=gamma,
    on_frame=lambda frame: ui.stack(frame, size=840),
)
if found:
    ui.expectation(found.note)
    ui.film(found.film, found.pictures, key=ui.named("a16_film", chosen, asked, gamma, ui.seed()))
    ui.deliver(found.pictures, "Five samples with guidance")
    ui.made_with(chosen, prompt=asked, γ=gamma)
    ui.code_that_ran(found)
    if not asked:
        ui.caption("Without a prompt both answers are the same, so γ changes nothing.")
ui.caption("The noise is that of lesson 1.5 and stays the same, whatever γ is.")
ui.explain(guidance.guide)
ui.explain(guidance.guided)
ui.microscope(
    magnified_walks.from_noise,
    key="a16",
    which=ui.Which("number", "Picture", range(1, 6)),
    model=chosen,
    prompt=asked,
    gamma=gamma,
    seed=ui.seed(),
)
if found:
    enlarging(chosen, found.pictures, asked, key="a16")
all_gammas()
with st.expander("When guesses are kept inside the picture"):
    ui.explain(dynamic_thresholding.threshold, x_0="x_0_hat")
questions()
ui.say(
    "**Look closer.** Follow one column from top to bottom: what is kept of the picture, and what "
    "does γ wash away?"
)
