"""What the pages that sample with a trained network share: which run, and its trajectory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import streamlit as st

from lessons.measure import classifier
from lessons.part_b.sampled_digits import SampledDigits
from lessons.training import runs
from pages import _ui as ui
from pages._shared.training import focus
from pages._shared.training.data_choice import on_mnist

FLOOR_OF_FORTY: Final = 2.6
"""Fréchet distance of forty real digits: `classifier.frechet_floor(40)`."""

FRECHET_OF_FORTY: Final = (
    "forty samples from pure noise; Fréchet distance {frechet:.1f}, forty real digits have "
    f"{FLOOR_OF_FORTY}"
)
FOUR_OF_EACH: Final = (
    "four samples of each digit; {accuracy:.0%} classified as the digit requested, "
    f"Fréchet distance {{frechet:.1f}}, forty real digits have {FLOOR_OF_FORTY}"
)

OTHER_DATA: Final = (
    "Networks that were trained on other data than MNIST are not offered here: the classifier "
    "knows digits alone. Their samples stand beside their curves, after each epoch."
)


def finished_run(key: str, *recipes: str, follow: bool = False) -> str | None:
    """Let the reader choose among the finished runs of some recipes; None if there are none.

    Args:
        key: the choice's name, also in the address.
        recipes: of which kinds.
        follow: choose the run that the reader watches on this page, whenever that is another one.
    """
    everything = [run for recipe in recipes for run in runs.all_runs(recipe)]
    everything = [run for run in everything if runs.weights_file(run.id)]
    finished = {run.id: run for run in everything if on_mnist(run)}
    if len(finished) < len(everything):
        ui.caption(OTHER_DATA)
    if not finished:
        ui.info("No run of this kind has finished yet.")
        return None
    words = {name: _name(run) for name, run in finished.items()}
    for recipe in recipes if follow else ():
        _follow(key, recipe, finished)
    return ui.named_choice("Network", words, key=key, left_out=shipped_first(finished))


def _follow(key: str, recipe: str, finished: Mapping[str, runs.RunView]) -> None:
    """Choose what is watched above, once it has finished; then the reader may choose another."""
    watched, mark = focus.watched_id(recipe), f"{key}: followed in {recipe}"
    if watched not in finished or watched == st.session_state.get(mark, shipped(recipe)):
        return
    st.session_state[mark] = watched
    if key in st.session_state:  # else it is the address that says what to show
        st.session_state[key] = watched


def shipped_first(finished: Mapping[str, runs.RunView]) -> str | None:
    """The first of some runs, if it came with the project and so is first on other machines too."""
    first = next(iter(finished.values()))
    return first.id if first.shipped else None


def shipped(recipe: str) -> str | None:
    """The run of a recipe that came with the project, if one did."""
    return next((run.id for run in runs.all_runs(recipe) if run.shipped), None)


def verdict(shown: SampledDigits) -> None:
    """The samples' classes, and the training digit nearest to each."""
    numbers = shown.numbers
    right = (
        f"Of these ten it classifies **{numbers['accuracy']:.0%} as the digit requested**. "
        if "accuracy" in numbers
        else "The captions say how it classifies these ten. "
    )
    ui.say(
        "### Classified, and compared with the training digits\n"
        f"The classifier is right for {classifier.accuracy():.1%} of the test digits. {right}"
        "Below each sample stands the training digit nearest to it, pixel by pixel: a network "
        "that had memorised its training digits would draw copies of them."
    )
    ui.grid([shown.samples, shown.copies], row_labels=("sampled", "nearest"), size=112)


def _name(run: runs.RunView) -> str:
    with_or_without = "with classes" if run.recipe.startswith("class-") else "without classes"
    return f"{'Reference · ' if run.shipped else ''}{with_or_without} · {run.label}"
