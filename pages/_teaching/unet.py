"""B1.1 · What its readers are asked to predict."""

from typing import Final

from pages._ui.inputs.predict import Question

MOST_NUMBERS: Final = Question(
    "Which block has the most parameters?",
    (
        "lift, whose feature maps are the largest",
        "unflatten, whose input is a single pixel",
        "merge, which joins the most channels",
    ),
    1,
    "An ordinary convolution uses the same few weights at all places. unflatten has a weight of "
    "its own for each of 7 × 7 places and each pair of its 2D channels: $7 \\cdot 7 \\cdot 2D "
    "\\cdot 2D$.",
)
LAST_GELU: Final = Question(
    "Suppose the last layer ended in a GELU, and the network had to predict noise. Which values "
    "could it not predict?",
    ("It could predict all of them", "Values well below 0", "Values above 1"),
    1,
    "A GELU passes large numbers on and maps negative ones to values close to 0. Half of the "
    "values of Gaussian noise are negative.",
)
