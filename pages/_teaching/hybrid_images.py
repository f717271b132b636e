"""A1.10 · What its readers are asked to predict."""

from typing import Final

from pages._ui.inputs.predict import Question

HYBRID_ITSELF: Final = Question(
    "A hybrid of a prompt with itself: what is the result?",
    ("Plain samples of that prompt", "Samples with stronger edges", "Samples without edges"),
    0,
    "The low-pass and the high-pass part of one prediction add up to it, whatever σ is, because "
    "the high pass is defined as the rest.",
)
NO_BLUR: Final = Question(
    "Let σ go to 0. Which prompt is left?",
    ("The low-frequency prompt", "The high-frequency prompt", "Both, half and half"),
    0,
    "A Gaussian without width is a low pass that lets everything through, and nothing is left for "
    "the high pass. With a very large σ it is the other way round, except for the mean.",
)
WHY_LOWPASS: Final = Question(
    "Why is the prompt that is seen from afar the low-passed one?",
    (
        "Coarse shapes are all that is left at a distance",
        "Coarse shapes are easier for the network",
        "Fine edges would be too bright",
    ),
    0,
    "Stepping back is itself a low pass: the eye cannot resolve the fine edges any more. With the "
    "filters exchanged the two prompts change places.",
)
