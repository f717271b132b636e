"""B2.3 · What its readers are asked to predict."""

from typing import Final

from pages._ui.inputs.predict import Question

LABEL_LOSS: Final = Question(
    "By how much does the label lower the loss?",
    ("To a half", "By a few percent", "Not at all"),
    1,
    "At most timesteps the digit can still be recognised in the noisy image, so the label adds "
    "little. It matters at the highest noise levels, where the class is not yet decided.",
)
MASKED: Final = Question(
    "A 3 and an 8 are requested from the same noise, but with the mask at 0. How different are "
    "the samples?",
    ("3s and 8s, but weaker", "Slightly different", "Not at all"),
    2,
    "The mask multiplies the label: $0 \\cdot c$ is the same for every class. Only because "
    "training dropped one label in ten is the prediction for this input a useful one.",
)
