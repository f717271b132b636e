"""A1.7 · What its readers are asked to predict."""

from typing import Final

from pages._ui.inputs.predict import Question

TWO_SOURCE_IMAGES: Final = Question(
    "Two different source images, with the same noise added at i_start = 0. How different are the "
    "results?",
    (
        "Not at all: the source images are gone",
        "A little: a trace of each is left",
        "As different as the source images",
    ),
    1,
    "Even at i_start = 0 the weight √ᾱ of the image is small, but not 0. How much that trace "
    "matters depends on the schedule: in the course's it is 1.4 % of the image, in that of the "
    "digits a fifth.",
)
LIGHTEST: Final = Question(
    "Which of the six levels keeps most of the source image?",
    ("i_start = 1", "i_start = 7", "i_start = 20"),
    2,
    "i_start counts along the falling timesteps: 0 is the noisiest, and from 20 on only thirteen "
    "steps are left. What the noise has not covered, the network has no reason to change.",
)
