"""Home"""

import streamlit as st

from lessons import forward_process, text_to_image
from pages import _ui as ui

st.title("Diffusion, step by step", anchor=False)
ui.say(
    "How a picture can be made out of noise, one lesson at a time: "
    "each shows its equation, the few lines of code that are the equation, and what they do."
)
first = text_to_image.models()[0].name
ui.strip(ui.live(forward_process.levels, model=first, original="tower", seed=ui.seed()), size=128)
ui.start_here()
ui.contents()
