"""B2.3 · Train a class-conditioned DDPM

Tell the network which digit it is looking at, but sometimes don't: then you can ask for one.
"""

from lessons import curves, guidance
from lessons import train_class_ddpm as lesson
from pages import _training as training
from pages import _ui as ui

ROWS: training.RowNames = (
    ("", "x_0_hat"),
    ("", "x_0_hat"),
    ("", "x_0_hat"),
    ("four samples of each digit, {accuracy:.0%} read as asked for by a judge", "x_0_hat"),
)

ui.lesson_header(__doc__)
training.hero("class-ddpm", ROWS)

ui.explain(lesson.keep_mask)
ui.explain(guidance.guide)

ui.say(
    "## Train it\n"
    "The label is one number in ten, switched on or off at two places of the network. "
    "**Predict first:** will knowing the label lower the loss a lot, or a little?"
)
training.lab("class-ddpm", curves.CLASS_DDPM, ROWS)

ui.say(
    "**Look closer.** The samples are recognisable after the first epoch, long before those of the "
    "network without labels. What does the label save the network from having to decide?"
)
