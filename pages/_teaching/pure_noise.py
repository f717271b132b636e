"""B1.2.3 · What its readers are asked to predict."""

from typing import Final

from pages._ui.inputs.predict import Question

TEN_NOISES: Final = Question(
    "Ten different noise images are the input. How different are the ten outputs?",
    ("Ten different digits", "Nearly identical", "As different as the noise"),
    1,
    "The noise carries no information about the digit, so the best output is the same for all of "
    "them. The differences left in the rows above would shrink with further training.",
)
SHARP_DIGIT: Final = Question(
    "Suppose the output were always the same sharp training digit. Compared with the mean digit, "
    "the loss would be …",
    ("smaller: it is at least a digit", "about the same", "about twice as large"),
    2,
    "For two independent digits $\\mathbb{E} \\lVert x - y \\rVert^2 = 2 \\operatorname{Var}[x]$: "
    "one variance comes from the target, one from the output. The squared error prefers a blurred "
    "mean, and even a black image, to a wrong digit.",
)
