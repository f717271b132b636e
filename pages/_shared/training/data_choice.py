"""Which data a run is trained on: MNIST, unless a reader put something else here."""

from __future__ import annotations

import streamlit as st

from lessons.own_data import sets
from lessons.own_data.names import MNIST
from lessons.training import runs
from pages import _ui as ui
from pages._shared.training.helps import HELP


def data_control(recipe: str, key: str) -> None:
    """Let the reader choose the data of a run; a set that is not here gives way to MNIST.

    Args:
        recipe: which; one with classes is only offered sets that have labels.
        key: where the choice is kept, and which set a link or a copied run asks for.
    """
    needed = recipe.startswith("class-")
    offered = {one.name: one for one in sets.all_sets() if one.labelled or not needed}
    asked = st.session_state.get(key, MNIST)
    if asked not in offered:
        try:
            sets.check_labels(str(asked), needed)
        except ValueError as error:
            ui.warning(f"{error} MNIST is used instead.")
        st.session_state[key] = MNIST
    ui.register("data", None, "Training data", bound=False)
    left, right = st.columns([2, 1], vertical_alignment="bottom")
    with left, ui.place_of("data"):
        st.selectbox(
            "Training data",
            list(offered),
            key=key,
            format_func=lambda name: title(offered[name]) if name in offered else str(name),
            help=HELP["data"],
            persist_state="session",
        )
    with right:
        ui.to_page("own_digit.py", "Draw or upload your own")


def title(one: sets.DataSet) -> str:
    """A data set in one line: what it is called, how many images, and the digest of those."""
    if one.name == MNIST:
        return f"{one.title} · {one.count:,} images"
    labels = "" if one.labelled else " · without labels"
    return f"{one.title} · {one.count:,} images{labels} · {one.name[-12:]}"


def on_mnist(run: runs.RunView) -> bool:
    """Whether a run is of MNIST's digits, which the classifier and the course's curves know."""
    return getattr(run.settings, "data", MNIST) == MNIST
