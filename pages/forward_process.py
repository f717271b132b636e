"""A1.1 · The forward process

A diffusion model learns to undo one thing: the slow drowning of a picture in noise.
"""

from lessons import forward_process as lesson
from lessons import sanity
from pages import _ui as ui
from pages._questions import HEADING
from pages._questions import part_a as ask

ui.lesson_header(__doc__)
chosen = ui.model()
original = ui.gallery_input(key="a11_picture", model=chosen)

levels = ui.live(lesson.levels, model=chosen, original=original, seed=ui.seed())
ui.strip(levels, size=196)
ui.caption("The same noise each time; only its share grows. At $t = 0$ there is already a trace.")
ui.code_that_ran(levels)

ui.explain(lesson.add_noise)

last = lesson.last_timestep(chosen)
t = ui.slider("Timestep $t$", 0, last, (last + 1) // 4, key=ui.per_model("a11_t", chosen))
mixed = ui.live(lesson.demo, model=chosen, original=original, t=t, seed=ui.seed())
ui.strip(mixed, size=224)
ui.deliver(mixed, "The picture, the noise, and the picture under the noise")
ui.code_that_ran(mixed)

ui.say(HEADING)
if ui.predict(ask.NO_NOISE, key="a11_q1"):
    ui.compared(ui.live(sanity.no_noise, model=chosen, original=original, seed=ui.seed()))
ui.predict(ask.WEIGHTS, key="a11_q2")
ui.say("**Look closer.** At which $t$ can you no longer name the shape?")
