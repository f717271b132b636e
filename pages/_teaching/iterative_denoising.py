"""A1.4 · What its readers are asked to predict."""

from typing import Final

from pages._ui.inputs.predict import Question

SINGLE_STEP: Final = Question(
    "Sampling goes from here to the clean image in a single step. What is the result?",
    (
        "The same as the one-step estimate",
        "Something between the estimate and the noisy image",
        "Something sharper than the estimate",
    ),
    0,
    "Put $\\bar\\alpha_s = 1$ into the step: the estimate gets the weight 1, the noisy image 0. "
    "One-step denoising is the shortest trajectory.",
)
LAST_STEP: Final = Question(
    "Every step but the last adds a little noise. What if the last one did too?",
    (
        "The image would be more varied",
        "The noise would stay in the image",
        "The image would be smoother",
    ),
    1,
    "A sample at timestep $s$ has to be as noisy as $s$ says; the next step expects that noise and "
    "removes it again. After the last step there is no next one.",
)
PSNR: Final = Question(
    "What does PSNR reward most?",
    ("Sharp edges", "The mean of all images that would fit", "Few grey pixels"),
    1,
    "PSNR is the squared error on a logarithmic scale, and the mean of all possible images has the "
    "smallest one. An edge that is one pixel off costs twice: where it is, and where it should be.",
)
