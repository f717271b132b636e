"""A1.7.4 · Paint along: what its readers are asked to predict."""

from typing import Final

from pages._ui.inputs.predict import Question

SAME_STROKES: Final = Question(
    "You undo the last stroke and redo it (the arrows below the canvas). What are the images then?",
    (
        "Others: new noise is drawn for every stroke",
        "The same as before",
        "Closer to the drawing than before",
    ),
    1,
    "The noises follow from the seed alone, and DDIM with η = 0 adds none on its way. So the "
    "drawing, the level and the prompt decide everything.",
)
OTHER_PROMPT: Final = Question(
    "The prompt asks for something that the drawing doesn't resemble. Where does it win?",
    ("At a low t", "At a high t", "At every t alike"),
    1,
    "At a high t noise has covered all but the coarse shapes and colours, so most of the image is "
    "still to be decided. At a low t the drawing is nearly all there.",
)
