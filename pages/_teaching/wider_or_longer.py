"""B2.2.1 · What its readers are asked to predict."""

from typing import Final

from pages._ui.inputs.predict import Question

TWICE_AS_WIDE: Final = Question(
    "The width D is doubled. How many multiply-adds does a prediction take then?",
    ("About twice as many", "About four times as many", "About eight times as many"),
    1,
    "A convolution has a weight for each pair of an input and an output channel, and both numbers "
    "double. Only the first and the last layer, and those that take the time, see a number of "
    "channels that stays the same.",
)
SHORT_OF_TIME: Final = Question(
    "D = 8 and D = 16 are stopped after the same processor minutes. Which has the lower Fréchet "
    "distance?",
    ("D = 16, whatever the minutes", "D = 8, whatever the minutes", "It depends on the minutes"),
    2,
    "Here, in one run of each, D = 8 was ahead after 0.9 minutes and D = 16 after 1.8. A wide "
    "network that is stopped early has had too few images. Another seed may move the place where "
    "the order changes.",
)
