"""A1.8 · What its readers are asked to predict."""

from typing import Final

from pages._ui.inputs.predict import Question

ANAGRAM_ITSELF: Final = Question(
    "Both prompts are prompt 1, and the view changes nothing. What is the result?",
    (
        "Plain samples of that prompt",
        "Something sharper: two predictions agree",
        "A blend, so blurred",
    ),
    0,
    "The mean of two equal predictions is that prediction. An anagram adds nothing else; all "
    "that is special comes from the view.",
)
EXCHANGED: Final = Question(
    "The two prompts are exchanged, and the view is applied to all noise before it is used. What "
    "will the images be?",
    (
        "New images of the same two things",
        "The same images after the view",
        "The same images, exactly as they were",
    ),
    1,
    "A view that moves pixels or changes signs turns noise into equally good noise, so the "
    "whole trajectory is transformed with it. Were the view's inverse left out somewhere, the two "
    "would differ.",
)
