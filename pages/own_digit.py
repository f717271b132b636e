"""B1.2.4 · Your own digit

Draw a digit, add noise to it and let the denoiser remove it again. First the drawing is brought to
the form of MNIST's digits, and here it is seen why: both networks know digits of that form alone.
Drawings, those of a class together too, and uploads can be kept as a data set, and the networks of
the later lessons trained on it.
"""

from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from lessons.beyond import own_digit as lesson
from lessons.training import networks
from pages import _ui as ui
from pages._shared import own_data, sampling
from pages._teaching import own_digit as ask

SIZE = 192
"""CSS pixels of an image."""


def drawing_of(drawn: NDArray[np.uint8] | None) -> dict[str, Any]:
    """What is drawn, white on black, or nothing while there is nothing."""
    return {} if drawn is None else {"drawing": 255 - drawn[..., 0]}


@st.fragment
def drawing(denoiser: str) -> None:
    """The canvas and what becomes of the drawing; a stroke runs this part of the page alone."""
    row = st.container(horizontal=True, gap="medium")
    left, right = row.container(width=336), row.container(width="stretch")
    with left:
        drawn = ui.drawing_input(key="b124_drawing", shape=(1, lesson.SIDE, lesson.SIDE))
    with right:
        sigma = ui.slider("Noise σ", 0.0, 1.5, 0.5, key="b124_sigma", step=0.05)
        found = ui.live(
            lesson.demo,
            run_id=denoiser,
            sigma=sigma,
            seed=ui.seed(),
            weights_hash=networks.weights_hash(denoiser),
            **drawing_of(drawn),
        )
        if found:
            ui.grid((found.images[:2], found.images[2:]), size=SIZE)
            if drawn is None:
                ui.label("An example, until your first stroke.")
    if not found:
        return
    ui.say("**How likely the classifier finds each digit**")
    ui.table(
        ["image", *map(str, range(10))],
        [[name, *(f"{p:.0%}" for p in shares)] for name, shares in found.probabilities.items()],
        label="Probabilities of the ten digits",
    )
    ui.caption(
        "The ten probabilities of a row have the sum 1: the classifier has no class for what is no "
        "digit. PSNR is measured against your digit at 28×28."
    )
    ui.deliver(found.images[1:], "A drawing at 28×28, under noise, denoised", network=denoiser)
    ui.downloads({"own_digit.png": lambda: ui.montage(found.images[1:])}, key="b124_files")
    ui.code_that_ran(found)
    if drawn is not None:
        own_data.offer_to_collect(found.images[1].pixels)


ui.lesson_header(__doc__)
shipped = sampling.shipped("denoiser")
if shipped:
    drawing(shipped)
    ui.explain(lesson.fit_in_box)
    ui.explain(lesson.centre_of_mass)
    ui.explain(lesson.centred)
    ui.say(
        "**Is this the form of MNIST?** Sent through the same steps, 99.97 % of the 10,000 test "
        "digits come back unchanged to the last bit: they have been through them already. And it "
        "matters. Shrink the test digits to half their size and move them into a corner, and the "
        "classifier is right for 39 % of them; after these steps it is right for 99 % again."
    )
    ui.say(
        "**What does noise do to a classifier?** Under noise of σ = 0.5 it takes every one of "
        "1,000 test digits for an 8, with a mean probability above 99.9 %. It never saw noise, so "
        "its confidence says nothing here. After the denoiser it is right for 97.5 % of them."
    )
else:
    ui.info("No denoiser came with this installation.")

own_data.section()

ui.say(ui.PREDICT)
ui.predict(ask.CORNER, key="b124_q1")
ui.predict(ask.TRIANGLE, key="b124_q2")
ui.say(
    "**Look closer.** Draw a 7 with and without a bar, or a 1 with and without a foot. Which of "
    "them does the denoiser leave as it is at σ = 0.5, and which does it change?"
)
