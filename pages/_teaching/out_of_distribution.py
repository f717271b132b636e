"""B1.2.2 · What its readers are asked to predict."""

from typing import Final

from pages._ui.inputs.predict import Question

TWICE: Final = Question(
    "Give the network its own output as the next input. The PSNR of the second output is …",
    ("higher: the rest of the noise is removed too", "the same: nothing is left to do", "lower"),
    2,
    "It expects noise of σ = 0.5 and removes as much from any input. The output may look sharper, "
    "but it is further from the clean digit: details that were right are removed as well.",
)
NOTHING_UNDER: Final = Question(
    "Its input is noise of σ = 0.5 without any digit. What is its output?",
    ("Black", "A whole digit", "Fragments of strokes"),
    2,
    "All its training images contained a digit. Where the noise happens to be bright along a line, "
    "a stroke is a plausible explanation, and a faint one appears; there is not enough evidence "
    "for a whole digit anywhere.",
)
