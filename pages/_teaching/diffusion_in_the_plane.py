"""A1.0 · What its readers are asked to predict."""

from typing import Final

from pages._ui.inputs.predict import Question

FAR_OUT: Final = Question(
    "The data are two moons, and there is hardly anything but noise (t = 999). Where do the arrows "
    "point?",
    (
        "Each to the nearest data point",
        "Each to the nearer of the two moons",
        "All to one place, the mean of the data",
    ),
    2,
    "Under so much noise every data point is as likely as any other, so the expected one is the "
    "mean of all, wherever you stand. Move the slider to its left end and point anywhere: all "
    "lines are equally faint.",
)
SAME_NOISE: Final = Question(
    "SDE and ODE begin at the same noises. Does a particle end at the same place with both?",
    (
        "Yes: both follow the same field",
        "No, but all particles together are spread in the same way",
        "No, and the ODE reaches only a part of the data",
    ),
    1,
    "The SDE adds fresh noise at every step and forgets where it began, while in the ODE the first "
    "noise decides all. At each noise level both have the density $p_t$, and so at the end that of "
    "the data.",
)
TEN: Final = Question(
    "Only ten points are known, and 256 particles follow their exact score. At how many different "
    "places do they end?",
    ("At ten", "At about a hundred, between the ten", "At 256"),
    0,
    "Without noise all probability lies in the known points, and the exact score leads there. "
    "Whoever wants new samples needs a field that is not exact.",
)
