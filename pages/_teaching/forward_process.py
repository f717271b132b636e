"""A1.1 · What its readers are asked to predict."""

from typing import Final

from pages._ui.inputs.predict import Question

NO_NOISE: Final = Question(
    "Put ᾱ = 1 into the equation. What comes out?",
    ("The clean image", "The image under a trace of noise", "Pure noise"),
    0,
    "The image has the weight √1 and the noise √0. No timestep of the schedule is that clean: "
    "even at $t = 0$ the noise has a weight above 0, as the slider shows.",
)
WEIGHTS: Final = Question(
    "Move the slider and watch the two weights under the images. What stays the same?",
    ("Their sum", "The sum of their squares", "Neither of the two"),
    1,
    "Variances add, not weights: $\\bar\\alpha + (1 - \\bar\\alpha) = 1$. So data of variance 1 "
    "keep the variance 1 at every $t$, and the network never meets inputs of another scale.",
)
