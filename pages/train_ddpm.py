"""B2.2 · Train a time-conditioned DDPM

One network for three hundred noise levels, told by one number which of them it sees.
"""

from lessons import curves, iterative_denoising
from lessons import train_ddpm as lesson
from pages import _training as training
from pages import _ui as ui

ROWS: training.RowNames = (
    ("", "x_0_hat"),
    ("", "x_0_hat"),
    ("", "x_0_hat"),
    ("forty samples, each from noise of its own; loss on test digits {test_loss:.4f}", "x_0_hat"),
)

ui.lesson_header(__doc__)
training.hero("ddpm", ROWS)

ui.explain(lesson.noise_loss, eps_hat="eps")
ui.explain(lesson.normalised)
ui.explain(iterative_denoising.clean_estimate)
ui.explain(iterative_denoising.posterior_mean)

ui.say(
    "## Train it\n"
    "After an epoch the network makes forty digits out of noise, 300 steps each. **Predict "
    "first:** which comes sooner, a loss that hardly falls any more or a digit that you can read?"
)
training.lab("ddpm", curves.TIME_DDPM, ROWS)

ui.say(
    "**Look closer.** The network was never told which digit to make. What decides it, and when on "
    "the way?"
)
