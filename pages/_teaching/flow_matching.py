"""B2.5 · What its readers are asked to predict."""

from typing import Final

from pages._ui.inputs.predict import Question

ONE_STEP: Final = Question(
    "Each digit is sampled in a single step. What is the result?",
    ("Noise", "A sharp digit, perhaps a wrong one", "The mean of the class"),
    2,
    "From pure noise all digits of the class are possible, and the velocity was trained to have a "
    "small squared error: it points to their mean. Later steps choose among them.",
)
ONE_DIGIT: Final = Question(
    "If there were only one digit in the training set, how many steps would flow matching need?",
    ("One is enough", "The more steps, the more exact", "No number gives it exactly"),
    0,
    "Then all lines end in the same digit, the trajectories are straight, and Euler's method is "
    "exact on a straight line. Where lines of several digits cross, trajectories bend, and the "
    "number of steps begins to matter.",
)
FEWER_STEPS: Final = Question(
    "In five steps the course's DDPM makes no recognisable digits. What would help most, without "
    "training again?",
    (
        "Nothing: its trajectories are too bent for long steps",
        "Less noise in each step: the posterior variance, or DDIM's none",
        "More guidance",
    ),
    1,
    "The network is good enough for long steps: DDIM samples well with it in five. Noise of "
    "variance β is too much for a long step, because too few steps follow that could remove it.",
)
