"""A1.5.2 · What its readers are asked to predict."""

from typing import Final

from pages._ui.inputs.predict import Question

ETA_ONE: Final = Question(
    "Set η = 1. Which sampler is DDIM then?",
    ("One of its own, with more noise", "DDPM with the variance $\\tilde\\beta$", "DPM-Solver++"),
    1,
    "At η = 1 the weights of sample and clean estimate become those of the posterior mean, and σ² "
    "becomes $\\tilde\\beta$. Both rows above are then the same images, up to rounding.",
)
SAME_IMAGE: Final = Question(
    "DDIM at η = 0 and DPM-Solver++ start from one noise and take a hundred steps each. How do "
    "their images compare?",
    ("They are nearly equal", "They show the same thing in another way", "They are unrelated"),
    0,
    "Without fresh noise the path is the solution of a differential equation, which the noise at "
    "its start determines. The two approximate it in different ways, with errors that vanish as "
    "the steps become short.",
)
SECOND_ORDER: Final = Question(
    "A second-order step uses two clean estimates. How many network calls does DPM-Solver++(2M) "
    "need for ten steps?",
    ("Ten", "Twenty", "Nineteen"),
    0,
    "It is a multistep method (the M): the second estimate is that of the step before, which is "
    "there already. Heun's method would evaluate the network twice a step.",
)
