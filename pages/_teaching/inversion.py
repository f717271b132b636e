"""A1.5.3 · What its readers are asked to predict."""

from typing import Final

from pages._ui.inputs.predict import Question

MORE_STEPS: Final = Question(
    "With one prediction a step, take a hundred steps instead of ten, there and back. How close is "
    "the decoded digit to the source image?",
    ("Closer", "Just as close", "Farther off, as errors add up"),
    0,
    "The error of a step comes from predicting the noise at its cleaner end. Short steps have ends "
    "that are almost alike: try ten and a hundred, with one prediction a step, and read the PSNR.",
)
MIDDLE: Final = Question(
    "Half-way on the straight line between two noises of many pixels, what is the norm, beside "
    "theirs?",
    ("The same", "About 0.7 of it", "About half of it"),
    1,
    "Two independent noises are nearly at right angles, so the middle is half the diagonal of a "
    "square: $1 / \\sqrt 2$ of its side. At this timestep the network never met noise so weak.",
)
