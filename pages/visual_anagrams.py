"""A1.8 · Visual anagrams

A visual anagram is an image that shows one subject as it is and another one after a view such as a
rotation by 180°. It is sampled by averaging two noise predictions at every step, and it works
because such a view turns Gaussian noise into Gaussian noise: the same sampling loop, another
predictor.
"""

import streamlit as st

from lessons.diffusion import anagrams
from lessons.part_a import visual_anagrams as lesson
from lessons.prompts import prompts_for
from lessons.workshop.experiments import mixing
from pages import _ui as ui
from pages._teaching import visual_anagrams as ask


def questions() -> None:
    """A view that changes nothing, and the two prompts exchanged."""
    ui.say(ui.PREDICT)
    if ui.predict(ask.ANAGRAM_ITSELF, key="a18_q1"):
        ui.compared(
            ui.live(
                mixing.anagram_with_itself,
                model=chosen,
                prompt=first,
                gamma=gamma,
                seed=ui.seed(),
            )
        )
    if ui.predict(ask.EXCHANGED, key="a18_q2"):
        ui.compared(
            ui.live(
                mixing.anagram_exchanged,
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
    ("Prompt 1", "Prompt 2 (after the view)"), prompts_for(chosen).anagrams, model=chosen, key="a18"
)
left, right = st.columns(2)
with left:
    views = lesson.views_for(chosen)
    view = ui.choice("View", views, views[0], key="a18_view")
with right, ui.more():
    gamma = ui.slider(
        "Guidance scale γ", 0.0, 15.0, prompts_for(chosen).anagram_gamma, key="a18_gamma", step=0.5
    )
    count = ui.slider("Samples", 1, 6, 4, key="a18_count")
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
        found.prompt_1,
        found.viewed,
        words=(first, second),
        view=view,
        key=ui.named("a18_turn", chosen, first, second, view, gamma, count, ui.seed()),
    )
    ui.deliver(
        (*found.prompt_1, *found.viewed), f"Prompt 1: {first}; prompt 2, after the view: {second}"
    )
    ui.made_with(chosen, view=view, γ=gamma)
    ui.code_that_ran(found)
    ui.caption("Several noises, since results vary from sample to sample: choose the best.")
if chosen == "pictures":
    ui.caption(
        "Most pairs of prompts fail. The first six of the list were found by search: of forty "
        "pairs, with four noises each at γ = 5, a classifier recognised both subjects at least "
        "once for eight. The course's own three were not among them."
    )
ui.explain(anagrams.mean_of_views)
ui.say(
    "**Why the second prediction is transformed back.** It was made for the transformed sample, so "
    "its pixels lie where the view put them. Only after the inverse view does it belong to the "
    "pixels of $x_t$, and the mean of the two means something. It is taken at every step, so each "
    "prompt sees what the other has made of the sample; the mean of two finished samples would be "
    "a double exposure.\n\n"
    "**Which views are possible.** The network expects independent Gaussian noise of variance 1 in "
    "every pixel. Moving pixels or changing their signs keeps that; so does any orthogonal map. A "
    "blur does not: it averages neighbouring noise, which lowers its variance and makes it "
    "correlated, and the network was never trained on such inputs. Nor does a blur have an inverse "
    "that could be computed reliably."
)
ui.explain(anagrams.anagram)
if found:
    ui.say("## Every step")
    ui.trajectory(
        found.trajectory,
        found.prompt_1,
        key=ui.named("a18_film", chosen, first, second, view, gamma, count, ui.seed()),
        name="anagrams",
    )
questions()
ui.say(
    "**Look closer.** Which properties of prompt 1 does prompt 2 have to share for a pair to work: "
    "outline, colours, or style? Try a pair of your own."
)
