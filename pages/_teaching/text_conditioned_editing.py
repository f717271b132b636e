"""A1.7.3 · What its readers are asked to predict."""

from typing import Final

from pages._ui.inputs.predict import Question

UNHEARD: Final = Question(
    "The same source image from i_start = 7 with two prompts, at γ = 0. How different are the "
    "results?",
    ("As different as the prompts", "A little", "Not at all"),
    2,
    "At γ = 0 only the unconditional prediction counts. A prompt has an influence for γ > 0 only, "
    "as in the guided results above.",
)
PROMPT_WINS: Final = Question(
    "From which noise levels does the prompt prevail over the source image?",
    ("Where most noise was added", "Where least noise was added", "At all levels alike"),
    0,
    "Large shapes are decided in strong noise and details in weak noise. Where the trajectory "
    "begins late, the shapes are fixed already and the prompt can only change details.",
)
