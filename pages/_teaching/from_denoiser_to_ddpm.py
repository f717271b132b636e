"""B2.1 · What its readers are asked to predict."""

from typing import Final

from pages._ui.inputs.predict import Question

SMALL_STEPS: Final = Question(
    "Noise is added in three hundred small steps, or in one jump with the equation above. If the "
    "total noise is the same, how different are the images?",
    (
        "The steps leave less of the digit",
        "The steps leave more of the digit",
        "They are the same",
    ),
    2,
    "Sums of Gaussian noise are Gaussian noise, and the weights multiply: $\\sqrt{\\bar\\alpha_t}$ "
    "is the product of all $\\sqrt{1 - \\beta}$. That is why training can jump to any $t$ at once.",
)
EQUAL_SHARE: Final = Question(
    "At which timestep have digit and noise the same weight?",
    ("About t = 60", "About t = 145", "About t = 240"),
    1,
    "The curves cross where $\\bar\\alpha = 1/2$. β grows linearly, so the weight of "
    "the digit falls slowly at first and fastest around t = 170.",
)
