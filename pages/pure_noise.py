"""B1.2.3 · Pure noise

Could a network make a digit from pure noise in a single step? Train it to, with a squared error,
and it learns to return the mean of all training digits, whatever the noise. This lesson derives
why, computes the lowest loss that is possible, and so gives the reason for sampling in many steps.
"""

from lessons.part_b import pure_noise as lesson
from lessons.workshop.experiments import digit_networks
from pages import _ui as ui
from pages._shared import training as training
from pages._teaching import pure_noise as ask

ROWS: training.RowNames = (
    ("input: pure noise, σ = 1", "eps"),
    ("output: root mean square distance {distance_to_mean:.3f} to the mean digit", "x_0_hat"),
    ("mean of the 60,000 training digits", "x_0"),
)

ui.lesson_header(__doc__)
training.hero("pure-noise", ROWS)

ui.explain(lesson.best_constant_estimate, x="x_0")
ui.explain(lesson.error_floor, x="x_0")

floor = ui.live(lesson.mnist_error_floor)
ui.code_that_ran(floor)
ui.explain(lesson.distance_from_loss, x="x_0")


def distance(loss: float) -> str:
    """What the present loss means."""
    away = lesson.distance_from_loss(loss, floor)
    return f"distance to the mean digit, from the loss: **{away:.2f}**"


ui.say(
    "## Train it\n"
    "Why does it fail? The noise is drawn independently of the digit, so it carries no information "
    "about it, and the best output is the same for every noise: the mean. What remains is the "
    f"variance of the digits, **{floor:.4f}** for MNIST. It is the lowest expected loss of any "
    "network; the loss of a single batch can lie below it by chance."
)
training.lab("pure-noise", None, ROWS, floor=floor or None, live_words=distance if floor else None)

ui.say(ui.PREDICT)
ui.predict(ask.TEN_NOISES, key="b123_q1")
if ui.predict(ask.SHARP_DIGIT, key="b123_q2"):
    ui.measured(ui.live(digit_networks.constant_estimates))
ui.say(
    "**Look closer.** A sharp digit would look better and have a larger loss. A single step of "
    "regression from noise returns a mean; a diffusion model takes many small steps, and each of "
    "them has to decide only a little."
)
