"""A0 · What its readers are asked to predict."""

from typing import Final

from pages._ui.inputs.predict import Question

SAME_SEED: Final = Question(
    "The first prompt is sampled once more from the same seed. Will the images be the same?",
    ("Yes, pixel for pixel", "Similar, with small differences", "No, sampling is random"),
    0,
    "All randomness comes from the seed: the noise at the start and the noise of every step. The "
    "network itself is deterministic.",
)
LOOKS: Final = Question(
    "An image in 20 steps with guidance γ = 7: how many predictions does the network make?",
    ("20 times", "40 times", "140 times"),
    1,
    "Every step needs two predictions, with the prompt and without it. γ only multiplies the "
    "difference of the two, so γ = 7 costs as much as γ = 2.",
)
