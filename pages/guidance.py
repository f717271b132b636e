"""A1.6 · Classifier-free guidance

Ask the network twice, with the prompt and without. The difference is what the prompt means: go
further that way.
"""

import streamlit as st

from lessons import dynamic_thresholding, guidance, magnified_walks, sampling
from lessons.prompts import prompts_for
from pages import _ui as ui
from pages._upscaling import enlarging


def all_gammas() -> None:
    """The same noises at five strengths."""
    ui.say(
        "## The same noises, five strengths\n"
        "**Predict first:** which row will be the most varied, which the most typical?"
    )
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
    ui.made_with(chosen, prompt=asked, γ=gamma)
    ui.film(found.film, found.pictures, key=ui.named("a16_film", chosen, asked, gamma, ui.seed()))
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
ui.say(
    "**Look closer.** Follow one column from top to bottom: what is kept of the picture, and what "
    "does γ wash away?"
)
