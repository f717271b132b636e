"""A1.7.2 · Inpainting

Keep most of a picture and let the network invent the rest, so that nobody sees the seam.
"""

import streamlit as st

from lessons import inpainting as lesson
from lessons import sanity, text_to_image
from lessons.prompts import prompts_for
from pages import _ui as ui
from pages._questions import HEADING
from pages._questions import part_a as ask


def questions() -> None:
    """The two masks whose outcome is known before."""
    ui.say(HEADING)
    for question, everything, key in (
        (ask.MASK_NOTHING, False, "a172_q1"),
        (ask.MASK_EVERYTHING, True, "a172_q2"),
    ):
        if ui.predict(question, key=key) and original is not None:
            ui.compared(
                ui.live(
                    sanity.inpainting_of,
                    slot=key,
                    model=chosen,
                    original=original,
                    everything=everything,
                    prompt=asked,
                    gamma=gamma,
                    seed=ui.seed(),
                )
            )


ui.lesson_header(__doc__)
chosen = ui.model()
shape = text_to_image.outline(chosen).shape
left, right = st.columns(2, gap="large")
with left:
    original = ui.picture_input(key=ui.per_model("a172_picture", chosen), shape=shape)
with right:
    mask = ui.mask_input(original, key=ui.per_model("a172_mask", chosen), shape=shape)
with ui.more():
    asked = ui.prompt("Prompt", prompts_for(chosen).neutral, model=chosen, key="a172_prompt")
    gamma = ui.slider("Guidance γ", 0.0, 15.0, 7.0, key="a172_gamma", step=0.5)
if original is not None and mask is not None:
    found = ui.live(
        lesson.demo,
        model=chosen,
        original=original,
        mask=mask,
        prompt=asked,
        gamma=gamma,
        count=3,
        seed=ui.seed(),
        on_frame=lambda frame: ui.stack(frame, size=504),
    )
    if found:
        ui.grid([(found.original, found.freed, *found.results)], size=168)
        ui.deliver((found.original, found.freed, *found.results), "Original, hole, three fillings")
        ui.made_with(chosen, prompt=asked, γ=gamma)
        ui.code_that_ran(found)
        ui.caption("Three noises, three ways to fill the hole. What is outside the mask stays.")
        ui.film(
            found.film,
            found.results,
            key=ui.named("a172_film", chosen, original, mask.tobytes(), asked, gamma, ui.seed()),
            name="inpainted",
        )
ui.explain(lesson.keep_outside)
questions()
ui.say(
    "**Look closer.** In the film the kept part is as noisy as the new one at every step. What "
    "would the network make of a clean border around noise?"
)
