"""B1.2 · Train a denoiser

One network, one noise level: from a clean digit under noise of σ = 0.5 back to the digit.
"""

from lessons import curves
from lessons import train_denoiser as lesson
from pages import _training as training
from pages import _ui as ui
from pages._questions import HEADING
from pages._questions import part_b as ask

ROWS: training.RowNames = (
    ("the truth", "x_0"),
    ("what the network is given: {psnr_noisy:.1f} dB", "x_t"),
    ("its answer: {psnr:.1f} dB", "x_0_hat"),
)

ui.lesson_header(__doc__)
training.hero("denoiser", ROWS)

ui.explain(lesson.add_noise, x="x_0", z="x_t")
ui.explain(lesson.denoising_loss, x="x_0", z="x_t", x_hat="x_0_hat")

ui.say(
    "## Train it\n"
    "Noise is drawn anew for every batch, so the network never sees the same picture twice and "
    "can't learn it by heart."
)
training.lab("denoiser", curves.DENOISER, ROWS)

ui.say(HEADING)
ui.predict(ask.LATE_LOSS, key="b12_q1")
ui.predict(ask.PIXEL_OFF, key="b12_q2")
ui.say(
    "**Look closer.** The loss falls fast and then hardly moves, yet the digits keep getting "
    "sharper. Which of the ten changes last, and why?"
)
