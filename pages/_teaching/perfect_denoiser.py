"""A1.5.1 · What its readers are asked to predict."""

from typing import Final

from pages._ui.inputs.predict import Question

ONE_IMAGE: Final = Question(
    "The set is a single image. Sampling takes 1, 2, 5 and 20 steps: what is the result?",
    (
        "The image, in any number of steps",
        "The image, the more exactly the more steps",
        "The image under a little noise",
    ),
    0,
    "Every clean estimate is the one image there is, and the last step ends at its estimate. So "
    "this set tests samplers: one that ends elsewhere has a mistake.",
)
COPIES: Final = Question(
    "Give the perfect denoiser ten times as many images. Will it then draw new ones?",
    ("Yes, it combines them", "Only between two similar ones", "No, it returns other copies"),
    2,
    "Late in the trajectory one image has all the weight, whatever the size of the set. Only in "
    "the middle of the trajectory is an estimate a mixture, and there it is a blur; choose "
    "another size and look at the distances.",
)
