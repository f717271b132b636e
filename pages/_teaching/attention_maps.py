"""A1.6.1 · Which word drew which pixel: what its readers are asked to predict."""

from typing import Final

from pages._ui.inputs.predict import Question

EMPTY: Final = Question(
    "The empty prompt holds no word. How much of the attention goes to it?",
    (
        "None: there is nothing to look at",
        "Some: its start and its end are tokens too",
        "All that a prompt would get",
    ),
    1,
    "The encoder puts a mark before and after every prompt, also the empty one. A softmax gives "
    "positive weight to everything that is there, so places look at these marks as well.",
)
WITHOUT: Final = Question(
    "A word has a large share of the attention everywhere. It is left out. What follows?",
    (
        "The clean estimate changes everywhere, in proportion",
        "Nothing follows for certain: it must be tried",
        "Nothing changes, since the softmax adds up to 1 again",
    ),
    1,
    "Attention is the weight of what is taken, not its size: the value vectors count as well, and "
    "so does the prompt's mean, which bypasses attention. Only leaving the word out tells.",
)
