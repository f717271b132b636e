"""B1.2 · What its readers are asked to predict."""

from typing import Final

from pages._ui.inputs.predict import Question

LATE_LOSS: Final = Question(
    "After the first 13,000 digits the loss of the course's own run is 0.02. What is it after "
    "300,000?",
    ("At 0.002", "At 0.008", "Still at 0.02"),
    1,
    "Noise of this level hides some details of a digit for good, so the loss can't reach 0. The "
    "dashed curve in the chart is the course's own.",
)
PIXEL_OFF: Final = Question(
    "At a loss of 0.01, what is the root mean square error of a pixel?",
    ("0.01", "0.1", "0.5, as much as the noise"),
    1,
    "The loss is a mean of squares, and $\\sqrt{0.01} = 0.1$. The noise in the input has a "
    "mean square of $0.5^2 = 0.25$, so the network removes 96 % of the squared error.",
)
