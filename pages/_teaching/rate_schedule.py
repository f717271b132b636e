"""B2.5.1 · What its readers are asked to predict."""

from typing import Final

from pages._ui.inputs.predict import Question

TOO_SMALL: Final = Question(
    "In the table the smallest constant rate ends with the largest Fréchet distance. What held it "
    "back?",
    ("The noise of its steps", "It has not arrived yet", "Its gradients are smaller"),
    1,
    "Adam's steps are about as long as the rate, whatever the size of the gradient, and all runs "
    "take equally many of them. Its curve is still going down where it was stopped.",
)
TWO_AVERAGES: Final = Question(
    "Averaging the weights helps a run at a constant rate. The run whose rate decays is averaged "
    "too. What does it gain in the simple example, where θ²/2 is minimised?",
    ("As much", "Nothing: its last steps are small already", "More"),
    1,
    "Averaging removes the noise of the steps, and the decaying rate has removed it before. The "
    "average even lags behind: it still holds weights from farther away.",
)
ONE_SEED: Final = Question(
    "Two schedules are each trained once, and the better one is ahead by three standard errors of "
    "its samples. Is it the better schedule?",
    (
        "Yes, that is more than chance",
        "Not yet: another seed moves a run too",
        "Yes, if both were trained to the end",
    ),
    1,
    "The standard error says how much other samples of the same weights would differ. Other "
    "initial weights and another order of the images give other weights: in the table there is a "
    "row whose own two seeds differ by more than two of their errors. Two readers of the same "
    "course can come to opposite answers in this way.",
)
