"""A1.3 · What its readers are asked to predict."""

from typing import Final

from pages._ui.inputs.predict import Question

EXACT_NOISE: Final = Question(
    "Suppose the network predicted the noise exactly, at the noisiest timestep of the lesson. How "
    "good would its one-step estimate be?",
    ("Still blurred: too little of the image is left", "Close to the image", "The image"),
    2,
    "The equation inverts the forward process, and the image is never lost, however faint it is. "
    "All blur in the estimates above comes from the network's uncertainty about the noise.",
)
WHY_A_MEAN: Final = Question(
    "Why do clean estimates from strong noise look like a blend of many images?",
    (
        "The network is too small to draw sharply",
        "It was trained to have a small squared error",
        "The noise was taken away unevenly",
    ),
    1,
    "Many clean images fit the same noisy one, and the estimate with the smallest expected "
    "squared error is their mean. A perfect network would find exactly that mean, which is a "
    "blurred image.",
)
