"""A1.7.3 · Text-conditioned image to image

The same walk back from noise, but with words: the picture gives the shapes, the prompt the meaning.
"""

import streamlit as st

from lessons import guidance, sanity, text_to_image
from lessons import image_to_image as lesson
from lessons.prompts import prompts_for
from pages import _ui as ui
from pages._questions import HEADING
from pages._questions import part_a as ask


def questions() -> None:
    """What the words decide, and when."""
    ui.say(HEADING)
    if ui.predict(ask.UNHEARD, key="a173_q1") and original is not None:
        ui.compared(
            ui.live(
                sanity.unheard,
                model=chosen,
                original=original,
                prompts=edits[:2],
                i_start=7,
                seed=ui.seed(),
            )
        )
    ui.predict(ask.PROMPT_WINS, key="a173_q2")


ui.lesson_header(__doc__)
chosen = ui.model()
shape = text_to_image.outline(chosen).shape
edits = prompts_for(chosen).edits
left, right = st.columns([3, 2], gap="large")
with left:
    original = ui.picture_input(key=ui.per_model("a173_picture", chosen), shape=shape)
with right:
    asked = ui.prompt("Prompt", edits[0], model=chosen, key="a173_prompt")
    ui.caption(f"Try also: {'; '.join(f'“{edit}”' for edit in edits[1:])}.")
    gamma = ui.slider("Guidance γ", 0.0, 15.0, 7.0, key="a173_gamma", step=0.5)
if original is not None:
    found = ui.live(
        lesson.demo,
        model=chosen,
        original=original,
        prompt=asked,
        gamma=gamma,
        seed=ui.seed(),
        on_frame=lambda frame: ui.strip(frame, size=280),
    )
    if found:
        ui.grid([(*found.results, found.original)], size=140)
        ui.expectation(found.note)
        ui.deliver((*found.results, found.original), "Edited towards the prompt, six levels")
        ui.made_with(chosen, prompt=asked, γ=gamma)
        ui.code_that_ran(found)
        ui.downloads(
            {"edited.png": lambda: ui.montage((*found.results, found.original))},
            key="a173_files",
        )
        ui.say("## Every step, from every level")
        place = ui.choice("Start at place", lesson.STARTS, 7, key="a173_start")
        at = lesson.STARTS.index(place)
        key = ui.named("a173_film", chosen, original, place, asked, gamma, ui.seed())
        ui.film(found.films[at], found.results[at : at + 1], key=key, name="edited")
ui.explain(guidance.guide)
questions()
ui.say(
    "**Look closer.** At which level does the prompt win over the picture? Is it the same one for "
    "every prompt?"
)
