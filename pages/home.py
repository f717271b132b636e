"""Home"""

import streamlit as st

from lessons import model_choice, text_to_image
from lessons.part_a import sampling
from lessons.prompts import prompts_for
from pages import _ui as ui

PROMPT = "a butterfly"
EVERY = 3
"""Frames that one step of the slider moves on, so that the page stays small on the wire."""

st.title("Diffusion, step by step", anchor=False)
ui.say(
    "A diffusion model turns noise into images by removing the noise in many small steps. These "
    "lessons build one from its equations: each shows the mathematics, the few lines of code that "
    "compute it, and the images that they produce. Part A samples from a trained network, Part B "
    "trains networks of your own."
)
# In colour where there is a model for it: nothing is loaded for this, only its form counts.
in_colour = max(model_choice.models(), key=lambda one: text_to_image.spec(one.name).shape).name
prompts = prompts_for(in_colour)
asked = PROMPT if text_to_image.spec(in_colour).shape[0] == 3 else prompts.wanted
found = ui.live(
    sampling.demo, model=in_colour, prompt=asked, seed=ui.SEED, count=4, gamma=prompts.gamma
)
if found:
    steps = list(zip(found.trajectory.frames, found.trajectory.times, strict=True))
    shown = [*steps[:-1:EVERY], steps[-1]]
    ui.scrubber(
        [noisy for (noisy, *_), _ in shown],
        key="home_samples",
        labels=[f"t = {t:g}" for _, t in shown],
        title="Step",
        size=672,
    )
    ui.caption(
        f"Four samples for “{asked}”, computed by the model that comes with these lessons. Drag "
        "the slider to the left: they come from pure noise."
    )
ui.start_here()
ui.contents()
