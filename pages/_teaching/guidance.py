"""A1.6 · What its readers are asked to predict."""

from typing import Final

from pages._ui.inputs.predict import Question

GAMMA_ZERO: Final = Question(
    "γ = 0 with your prompt and an empty negative prompt. What will the images be?",
    ("What the empty prompt gives", "A weak version of the prompt", "Grey, since nothing is left"),
    0,
    "$\\epsilon_u + 0 \\cdot (\\epsilon_c - \\epsilon_u)$ is $\\epsilon_u$: the prompt has no "
    "influence.",
)
GAMMA_ONE: Final = Question(
    "And γ = 1?",
    (
        "Half prompt, half empty prompt",
        "The conditional prediction, without guidance",
        "The image most typical of the prompt",
    ),
    1,
    "$\\epsilon_u$ cancels, and $\\epsilon_c$ is left. Guidance begins above 1; where others write "
    "$w = \\gamma - 1$, it begins above 0.",
)
NEGATIVE_ALONE: Final = Question(
    "γ = 0 again, now with something in the box “Negative prompt”. What will the images be?",
    (
        "What the prompt gives, without what the negative prompt names",
        "What the negative prompt alone gives",
        "What the empty prompt gives",
    ),
    1,
    "$\\epsilon_u$ is now the prediction for the negative prompt, and at γ = 0 it is all that is "
    "left. Only for γ > 1 does the sample move away from it.",
)
