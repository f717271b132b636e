"""A1.10 · Hybrid images

From afar the eye resolves only low spatial frequencies; close up it attends to the high ones. A
hybrid image takes its low frequencies from one prompt and its high frequencies from another, by
combining the two noise predictions with a low-pass and a high-pass filter at every step. The
course's own pages number this part 1.9.
"""

import streamlit as st

from lessons.diffusion import hybrids
from lessons.part_a import hybrid_images as lesson
from lessons.prompts import prompts_for
from lessons.workshop.experiments import mixing
from pages import _ui as ui
from pages._teaching import hybrid_images as ask


def questions() -> None:
    """A prompt with itself, no blur at all, and which prompt is low-passed."""
    ui.say(ui.PREDICT)
    if ui.predict(ask.HYBRID_ITSELF, key="a110_q1"):
        ui.compared(
            ui.live(
                mixing.hybrid_with_itself,
                model=chosen,
                prompt=low_frequency,
                sigma_64=sigma_64,
                gamma=gamma,
                seed=ui.seed(),
            )
        )
    if ui.predict(ask.NO_BLUR, key="a110_q2"):
        ui.compared(
            ui.live(
                mixing.hybrid_without_blur,
                model=chosen,
                low_frequency=low_frequency,
                high_frequency=high_frequency,
                gamma=gamma,
                seed=ui.seed(),
            )
        )
    ui.predict(ask.WHY_LOWPASS, key="a110_q3")


ui.lesson_header(__doc__)
chosen = ui.model()
low_frequency, high_frequency = ui.prompt_pair(
    ("Low-frequency prompt (seen from afar)", "High-frequency prompt (seen close up)"),
    prompts_for(chosen).hybrids,
    model=chosen,
    key="a110",
)
left, right = st.columns(2)
with left:
    sigma_64 = ui.slider(
        "Cut-off: σ of the Gaussian, at 64 pixels",
        0.5,
        6.0,
        prompts_for(chosen).hybrid_sigma,
        key="a110_sigma",
        step=0.5,
    )
with right, ui.more():
    gamma = ui.slider(
        "Guidance scale γ", 0.0, 15.0, prompts_for(chosen).hybrid_gamma, key="a110_gamma", step=0.5
    )
    count = ui.slider("Samples", 1, 6, 4, key="a110_count")
found = ui.live(
    lesson.demo,
    model=chosen,
    low_frequency=low_frequency,
    high_frequency=high_frequency,
    sigma_64=sigma_64,
    gamma=gamma,
    count=count,
    seed=ui.seed(),
    on_frame=lambda frame: ui.stack(frame, size=672),
)
parameters = (chosen, low_frequency, high_frequency, sigma_64, gamma, count, ui.seed())
if found:
    ui.stepping_back(
        found.results,
        words=(low_frequency, high_frequency),
        key=ui.named("a110_steps", *parameters),
    )
    ui.deliver(
        found.results,
        f"Low-frequency prompt: {low_frequency}; high-frequency prompt: {high_frequency}",
    )
    ui.made_with(chosen, σ=sigma_64, γ=gamma)
    ui.code_that_ran(found)
if prompts_for(chosen).hybrids_found:
    ui.say(prompts_for(chosen).hybrids_found)
ui.explain(hybrids.lowpass)
ui.explain(hybrids.blend)
ui.say(
    "Waves longer than about 5.3 σ pixels keep more than half of their amplitude in the low pass, "
    "shorter ones less: that is the cut-off. Both filters are linear and add up to the whole, so "
    "the clean estimates of the two prompts are combined just as the predictions are."
)
if found:
    ui.say("## The two frequency bands of the result")
    ui.grid(
        (found.results, found.coarse, found.fine),
        row_labels=("image", "low frequencies", "high frequencies"),
        size=140,
    )
    ui.say("## Every step")
    ui.trajectory(
        found.trajectory, found.results, key=ui.named("a110_film", *parameters), name="hybrids"
    )
questions()
ui.say(
    "**Look closer.** Set σ to its smallest and to its largest value: which of the two prompts "
    "prevails, and why?"
)
