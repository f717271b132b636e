"""A1.5.3 · Inversion and interpolation

DDIM at η = 0 leaves nothing to chance, so its steps can be taken backwards: an image becomes the
noise that it would be sampled from. Decoded with another prompt, that noise gives another image;
noises can be mixed, and prompts too.
"""

import streamlit as st

from lessons import text_to_image
from lessons.beyond import inversion as lesson
from lessons.diffusion import guidance, samplers
from lessons.measure import quality
from lessons.prompts import prompts_for
from pages import _ui as ui
from pages._teaching import inversion as ask

ROUNDS = (1, 2, 3, 5)
START = {"digits": ("digit-4", "a handwritten 4", "a handwritten 9", 5.0)}
OTHERWISE = ("photo-cat", "", "a photo of a dog")


ui.lesson_header(__doc__)
chosen = ui.model()
prompts = prompts_for(chosen)
image, prompt, other, strength = START.get(chosen, (*OTHERWISE, prompts.gamma))
left, right = st.columns([3, 2], gap="large")
with left:
    source_image = ui.image_input(
        key=ui.per_model("a153_picture", chosen),
        shape=text_to_image.spec(chosen).shape,
        start=image,
    )
    asked = ui.prompt("Prompt of the image, may be empty", prompt, model=chosen, key="a153_prompt")
    instead = ui.prompt("Other prompt", other, model=chosen, key="a153_other")
with right:
    steps = ui.choice("Steps", lesson.STEPS, 20, key="a153_steps")
    rounds = ui.choice("Predictions for each step of encoding", ROUNDS, 5, key="a153_rounds")
    gamma = ui.slider(
        "γ towards the other prompt",
        0.0,
        10.0,
        strength,
        key=ui.per_model("a153_gamma", chosen),
        step=0.5,
    )
if source_image is not None:
    found = ui.live(
        lesson.demo,
        model=chosen,
        source_image=source_image,
        prompt=asked,
        other=instead,
        gamma=gamma,
        steps=steps,
        rounds=rounds,
    )
    if found:
        ui.strip(found.images, size=196)
        ui.say(
            f"Encoded and decoded with the same prompt in {steps} steps each, the image comes back "
            f"with a PSNR of **{found.psnr:.1f} dB**. The encoded noise has a standard deviation "
            f"of **{found.deviation:.2f}**; the noise that sampling starts from has 1."
        )
        ui.deliver(found.images, "An image, its noise, decoded, and decoded as something else")
        ui.made_with(chosen, prompt=asked, other=instead, γ=gamma, steps=steps, rounds=rounds)
        ui.code_that_ran(found)
ui.explain(samplers.ddim_inversion, x_0="x_0_hat")
ui.explain(lesson.noise_at_both_ends, x_0="x_0_hat")
ui.explain(quality.psnr)
ui.say(
    "The encoded noise need not be unit Gaussian noise. Encode a digit with one prediction a step: "
    "the deviation is far below 1, the outline can be seen in the noise, and the other prompt has "
    "little left to decide."
)
ui.say(
    "## Between two noises, between two prompts\n"
    "The first two rows start between the same two noises, at five weights, and are decoded with "
    "the first prompt. The last row keeps one noise and goes from the first prompt to the second."
)
first = ui.prompt("First prompt", prompts.three[0], model=chosen, key="a153_first")
second = ui.prompt("Second prompt", prompts.three[2], model=chosen, key="a153_second")
mixed = ui.live(
    lesson.between,
    model=chosen,
    prompt=first,
    other=second,
    gamma=prompts.gamma if chosen != "digits" else 3.0,
    steps=20,
    seed=ui.seed(),
)
if mixed:
    ui.grid(
        tuple(mixed.rows.values()),
        row_labels=tuple(mixed.rows),
        column_labels=tuple(f"w = {weight:g}" for weight in lesson.WEIGHTS),
        size=112,
    )
    ui.live_plot(
        [
            ui.Trace(name, lesson.WEIGHTS, mixed.norms[name], color=color)
            for name, color in ((lesson.SLERP, "x_0_hat"), (lesson.STRAIGHT, "eps"))
        ],
        key="a153_norms",
        x_title="weight w of the second noise",
        y_title="norm / √pixels",
        height=280,
    )
    ui.code_that_ran(mixed)
ui.explain(lesson.slerp)
ui.caption("The straight line is $(1 - w)\\, z_0 + w\\, z_1$, at the same five weights.")
ui.explain(guidance.guide)
ui.caption(
    "Between two prompts the prediction is that of guidance from the first to the second with "
    "γ = w; what comes of it is guided away from the empty prompt as usual."
)
ui.say(ui.PREDICT)
ui.predict(ask.MORE_STEPS, key="a153_q1")
ui.predict(ask.MIDDLE, key="a153_q2")
ui.say(
    "**Look closer.** Choose fewer predictions for each step. Which parts of the image are lost "
    "first?"
)
