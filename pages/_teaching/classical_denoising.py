"""A1.2 · What its readers are asked to predict."""

from typing import Final

from pages._ui.inputs.predict import Question

BEST_SIGMA: Final = Question(
    "The more noise, the best σ of the filter is as a rule …",
    ("smaller", "the same", "larger"),
    2,
    "Where noise is strong, averaging gains more than the blurred edges cost. The "
    "captions of the table name the best setting of each level; in your own curves the peak moves "
    "when you move $t$.",
)
NOISE_LEFT: Final = Question(
    "A filter with kernel 5 and σ = 1 goes over pure noise. How strong is the noise afterwards?",
    ("About 3/4 of what it was", "About 1/3 of what it was", "About 1/25: the mean of 25 pixels"),
    1,
    "A mean of 25 pixels with equal weights would leave 1/5, since noise falls with the square "
    "root of the number. The Gaussian gives more weight to the centre, so only about twelve "
    "pixels count effectively.",
)
