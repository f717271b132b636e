"""B2.3 · Train a class-conditioned DDPM

The same network is also told which digit to see, except for one picture in ten.
"""

from lessons import curves, guidance
from lessons import train_class_ddpm as lesson
from pages import _training as training
from pages import _ui as ui

ROWS: training.RowNames = (
    ("", "x_0_hat"),
    ("", "x_0_hat"),
    ("", "x_0_hat"),
    ("four samples of each digit; loss on test digits {test_loss:.4f}", "x_0_hat"),
)

ui.lesson_header(__doc__)
training.hero("class-ddpm", ROWS)

ui.explain(lesson.keep_mask)
ui.explain(guidance.guide, eps_c="eps", eps_u="eps")

ui.say(
    "## Train it\n"
    "Knowing the digit makes the noise easier to tell. **Predict first:** by how much will the "
    "loss be lower than without labels?"
)
training.lab("class-ddpm", curves.CLASS_DDPM, ROWS)

ui.say("**Look closer.** Columns are digits. Which two does the network mix up longest, and why?")
