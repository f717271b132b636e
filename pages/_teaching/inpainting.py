"""A1.7.2 · What its readers are asked to predict."""

from typing import Final

from pages._ui.inputs.predict import Question

MASK_NOTHING: Final = Question(
    "The mask is 0 everywhere: nothing is regenerated. What is the result?",
    ("The source image", "The source image, redrawn by the network", "A new image"),
    0,
    "After every step all of the image is replaced by the source image at that noise level, and "
    "at the end by the source image itself. The network predicts at every step, and nothing of "
    "it is kept.",
)
MASK_EVERYTHING: Final = Question(
    "The mask is 1 everywhere. Will the source image still have an influence?",
    (
        "No, this is plain sampling",
        "Yes, through the noise at the start",
        "Yes, through the colours",
    ),
    0,
    "The source image enters only where the mask is 0, and the trajectory begins at pure noise. "
    "Compare image to image, where the trajectory begins at the noisy source image.",
)
