"""Home"""

import streamlit as st

from lessons import forward_process, text_to_image
from pages import _ui as ui

st.title("Diffusion, step by step", anchor=False)
ui.say(
    "How a picture can be made out of noise, one lesson at a time: "
    "each shows its equation, the few lines of code that are the equation, and what they do."
)
# In colour where there is a model for it: nothing is loaded for this, only its schedule counts.
in_colour = max(text_to_image.models(), key=lambda one: text_to_image.outline(one.name).shape).name
ui.strip(
    ui.live(forward_process.levels, model=in_colour, original="tower", seed=ui.seed()), size=128
)
ui.start_here()
ui.contents()
