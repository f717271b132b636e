"""A1.7.3 · Text-conditioned image to image

Image to image with a prompt that names another subject: the noisy source image fixes the layout,
the prompt says what it should become. Which of the two prevails depends on the starting timestep,
because large shapes are decided at high noise levels and details at low ones.
"""

import streamlit as st

from lessons import text_to_image
from lessons.diffusion import guidance
from lessons.part_a import text_conditioned_editing as lesson
from lessons.part_a.image_to_image import STARTS
from lessons.prompts import prompts_for
from lessons.workshop.experiments import prompting
from pages import _ui as ui
from pages._teaching import text_conditioned_editing as ask


def questions() -> None:
    """What the prompt decides, and at which noise levels."""
    ui.say(ui.PREDICT)
    if ui.predict(ask.UNHEARD, key="a173_q1") and source_image is not None:
        ui.compared(
            ui.live(
                prompting.unheard,
                model=chosen,
                source_image=source_image,
                prompts=edits[:2],
                i_start=7,
                seed=ui.seed(),
            )
        )
    ui.predict(ask.PROMPT_WINS, key="a173_q2")


ui.lesson_header(__doc__)
chosen = ui.model()
shape = text_to_image.spec(chosen).shape
edits = prompts_for(chosen).edits
left, right = st.columns([3, 2], gap="large")
with left:
    source_image = ui.image_input(key=ui.per_model("a173_picture", chosen), shape=shape)
with right:
    asked = ui.prompt("Prompt", edits[0], model=chosen, key="a173_prompt")
    ui.caption(f"Also worth trying: {'; '.join(f'“{edit}”' for edit in edits[1:])}.")
    gamma = ui.slider(
        "Guidance scale γ", 0.0, 15.0, prompts_for(chosen).gamma, key="a173_gamma", step=0.5
    )
if source_image is not None:
    found = ui.live(
        lesson.demo,
        model=chosen,
        source_image=source_image,
        prompt=asked,
        gamma=gamma,
        seed=ui.seed(),
        on_frame=lambda frame: ui.strip(frame, size=280),
    )
    if found:
        ui.grid([(*found.results, found.source_image)], size=140)
        ui.deliver(
            (*found.results, found.source_image), "Edited towards the prompt from six noise levels"
        )
        ui.made_with(chosen, prompt=asked, γ=gamma)
        ui.code_that_ran(found)
        ui.downloads(
            {"edited.png": lambda: ui.montage((*found.results, found.source_image))},
            key="a173_files",
        )
        ui.say("## Every step, from each starting timestep")
        place = ui.choice("i_start", STARTS, 7, key="a173_start")
        at = STARTS.index(place)
        key = ui.named("a173_film", chosen, source_image, place, asked, gamma, ui.seed())
        ui.trajectory(found.trajectories[at], found.results[at : at + 1], key=key, name="edited")
ui.explain(guidance.guide)
questions()
ui.say(
    "**Look closer.** From which i_start on does the source image prevail over the prompt? Is it "
    "the same for every prompt?"
)
