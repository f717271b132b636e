"""B1.2.3 · Pure noise

Give the network nothing but noise and ask for a digit: it answers with the mean of all digits.
"""

from lessons import pure_noise as lesson
from lessons import sanity
from pages import _training as training
from pages import _ui as ui
from pages._questions import HEADING
from pages._questions import part_b as ask

ROWS: training.RowNames = (
    ("what the network is given: noise and nothing else", "eps"),
    ("its answer: {distance_to_mean:.3f} from the mean digit (root mean square)", "x_0_hat"),
    ("the mean of the 60,000 training digits", "x_0"),
)

ui.lesson_header(__doc__)
training.hero("pure-noise", ROWS)

ui.explain(lesson.best_blind_guess, x="x_0")
ui.explain(lesson.error_floor, x="x_0")

floor = ui.live(lesson.mnist_error_floor)
ui.code_that_ran(floor)
ui.explain(lesson.distance_from_loss, x="x_0")


def distance(loss: float) -> str:
    """What the present loss means."""
    return f"**{lesson.distance_from_loss(loss, floor):.2f}** from the mean digit, by the loss"


ui.say(
    "## Train it\n"
    f"For MNIST the floor is **{floor:.4f}**. Nothing that is trained here can get below it for "
    "long; a single batch can, when it happens to hold easy digits."
)
training.lab("pure-noise", None, ROWS, floor=floor or None, live_words=distance if floor else None)

ui.say(HEADING)
ui.predict(ask.TEN_NOISES, key="b123_q1")
if ui.predict(ask.SHARP_DIGIT, key="b123_q2"):
    ui.measured(ui.live(sanity.blind_guesses))
ui.say(
    "**Look closer.** A sharp digit would look better and score worse. This is why one step from "
    "noise to picture can't work, and why diffusion takes many small ones."
)
