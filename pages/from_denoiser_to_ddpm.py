"""B2.1 · From denoiser to DDPM

One step from pure noise gives the mean of all digits; many small steps give a digit. A denoising
diffusion probabilistic model (DDPM) needs three things that the denoiser lacked: a schedule of
noise levels, a network that is given the timestep, and a loss on the noise. This lesson introduces
them.
"""

import streamlit as st

from lessons.diffusion import forward
from lessons.part_b import from_denoiser_to_ddpm as lesson
from lessons.part_b import train_ddpm
from lessons.workshop.experiments import digit_networks
from pages import _ui as ui
from pages._teaching import from_denoiser_to_ddpm as ask

ui.lesson_header(__doc__)

digit = ui.choice("Digit", range(10), 3, key="b21_digit")
levels = ui.live(lesson.levels, digit=digit, seed=ui.seed())
ui.grid([levels], size=168)
ui.deliver(levels, "One digit at seven noise levels")
ui.code_that_ran(levels)

ui.explain(forward.add_noise)
ui.say(
    "The noise level belongs to a timestep $t$. The **noise schedule** fixes how much noise each "
    "step adds, β from 0.0001 to 0.02; what is left of the digit after all steps up to $t$ is "
    "$\\bar\\alpha_t$, the product of all $1 - \\beta$. It is a share of signal *power*; the "
    "weight of the digit in the image is its square root."
)

st.header("The weights of digit and noise")
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
    ui.caption(
        "T = 300 steps, β from 0.0001 to 0.02: at t = T the digit still has the weight "
        f"√ᾱ = {curves.signal[-1]:.2f}. Sampling starts from pure noise all the same: an "
        "approximation, the better the smaller this weight is (Lin et al. 2023, arXiv:2305.08891)."
    )
    ui.code_that_ran(curves)

trajectory = ui.live(lesson.under_noise, digit=digit, seed=ui.seed())
if trajectory:
    ui.scrubber(
        trajectory,
        key=f"b21_film_{digit}",
        labels=[image.caption for image in trajectory],
        title="Timestep",
        start=0,
        size=280,
        address="b21_film",
    )
    ui.code_that_ran(trajectory)

ui.say(
    "## What the network learns\n"
    "The network now predicts the noise ε instead of the digit. Given $x_t$ and $t$, either "
    "follows from the other by the equation above, so nothing is lost; but ε has unit variance at "
    "every timestep, so the targets of all timesteps have the same scale. An untrained network, "
    "whose output is close to 0, therefore starts with a loss of about 1: the variance of ε. By "
    "the same equation the squared error of $\\hat\\epsilon$ is that of $\\hat x_0$ times "
    "$\\bar\\alpha_t / (1 - \\bar\\alpha_t)$, so timesteps at which the digit can hardly be "
    "known count little."
)
ui.explain(train_ddpm.noise_loss, eps_hat="eps")
ui.say(ui.PREDICT)
if ui.predict(ask.SMALL_STEPS, key="b21_q1"):
    ui.compared(ui.live(digit_networks.small_steps, digit=digit, seed=ui.seed()))
ui.predict(ask.EQUAL_SHARE, key="b21_q2")
ui.say(
    "**Look closer.** At which $t$ can you no longer recognise the digit? From which $t$ would "
    "sampling have to start for the digit to stay the same?"
)
