"""What the sampling pages share where a model can enlarge: a sample four times as large."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from lessons import upscaling
from lessons.images.captioned import CaptionedImage
from pages import _ui as ui


def enlarging(model: str, samples: Sequence[CaptionedImage], prompt: str, *, key: str) -> None:
    """Let the reader enlarge one of the samples; show nothing where that can't be done.

    Args:
        model: whose second network.
        samples: finished images, at least two.
        prompt: what they show.
        key: begins with the lesson's number.
    """
    if not upscaling.offered(model):
        return
    ui.say("## Four times as large")
    ui.say(
        "A second network draws what the small image leaves open. It sees the small image, "
        "stretched, beside the noisy large one."
    )
    if not ui.toggle("Enlarge a sample", key=f"{key}_enlarge"):
        return
    left, middle, right = st.columns(3)
    with left:
        place = ui.slider("Sample", 1, len(samples), 1, key=f"{key}_sample")
    with middle:
        level = ui.slider("Noise in the small image", 0, 999, 250, key=f"{key}_level")
    with right:
        gamma = ui.slider("Guidance γ", 0.0, 15.0, 4.0, key=f"{key}_large_gamma", step=0.5)
    found = ui.live(
        upscaling.demo,
        model=model,
        source_image=samples[place - 1].pixels,
        prompt=prompt,
        gamma=gamma,
        level=level,
        seed=ui.seed(),
        on_frame=lambda frame: ui.strip(frame, size=280),
    )
    if found:
        ui.strip((found.small, found.stretched, found.large), size=280)
        ui.code_that_ran(found)
        ui.downloads({"large.png": lambda: ui.montage((found.large,))}, key=f"{key}_large_files")
    ui.explain(upscaling.enlarge)
