"""A1.6 · Classifier-free guidance

A conditional prediction alone follows its prompt only loosely. Classifier-free guidance predicts
the noise twice, with the prompt and without it, and extrapolates along the difference by a guidance
scale γ. It is what makes text-to-image models usable, and it has a price: samples become less
varied (lesson B 2.4 measures it), and in large models colours saturate at large γ (Saharia et al.
2022, arXiv:2205.11487).
"""

import streamlit as st

from lessons import dynamic_thresholding
from lessons.diffusion import guidance
from lessons.part_a import guidance as lesson
from lessons.prompts import prompts_for
from lessons.trace import image_traces
from lessons.workshop.experiments import prompting
from pages import _ui as ui
from pages._shared.upscaling import enlarging
from pages._teaching import guidance as ask


def all_gammas() -> None:
    """The same noises at five guidance scales, where the reader asks for them."""
    ui.say("## The same noises at five guidance scales")
    usual = asked == prompts.wanted and not negative
    if not usual and not ui.toggle("Sample all five for this prompt", key="a16_grid"):
        return
    rows = ui.live(
        lesson.gamma_grid,
        model=chosen,
        prompt=asked,
        negative=negative,
        seed=ui.seed(),
        on_frame=lambda frame: ui.stack(frame, size=700),
    )
    if rows:
        ui.grid(rows, row_labels=[f"γ = {gamma:g}" for gamma in lesson.GAMMAS], size=140)
        ui.downloads(
            {"gammas.png": lambda: ui.montage([p for row in rows for p in row], columns=5)},
            key="a16_grid_files",
        )
        ui.caption(
            "γ = 0 ignores the prompt, γ = 1 is the conditional prediction, and beyond 1 it is "
            "extrapolated. Others count w = γ − 1."
            + (" Here γ = 0 is what the negative prompt alone gives." if negative else "")
        )
        ui.code_that_ran(rows)


def questions() -> None:
    """The guidance scales and the negative prompt whose outcome follows from the equation."""
    ui.say(ui.PREDICT)
    for question, gamma, key in ((ask.GAMMA_ZERO, 0.0, "a16_q1"), (ask.GAMMA_ONE, 1.0, "a16_q2")):
        if ui.predict(question, key=key):
            ui.compared(
                ui.live(
                    prompting.guidance_of,
                    slot=key,
                    model=chosen,
                    prompt=asked,
                    gamma=gamma,
                    seed=ui.seed(),
                )
            )
    if ui.predict(ask.NEGATIVE_ALONE, key="a16_q3"):
        ui.compared(
            ui.live(
                prompting.negative_alone,
                model=chosen,
                prompt=asked,
                negative=negative or prompts.edits[0],
                seed=ui.seed(),
            )
        )


ui.lesson_header(__doc__)
chosen = ui.model()
prompts = prompts_for(chosen)
left, right = st.columns(2)
with left:
    gamma = ui.slider(
        "Guidance scale γ", 0.0, 15.0, prompts_for(chosen).gamma, key="a16_gamma", step=0.5
    )
with right:
    asked = ui.prompt("Prompt", prompts.wanted, model=chosen, key="a16_prompt")
    negative = ui.prompt("Negative prompt", "", model=chosen, key="a16_negative")
found = ui.live(
    lesson.demo,
    model=chosen,
    prompt=asked,
    seed=ui.seed(),
    gamma=gamma,
    negative=negative,
    on_frame=lambda frame: ui.stack(frame, size=840),
)
if found:
    ui.trajectory(
        found.trajectory,
        found.images,
        key=ui.named("a16_film", chosen, asked, negative, gamma, ui.seed()),
    )
    ui.deliver(found.images, "Five samples with guidance")
    away = {"negative prompt": negative} if negative else {}
    ui.made_with(chosen, prompt=asked, **away, γ=gamma)
    ui.code_that_ran(found)
    if asked == negative:
        ui.caption(
            "Both prompts are the same, and so are both predictions: γ changes nothing."
            if asked
            else "Without a prompt both predictions are the same, so γ changes nothing."
        )
ui.caption("The noises are those of lesson 1.5; they do not depend on γ.")
ui.explain(guidance.guide)
ui.say(
    "**Why it works without a classifier.** For exact predictions, by Bayes' rule, the difference "
    "$\\epsilon_c - \\epsilon_u$ is the gradient of $-\\log p(c \\mid x_t)$, $c$ being the prompt, "
    "times the standard deviation of the noise. A classifier of noisy images would give the same "
    "gradient, which leads to where the prompt is more probable; here none has to be trained.\n\n"
    "**Why colours saturate.** For γ > 1 the clean estimate is no longer a mean of images that "
    "fit, so it may leave the range of images, beyond black and white. Values "
    "outside are clipped when the sample is displayed, and what is left is contrast and strong "
    "colour. Dynamic thresholding (below) shrinks such estimates into the range instead, so that "
    "their shades survive."
)
ui.explain(guidance.guided)
ui.say(
    "## The negative prompt\n"
    "The box “Negative prompt” replaces the empty prompt of $\\epsilon_u$. Nothing else changes: "
    "the sample moves from what the negative prompt would give towards what the prompt would give, "
    "and for γ > 1 beyond it. So it needs no word such as “no” or “without”: write what shall not "
    "be there. At γ = 1 it has no influence, since $\\epsilon_u$ cancels. It is a direction and "
    "no prohibition: what the prompt asks for may still contain some of it."
)
ui.explain(lesson.led_away)
ui.microscope(
    image_traces.sample_from_noise,
    key="a16",
    which=ui.Which("number", "Image", range(1, 6)),
    model=chosen,
    prompt=asked,
    gamma=gamma,
    negative=negative,
    seed=ui.seed(),
)
if found:
    enlarging(chosen, found.images, asked, key="a16")
all_gammas()
with st.expander("Dynamic thresholding: clean estimates kept inside the range of images"):
    ui.explain(dynamic_thresholding.threshold, x_0="x_0_hat")
questions()
ui.say(
    "**Look closer.** Follow one column of the grid from top to bottom: what is kept of the image, "
    "and what is lost as γ grows?"
)
