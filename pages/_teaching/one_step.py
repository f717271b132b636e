"""B2.6 · One step: what its readers are asked to predict."""

from typing import Final

from pages._ui.inputs.predict import Question

CROSSING: Final = Question(
    "The straight lines between random noises and random images cross. Can two trajectories of "
    "one and the same network cross, too, at the same time t?",
    ("Yes, wherever the lines do", "No, never", "Only near the images"),
    1,
    "The velocity is a function of place and time: from one place at one time there is only one "
    "way on. So where lines cross the trajectories turn away from each other. The pairs that they "
    "make are untangled, and lines between those can be learnt far better.",
)
TWO_STEPS: Final = Question(
    "The distilled student was trained at t = 0 alone. What if you take two steps with it?",
    (
        "The samples get better, as with any sampler",
        "Nothing changes",
        "It is asked at a time that it was not trained for, and nothing makes its answer right",
    ),
    2,
    "The second step asks for the velocity halfway, where its loss never looked, and what it once "
    "knew of that time is forgotten: measured on 300 samples, the Fréchet distance is 0.7 in one "
    "step and above 20 in two. The rectified student learnt all times, and takes as many steps as "
    "you like.",
)
GUIDANCE: Final = Question(
    "The teacher's samples were guided. How is guidance applied when a student samples?",
    (
        "Not at all: it is in the images that the student learnt from",
        "In the same way, with two predictions",
        "With half of γ",
    ),
    0,
    "The student learns where the guided trajectory ends. It needs one prediction a step in the "
    "place of two, and γ can't be chosen any more.",
)
