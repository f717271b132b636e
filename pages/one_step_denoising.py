"""A1.3 · One-step denoising

A trained network predicts the noise in an image, on average better than any linear filter. Taking
its prediction away gives an estimate of the clean image in a single step. This lesson shows how
good that estimate is, and why it turns blurred where the noise is strong: the blur is the mean of
all images that would fit, not a fault of the network.
"""

import streamlit as st

from lessons.diffusion import denoise
from lessons.part_a import one_step_denoising as lesson
from lessons.prompts import prompts_for
from lessons.trace import image_traces
from lessons.workshop.experiments import stepping
from pages import _ui as ui
from pages._teaching import one_step_denoising as ask

ui.lesson_header(__doc__)
chosen = ui.model()
source_image = ui.gallery_input(key="a13_picture", model=chosen)
neutral = prompts_for(chosen).neutral
rows = ui.live(
    lesson.demo,
    slot="a13 table",
    model=chosen,
    source_image=source_image,
    prompt=neutral,
    ts=lesson.levels(chosen),
    seed=ui.seed(),
)
if rows:
    ui.grid([row.images for row in rows], column_labels=lesson.columns(rows[0].images), size=160)
    ui.made_with(chosen, prompt=neutral)
    gains = ", ".join(f"t = {row.t}: **{row.gain:+.1f} dB**" for row in rows)
    ui.caption(f"PSNR of the network minus that of the best Gaussian: {gains}.")
    ui.code_that_ran(rows)
ui.say(
    "## From predicted noise to a clean estimate\n"
    "The network $\\epsilon_\\theta$ receives the noisy image $x_t$, the timestep $t$ and the "
    "embedding of a prompt, and returns its prediction $\\hat\\epsilon$ of the noise. The "
    "timestep says how strong the noise is, so that one network can serve all levels. The forward "
    "process, solved for the image, then gives the clean estimate $\\hat x_0$."
)
ui.explain(denoise.clean_estimate, x_0="x_0_hat")
ui.say(
    "**Why a neutral prompt?** The network was trained with captions, so it is given one here as "
    "well. “A high quality photo” names no subject: it keeps the network in the regime it was "
    "trained in without telling it what to see. The empty prompt, which it also knows, is "
    "unconditional. DeepFloyd IF, the model of the original course, returns six channels instead "
    "of three: three are the noise, three say where between two bounds the variance of a sampling "
    "step should lie; the clean estimate needs only the first three."
)
ui.say(
    "## Why one step blurs\n"
    "Training minimises the squared error. Where many clean images fit the same noisy one, no "
    "answer is right for all of them; the one with the smallest expected squared error is their "
    "mean,\n\n"
    "$$\n\\hat x_0 = \\mathbb{E}[x_0 \\mid x_t]\n$$\n\n"
    "and a mean of sharp images is not sharp. The stronger the noise, the more images fit and the "
    "more the estimate blurs. A perfect network would find exactly this mean.\n\n"
    "## Your own noise level\n"
    "Move $t$ to the right and compare the estimate with the noisy image that it was made from."
)
left, right = st.columns(2)
last = lesson.noisiest(chosen)
with left:
    t = ui.slider("Timestep $t$", 0, last, last, key=ui.per_model("a13_t", chosen))
with right:
    asked = ui.prompt("Prompt", neutral, model=chosen, key="a13_prompt")
one = ui.live(
    lesson.demo,
    slot="a13 own",
    model=chosen,
    source_image=source_image,
    prompt=asked,
    ts=(t,),
    seed=ui.seed(),
)
if one:
    ui.grid([one[0].images], column_labels=lesson.columns(one[0].images), size=160)
    ui.deliver(
        [p for row in (*rows, *one) for p in row.images], "Clean, noisy, best Gaussian, one step"
    )
    ui.code_that_ran(one)
ui.microscope(
    image_traces.one_step,
    key="a13",
    model=chosen,
    source_image=source_image,
    prompt=asked,
    seed=ui.seed(),
)
ui.say(ui.PREDICT)
if ui.predict(ask.EXACT_NOISE, key="a13_q1"):
    ui.compared(
        ui.live(stepping.exact_noise, model=chosen, source_image=source_image, seed=ui.seed())
    )
ui.predict(ask.WHY_A_MEAN, key="a13_q2")
ui.say(
    "**Look closer.** Which details of the estimate are in the clean image, and which has the "
    "network invented?"
)
