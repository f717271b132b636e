"""A1.5 · Sampling

Begin the same walk at pure noise, where there is no picture to find, and it finds one all the same.
"""

from lessons import iterative_denoising, magnified_walks, sampling, sanity
from lessons.prompts import prompts_for
from pages import _ui as ui
from pages._questions import HEADING
from pages._questions import part_a as ask
from pages._upscaling import enlarging

ui.lesson_header(__doc__)
chosen = ui.model()
prompts = prompts_for(chosen)
asked = ui.prompt("Prompt", prompts.neutral, model=chosen, key="a15_prompt")
found = ui.live(
    sampling.demo,
    model=chosen,
    prompt=asked,
    seed=ui.seed(),
    on_frame=lambda frame: ui.stack(frame, size=840),
)
if found:
    ui.expectation(found.note)
    ui.film(found.film, found.pictures, key=ui.named("a15_film", chosen, asked, ui.seed()))
    ui.deliver(found.pictures, "Five samples from pure noise, without guidance")
    ui.made_with(chosen, prompt=asked)
    ui.code_that_ran(found)
ui.caption("Five noises, five pictures. The network is taken at its word: there is no guidance.")
ui.explain(iterative_denoising.denoise)
ui.microscope(
    magnified_walks.from_noise,
    key="a15",
    which=ui.Which("number", "Picture", range(1, 6)),
    model=chosen,
    prompt=asked,
    seed=ui.seed(),
)
if found:
    enlarging(chosen, found.pictures, asked, key="a15")
ui.say(HEADING)
if ui.predict(ask.IN_COMPANY, key="a15_q1"):
    ui.compared(ui.live(sanity.in_company, model=chosen, prompt=asked, seed=ui.seed()))
if ui.predict(ask.SILENT_STEPS, key="a15_q2"):
    ui.compared(ui.live(sanity.silent_steps, model=chosen, prompt=asked, seed=ui.seed()))
ui.say(
    "**Look closer.** The pictures hardly resemble each other, and some are of nothing in "
    "particular. The network was told little, so it wanders between all that it has seen. The next "
    "lesson makes it decide."
)
