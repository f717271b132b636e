"""B1.2.4 · Your own digit

Say here in two or three sentences what a reader will learn, and why it matters.
"""

from lessons.beyond import own_digit as lesson
from pages import _ui as ui
from pages._teaching import own_digit as ask

ui.lesson_header(__doc__)
ui.explain(lesson.with_noise)
sigma = ui.slider("Strength of the noise σ", 0.0, 1.0, 0.25, key="b124_sigma", step=0.05)
found = ui.live(lesson.demo, sigma=sigma, seed=ui.seed())
ui.strip(found, size=224)
ui.deliver(found, "An image without noise and with it")
ui.code_that_ran(found)

ui.say(ui.PREDICT)
ui.predict(ask.NO_NOISE, key="b124_q1")
ui.predict(ask.TWICE, key="b124_q2")
ui.say("**Look closer.** At which σ can you no longer name the shape?")
