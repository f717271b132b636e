"""B2.2 · Train a time-conditioned DDPM

One network for all three hundred noise levels, and the walk from pure noise to a digit.
"""

from lessons import curves, forward_process, iterative_denoising
from lessons import train_ddpm as lesson
from pages import _training as training
from pages import _ui as ui

ROWS: training.RowNames = (
    ("", "x_0_hat"),
    ("", "x_0_hat"),
    ("", "x_0_hat"),
    ("forty samples from pure noise; loss on test digits {test_loss:.4f}", "x_0_hat"),
)

ui.lesson_header(__doc__)
training.hero("ddpm", ROWS)

ui.explain(forward_process.add_noise)
ui.explain(lesson.noise_loss, eps_hat="eps")
ui.explain(lesson.normalised)

ui.say(
    "## Train it\n"
    "A different timestep for every digit of a batch: sometimes hardly any noise, sometimes hardly "
    "any digit. **Predict first:** will strokes or whole digits come first?"
)
training.lab("ddpm", curves.DDPM, ROWS)

ui.say("## Sample from it\nThree hundred steps, each the mean of what may be one step earlier.")
ui.explain(iterative_denoising.clean_estimate, x_0="x_0_hat")
ui.explain(iterative_denoising.posterior_mean, x_0="x_0_hat")
ui.explain(iterative_denoising.step_variance)

ui.say(
    "**Look closer.** The loss hardly falls after the fifth epoch, yet the samples go on "
    "improving. And which digit comes is left to chance: how would you ask for a 7?"
)
