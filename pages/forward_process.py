"""A1.1 · The forward process

A diffusion model learns to undo one thing: the slow drowning of a picture in noise.
"""

import streamlit as st

from lessons import forward_process as lesson
from pages import _ui as ui

ui.lesson_header(__doc__)

ui.explain(lesson.add_noise)

t = ui.slider("Timestep $t$", 0, 999, 250, key="a11_t")
ui.strip(ui.live(lesson.demo, t=t, seed=ui.seed()))

st.subheader("Four moments on the way")
ui.strip(ui.live(lesson.levels, seed=ui.seed()))
ui.caption("The same noise each time; only its share grows. At $t = 0$ there is already a trace.")

ui.say("**Look closer.** At which $t$ can you no longer name the shape?")
