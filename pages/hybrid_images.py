"""A1.10 · Hybrid images

Near eyes see edges, far eyes see shapes. A picture can have the edges of one thing and the shapes
of another.
"""

import streamlit as st

from lessons import hybrid_images as lesson
from lessons import sanity
from lessons.prompts import prompts_for
from pages import _ui as ui
from pages._questions import HEADING
from pages._questions import part_a as ask


def questions() -> None:
    """A prompt with itself, no blur at all, and why the passes are as they are."""
    ui.say(HEADING)
    if ui.predict(ask.HYBRID_ITSELF, key="a110_q1"):
        ui.compared(
            ui.live(
                sanity.hybrid_with_itself,
                model=chosen,
                prompt=far,
                strength=strength,
                gamma=gamma,
                seed=ui.seed(),
            )
        )
    if ui.predict(ask.NO_BLUR, key="a110_q2"):
        ui.compared(
            ui.live(
                sanity.hybrid_without_blur,
                model=chosen,
                far=far,
                near=near,
                gamma=gamma,
                seed=ui.seed(),
            )
        )
    ui.predict(ask.WHY_LOWPASS, key="a110_q3")


ui.lesson_header(__doc__)
chosen = ui.model()
far, near = ui.prompt_pair(
    ("From far", "From near"), prompts_for(chosen).hybrids, model=chosen, key="a110"
)
left, right = st.columns(2)
with left:
    strength = ui.slider(
        "Where near ends: σ at 64 pixels", 0.5, 6.0, 2.0, key="a110_sigma", step=0.5
    )
with right, ui.more():
    gamma = ui.slider("Guidance γ", 0.0, 15.0, 7.0, key="a110_gamma", step=0.5)
    count = ui.slider("Tries", 1, 6, 4, key="a110_count")
found = ui.live(
    lesson.demo,
    model=chosen,
    far=far,
    near=near,
    strength=strength,
    gamma=gamma,
    count=count,
    seed=ui.seed(),
    on_frame=lambda frame: ui.stack(frame, size=672),
)
knobs = (chosen, far, near, strength, gamma, count, ui.seed())
if found:
    ui.stepping_back(found.results, words=(far, near), key=ui.named("a110_steps", *knobs))
    ui.deliver(found.results, f"From far: {far}; from near: {near}")
    ui.made_with(chosen, σ=strength, γ=gamma)
    ui.code_that_ran(found)
ui.explain(lesson.lowpass)
ui.explain(lesson.blend)
if found:
    ui.say("## What near and far eyes get")
    ui.grid(
        (found.results, found.coarse, found.fine),
        row_labels=("picture", "coarse", "fine"),
        size=140,
    )
    ui.say("## Every step")
    ui.film(found.film, found.results, key=ui.named("a110_film", *knobs), name="hybrids")
questions()
ui.say(
    "**Look closer.** Turn σ to its smallest and its largest: which of the two prompts wins, and "
    "why?"
)
