"""B1.2.4 · Your own digit: what its readers are asked to predict."""

from typing import Final

from pages._ui.inputs.predict import Question

NO_NOISE: Final = Question(
    "Set σ = 0. What does the equation return?",
    ("The clean image", "The clean image, a little darker", "Pure noise"),
    0,
    "The noise has the weight 0, and the image keeps the weight 1.",
)
TWICE: Final = Question(
    "σ is doubled. What happens to the mean squared error of the noisy image?",
    ("It doubles", "It becomes four times as large", "It stays the same"),
    1,
    "The error is σ² on average, since the noise has variance 1.",
)
