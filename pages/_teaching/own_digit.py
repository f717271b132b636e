"""B1.2.4 · What its readers are asked to predict."""

from typing import Final

from pages._ui.inputs.predict import Question

CORNER: Final = Question(
    "Draw the same digit small, in a corner of the canvas. What changes at 28×28?",
    ("It is smaller", "It lies in a corner", "Nothing but its finest details"),
    2,
    "What is drawn is cut out, scaled until its longer side has 20 pixels, and placed by its "
    "centre of mass. Only the brush's width beside the digit's size is left of how it was drawn.",
)
TRIANGLE: Final = Question(
    "Draw a triangle. How sure can the classifier be that it is a digit?",
    (
        "Each digit gets about 10 %",
        "It may be certain, as it has to choose one of ten",
        "It refuses",
    ),
    1,
    "The softmax turns ten scores into probabilities with the sum 1, and nothing in training "
    "showed it anything but digits. The triangle of the tests is a 0 with more than 99 %.",
)
