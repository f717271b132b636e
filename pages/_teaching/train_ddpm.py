"""B2.2 · What its readers are asked to predict."""

from typing import Final

from pages._ui.inputs.predict import Question

WRONG_TIME: Final = Question(
    "In training the network was given t / T, between 0 and 1. Sampling gives it t itself, 1 to "
    "300. What is sampled?",
    ("The same digits", "Digits that are worse", "No digits at all"),
    2,
    "The network is given times far outside its training range, and its two time-embedding layers "
    "extrapolate. There is no error message and no wrong shape; only the images show it.",
)
BATCH_STATISTICS: Final = Question(
    "Without eval(), a digit is sampled alone, and again in a batch of ten, from the same noise. "
    "What changes?",
    ("Nothing", "A rounding error", "The digit"),
    2,
    "In training mode BatchNorm takes mean and variance from the batch at hand, so every image "
    "depends on its neighbours. In evaluation mode it uses the averages that it collected in "
    "training.",
)
