"""B2.1 · From denoiser to DDPM

One step from noise to digit ends in the mean of all digits. So take three hundred small ones, and
tell the network at every step how noisy its picture is.
"""

import streamlit as st

from lessons import forward_process, sanity, train_ddpm
from lessons import from_denoiser_to_ddpm as lesson
from pages import _ui as ui
from pages._questions import HEADING
from pages._questions import part_b as ask

ui.lesson_header(__doc__)

digit = ui.choice("Digit", range(10), 3, key="b21_digit")
levels = ui.live(lesson.levels, digit=digit, seed=ui.seed())
ui.grid([levels], size=168)
ui.deliver(levels, "One digit on its way into the noise")
ui.code_that_ran(levels)

ui.explain(forward_process.add_noise)

st.header("How digit and noise share the picture")
curves = ui.live(lesson.schedule)
if curves:
    ui.live_plot(
        [
            ui.Trace("weight of the digit, √ᾱ", curves.t, curves.signal, color="x_0"),
            ui.Trace("weight of the noise, √(1 − ᾱ)", curves.t, curves.noise, color="eps"),
        ],
        key="b21_schedule",
        x_title="timestep t",
        y_title="weight",
        height=320,
    )
    ui.caption("T = 300 steps, β from 0.0001 to 0.02: at the end a fifth of the digit is left.")
    ui.code_that_ran(curves)

film = ui.live(lesson.drowning, digit=digit, seed=ui.seed())
if film:
    ui.scrubber(
        film,
        key=f"b21_film_{digit}",
        labels=[picture.caption for picture in film],
        title="Timestep",
        start=0,
        size=280,
        address="b21_film",
    )
    ui.code_that_ran(film)

ui.say(
    "## What the network learns\n"
    "Not the digit, as before, but the noise in it. The two questions have the same answer: who "
    "knows the noise can take it away. Yet the noise always has the same size, so that every "
    "timestep asks for about as much."
)
ui.explain(train_ddpm.noise_loss, eps_hat="eps")
ui.say(HEADING)
if ui.predict(ask.SMALL_STEPS, key="b21_q1"):
    ui.compared(ui.live(sanity.small_steps, digit=digit, seed=ui.seed()))
ui.predict(ask.EQUAL_SHARE, key="b21_q2")
ui.say("**Look closer.** At which $t$ can you no longer name the digit? At which would you start?")
