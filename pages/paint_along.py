"""A1.7.4 · Paint along

Image to image that answers every stroke: what is drawn so far is put under noise, and a few steps
of DDIM denoise it with a prompt. Four noises show at once what the drawing leaves open.
"""

import time
from collections.abc import Sequence

import streamlit as st

from lessons import text_to_image
from lessons.beyond import paint_along as lesson
from lessons.diffusion import forward, samplers
from lessons.images.captioned import CaptionedImage
from lessons.prompts import prompts_for
from pages import _ui as ui
from pages._teaching import paint_along as ask


def four(images: Sequence[CaptionedImage]) -> None:
    """The answers two by two, as large as there is room for beside the canvas."""
    ui.grid((images[:2], images[2:]), size=SIZE)


@st.fragment
def painting() -> None:
    """The canvas and its answer; a stroke runs this part of the page alone."""
    begun = time.perf_counter()
    T = len(text_to_image.spec(chosen).alpha_bars)
    t = ui.slider(
        "Noise level: timestep t to begin from",
        T // 10,
        T - 1,
        6 * T // 10,
        key=ui.per_model("a174_t", chosen),
    )
    row = st.container(horizontal=True, gap="medium")
    left, right = row.container(width=336), row.container(width="stretch")
    with left:
        drawing = ui.drawing_input(key=ui.per_model("a174_drawing", chosen), shape=shape)
    with right:
        found = ui.live(
            lesson.demo,
            slot="a174 painting",
            model=chosen,
            prompt=asked,
            gamma=gamma,
            t=t,
            steps=steps,
            seed=ui.seed(),
            guided_half=half,
            **({} if drawing is None else {"drawing": drawing}),
            on_frame=four,
        )
        if found:
            four(found.images)
            ui.strip((found.drawn, found.noisy), size=SIZE // 2)
            if drawing is None:
                ui.label("An example, until your first stroke.")
            else:
                seconds = time.perf_counter() - begun
                ui.label(f"{seconds:.1f} s from the stroke's arrival here to these images.")
    if found:
        parts = {"guided steps": sum(one > t // 2 for one in found.times) if half else steps}
        ui.made_with(chosen, prompt=asked, γ=gamma, t=t, steps=steps, **parts)
        ui.downloads(
            {"painted.png": lambda: ui.montage((found.drawn, found.noisy, *found.images))},
            key="a174_files",
        )
        ui.deliver(
            (found.drawn, *found.images), "A drawing, and what the network makes of it four times"
        )
        ui.code_that_ran(found)


SIZE = 192
"""CSS pixels of an image."""

ui.lesson_header(__doc__)
chosen = ui.model()
shape = text_to_image.spec(chosen).shape
left, right = st.columns(2)
with left:
    asked = ui.prompt("Prompt", lesson.prompt_for(chosen), model=chosen, key="a174_prompt")
with right:
    steps = ui.choice("Steps", list(lesson.STEPS), lesson.STEPS[0], key="a174_steps")
with ui.more():
    gamma = ui.slider(
        "Guidance scale γ", 0.0, 15.0, prompts_for(chosen).gamma, key="a174_gamma", step=0.5
    )
    half = ui.toggle("Guide the first half of the steps alone", True, key="a174_half")
painting()
ui.caption(
    "Four noises, one drawing. A stroke that ends while an older one is still being answered takes "
    "its place: nothing waits in line behind it. The level decides who draws: at a low t the "
    "network only tidies up, at a high one little more than colours and layout is left of the "
    "drawing."
)
ui.explain(forward.add_noise)
ui.explain(lesson.few_timesteps)
ui.explain(samplers.ddim_mean)
ui.say(
    "**Why it is fast.** Ancestral sampling adds fresh noise at every step and needs many of them "
    "(lesson 1.4 takes 33 from pure noise). With η = 0 no noise is added, and the trajectory is so "
    "smooth that a few long steps come close to its end. All four images go through the network in "
    "one call, and both predictions of guidance with them. The second prediction doubles the "
    "images of a call, so it is made in the first half of the steps alone, where most is decided."
)
ui.explain(lesson.predictor)
ui.say(ui.PREDICT)
ui.predict(ask.SAME_STROKES, key="a174_q1")
ui.predict(ask.OTHER_PROMPT, key="a174_q2")
ui.say(
    "**Look closer.** Draw one line at a time. At which stroke do the four images begin to agree "
    "on what they show, and does that happen earlier at a lower t?"
)
