"""A1.7.2 · Inpainting

A mask marks the region of an image to be regenerated. After every sampling step the region outside
the mask is replaced by the source image at the noise level just reached, so the network always sees
a consistent sample and fits the new content to its surroundings.
"""

import streamlit as st

from lessons import text_to_image
from lessons.diffusion import inpainting
from lessons.part_a import inpainting as lesson
from lessons.prompts import prompts_for
from lessons.workshop.experiments import mixing
from pages import _ui as ui
from pages._teaching import inpainting as ask


def questions() -> None:
    """The two masks whose outcome follows from the equation."""
    ui.say(ui.PREDICT)
    for question, everything, key in (
        (ask.MASK_NOTHING, False, "a172_q1"),
        (ask.MASK_EVERYTHING, True, "a172_q2"),
    ):
        if ui.predict(question, key=key) and source_image is not None:
            ui.compared(
                ui.live(
                    mixing.inpainting_of,
                    slot=key,
                    model=chosen,
                    source_image=source_image,
                    everything=everything,
                    prompt=asked,
                    gamma=gamma,
                    seed=ui.seed(),
                )
            )


ui.lesson_header(__doc__)
chosen = ui.model()
shape = text_to_image.spec(chosen).shape
left, right = st.columns(2, gap="large")
with left:
    source_image = ui.image_input(key=ui.per_model("a172_picture", chosen), shape=shape)
with right:
    mask = ui.mask_input(source_image, key=ui.per_model("a172_mask", chosen), shape=shape)
with ui.more():
    asked = ui.prompt("Prompt", prompts_for(chosen).neutral, model=chosen, key="a172_prompt")
    gamma = ui.slider(
        "Guidance scale γ", 0.0, 15.0, prompts_for(chosen).gamma, key="a172_gamma", step=0.5
    )
if source_image is not None and mask is not None:
    found = ui.live(
        lesson.demo,
        model=chosen,
        source_image=source_image,
        mask=mask,
        prompt=asked,
        gamma=gamma,
        count=3,
        seed=ui.seed(),
        on_frame=lambda frame: ui.stack(frame, size=504),
    )
    if found:
        ui.grid([(found.source_image, found.freed, *found.results)], size=168)
        ui.deliver(
            (found.source_image, found.freed, *found.results),
            "Source image, kept region, three inpaintings",
        )
        ui.made_with(chosen, prompt=asked, γ=gamma)
        ui.code_that_ran(found)
        ui.caption(
            "Three samples from three noises. Only the masked region is regenerated; outside it "
            "the result equals the source image."
        )
        ui.trajectory(
            found.trajectory,
            found.results,
            key=ui.named(
                "a172_film", chosen, source_image, mask.tobytes(), asked, gamma, ui.seed()
            ),
            name="inpainted",
        )
ui.explain(inpainting.keep_outside)
ui.say(
    "The network is not given the mask, and needs no training for it. A seam may be left, because "
    "each replacement gives the border other noise than the step had fitted the new content to. "
    "RePaint, where the method comes from, adds noise again and repeats each stretch of steps "
    "several times; here, as in the course, every step is taken once."
)
questions()
ui.say(
    "**Look closer.** In the trajectory the kept region is as noisy as the regenerated one at "
    "every step. What would the network predict for a clean border around noise?"
)
