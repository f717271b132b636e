"""B2.5 · Flow matching

Straight ways from noise to digits: learn the direction, then walk.
"""

from lessons import curves
from lessons import flow_matching as lesson
from pages import _training as training
from pages import _ui as ui

ROWS: training.RowNames = (
    ("", "x_0_hat"),
    ("", "x_0_hat"),
    ("", "x_0_hat"),
    ("four samples of each digit; loss on test digits {test_loss:.4f}", "x_0_hat"),
)

ui.lesson_header(__doc__)
training.hero("class-flow", ROWS)

ui.explain(lesson.interpolate, x_1="x_0_hat", x_0="eps")
ui.explain(lesson.velocity_loss, x_1="x_0_hat", x_0="eps")
ui.explain(lesson.euler)

ui.say(
    "## Train it\n"
    "A DDPM walks 300 steps; the samples here take 30 or 50. **Predict first:** what would a "
    "single step from noise to the end give?"
)
training.lab("class-flow", curves.CLASS_FLOW, ROWS)

ui.say(
    "**Look closer.** The training ways are straight, the ways that are walked are not: where many "
    "of them cross, the network can only learn their mean."
)
