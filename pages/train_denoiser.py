"""B1.2 · Train a denoiser

A denoiser is trained with pairs that cost nothing: take a clean digit, add noise, and let the
network undo it. Here you train one for a single noise level, σ = 0.5, and follow its loss and its
estimates while it learns. Every diffusion model is trained by this same step.
"""

from lessons.part_b import train_denoiser as lesson
from lessons.training import curves
from pages import _ui as ui
from pages._shared import training as training
from pages._teaching import train_denoiser as ask

ROWS: training.RowNames = (
    ("clean test images", "x_0"),
    ("input, with noise of σ = 0.5: PSNR {psnr_noisy:.1f} dB", "x_t"),
    ("output of the network: PSNR {psnr:.1f} dB", "x_0_hat"),
)

ui.lesson_header(__doc__)
training.hero("denoiser", ROWS)

ui.explain(lesson.add_unscaled_noise, x="x_0", z="x_t")
ui.explain(lesson.denoising_loss, x="x_0", z="x_t", x_hat="x_0_hat")

ui.say(
    "## Train it\n"
    "Noise is drawn anew for every batch, so the network never sees the same noisy image twice "
    "and can't memorise it. Why σ = 0.5? With little noise there is little to learn; with σ = 1 "
    "the noise is as large as the difference of black and white, several digits explain the same "
    "input, and the output that minimises the squared error is a blurred mean of them. That is "
    "why one step does not make digits from noise, as lesson 1.2.3 shows. Even at σ = 0.5 the "
    "loss can't reach 0: the noise hides some details of a digit for good."
)
training.lab("denoiser", curves.DENOISER, ROWS)

ui.say(ui.PREDICT)
ui.predict(ask.LATE_LOSS, key="b12_q1")
ui.predict(ask.PIXEL_OFF, key="b12_q2")
ui.say(
    "**Look closer.** In the reference run the PSNR on test digits rises from 9.8 dB to 19.2 in "
    "the first epoch and to 21.3 in the other four. Which of the ten digits changes last, and why?"
)
