"""A1.8 · Visual anagrams

One picture that is one thing upright and another thing when you turn it.
"""

import streamlit as st

from lessons import sanity
from lessons import visual_anagrams as lesson
from lessons.prompts import prompts_for
from pages import _ui as ui
from pages._questions import HEADING
from pages._questions import part_a as ask


def questions() -> None:
    """A view that changes nothing, and one that changes everything at once."""
    ui.say(HEADING)
    if ui.predict(ask.ANAGRAM_ITSELF, key="a18_q1"):
        ui.compared(
            ui.live(
                sanity.anagram_with_itself,
                model=chosen,
                prompt=first,
                gamma=gamma,
                seed=ui.seed(),
            )
        )
    if ui.predict(ask.EXCHANGED, key="a18_q2"):
        ui.compared(
            ui.live(
                sanity.anagram_exchanged,
                model=chosen,
                first=first,
                second=second,
                view=view,
                gamma=gamma,
                seed=ui.seed(),
            )
        )


ui.lesson_header(__doc__)
chosen = ui.model()
first, second = ui.prompt_pair(
    ("Upright", "Turned"), prompts_for(chosen).anagrams, model=chosen, key="a18"
)
left, right = st.columns(2)
with left:
    views = lesson.views_for(chosen)
    view = ui.choice("View", views, views[0], key="a18_view")
with right, ui.more():
    gamma = ui.slider("Guidance γ", 0.0, 15.0, 7.0, key="a18_gamma", step=0.5)
    count = ui.slider("Tries", 1, 6, 4, key="a18_count")
found = ui.live(
    lesson.demo,
    model=chosen,
    first=first,
    second=second,
    view=view,
    gamma=gamma,
    count=count,
    seed=ui.seed(),
    on_frame=lambda frame: ui.stack(frame, size=672),
)
if found:
    ui.turning(
        found.upright,
        found.viewed,
        words=(first, second),
        view=view,
        key=ui.named("a18_turn", chosen, first, second, view, gamma, count, ui.seed()),
    )
    ui.deliver((*found.upright, *found.viewed), f"{first}; through the view: {second}")
    ui.made_with(chosen, view=view, γ=gamma)
    ui.code_that_ran(found)
    ui.caption("Several noises, since results vary: choose the one that you would hang up.")
ui.explain(lesson.mean_of_views)
ui.explain(lesson.anagram)
if found:
    ui.say("## Every step")
    ui.film(
        found.film,
        found.upright,
        key=ui.named("a18_film", chosen, first, second, view, gamma, count, ui.seed()),
        name="anagrams",
    )
questions()
ui.say(
    "**Look closer.** Why is a view safe that only moves pixels or changes their sign? What would "
    "happen to the noise if it blurred them?"
)
