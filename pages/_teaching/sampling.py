"""A1.5 · What its readers are asked to predict."""

from typing import Final

from pages._ui.inputs.predict import Question

IN_COMPANY: Final = Question(
    "The first image is sampled again, alone in its batch. Does it change?",
    ("No", "A little", "It becomes another image"),
    0,
    "Every image has its own noise, and the network processes each one independently. If the batch "
    "mattered, something would be wrong: BatchNorm in training mode, for example, mixes images.",
)
SILENT_STEPS: Final = Question(
    "Leave out the noise that every step adds. What happens to the images?",
    ("Nothing that can be seen", "They lose detail and become emptier", "They become noisy"),
    1,
    "The mean of a step moves towards a clean estimate that is itself a mean, so each step smooths "
    "a little. Fresh noise restores the variance; without it $x_t$ is less noisy than its $t$ "
    "says, and the network removes too much.",
)
