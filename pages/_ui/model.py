"""Which model the lessons of Part A use, and what it is asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from lessons import text_to_image
from pages._ui.address import knob
from pages._ui.live import made_before
from pages._ui.numbers import check_choice
from pages._ui.picture_input import gallery_input as from_gallery
from pages._ui.places import sidebar
from pages._ui.plain_text import plain_text
from pages._ui.seed import seed
from pages._ui.visit import note, use
from pages._ui.words import label

KEY: Final = "model"
LONGEST: Final = 200
OWN: Final = "your own words"


def model() -> str:
    """Show the choice of a model in the sidebar, and return its name.

    The choice holds for all lessons that have one; the address carries it as `?model=TITLE`, and
    takes the name too. Where the model's makers kept its guesses inside the range, a switch does
    so as well; the name tells.
    """
    known = {one.title: one for one in text_to_image.models()}
    titles = list(known)
    for title, one in known.items():
        if st.query_params.get(KEY) == one.name and KEY not in st.session_state:
            st.query_params[KEY] = title
            st.rerun()  # Streamlit has read the address before the page runs
    check_choice(KEY, titles, titles[0], "Model")
    place = sidebar()
    chosen = place.selectbox(
        "Model",
        titles,
        key=KEY,
        bind="query-params",
        persist_state="session",
        help="The network behind the lessons of Part A. The set-up lesson says what each can do.",
    )
    about = known.get(chosen, known[titles[0]])
    note(KEY, "Model", about.title)
    use(about.name)
    if about.thresholded and place.toggle(
        "Dynamic thresholding",
        key="thresholding",
        bind="query-params",
        persist_state="session",
        help="Brings guesses that guidance overdrew back into the picture, as this model's makers "
        "do. The course leaves it out. Lesson 1.6 explains it.",
    ):
        note("thresholding", "Dynamic thresholding", True)
        return about.thresholded
    return about.name


def prompt(words: str, default: str, *, model: str, key: str) -> str:
    """Let the reader say what to make, and return what the model can take.

    Args:
        words: what the box is called.
        default: what is asked for at first, and in place of what the model can't take.
        model: whose prompt it is; each model has a box of its own.
        key: its name, which begins with the lesson's number.
    """
    name = per_model(key, model)
    knob(name, default, words)
    sent = st.text_input(
        words,
        default,
        max_chars=LONGEST,
        key=name,
        bind="query-params",
        persist_state="session",
    )
    asked = " ".join(str(sent or "").split())[:LONGEST]
    problem = text_to_image.problem(model, asked)
    if problem:
        st.warning(plain_text(f"{problem} Until then it is “{default}”."))
        asked = default
    note(per_model(key, model), words, asked)
    return asked


def prompt_pair(
    words: tuple[str, str], pairs: Sequence[tuple[str, str]], *, model: str, key: str
) -> tuple[str, str]:
    """Let the reader choose a pair of prompts, or write one.

    Args:
        words: what the two are for, e.g. "Upright" and "Turned".
        pairs: what is offered; the first is chosen at first.
        model: whose prompts they are.
        key: its name, which begins with the lesson's number.
    """
    offered = {" / ".join(pair): pair for pair in pairs}
    options = [*offered, OWN]
    name = per_model(f"{key}_pair", model)
    both = f"{words[0]} / {words[1].lower()}"
    check_choice(name, options, options[0], both)
    picked = st.selectbox(
        both,
        options,
        key=name,
        bind="query-params",
        persist_state="session",
    )
    note(name, f"{words[0]} / {words[1].lower()}", picked if picked in offered else OWN)
    if picked != OWN:
        return offered.get(picked, pairs[0])
    columns = zip(st.columns(2), words, pairs[0], ("first", "second"), strict=True)
    written = []
    for column, what, default, place in columns:
        with column:
            written.append(prompt(what, default, model=model, key=f"{key}_{place}"))
    return written[0], written[1]


def gallery_input(*, key: str, model: str) -> str:
    """Let the reader choose a picture of the gallery that suits a model, and return its name."""
    return from_gallery(key=per_model(key, model), shape=text_to_image.outline(model).shape)


def per_model(key: str, model: str) -> str:
    """A widget's key for one model: what it offers differs from model to model."""
    return f"{key}_{text_to_image.family(model)}"


def more() -> DeltaGenerator:
    """A place for the knobs that are turned less often."""
    return st.expander("More knobs", key="ui_more")


def expectation(note: str) -> None:
    """Say quietly what to expect of a prompt, if there is anything to say."""
    if note:
        label(note)


def made_with(model: str, **knobs: object) -> None:
    """Say under a result how it was made: by which weights, from which seed, with which knobs.

    After Cancel the last finished result stands there, and so do its own knobs.

    Args:
        model: the model's name.
        knobs: what else it depends on, by the name that readers know, e.g. `γ=7`.
    """
    family = text_to_image.family(model)
    title = next(one.title for one in text_to_image.models() if one.name == family)
    parts = [made_by(title), f"seed {seed()}"]
    parts += ["dynamic thresholding"] if model != family else []
    parts += [f"{name} = {_short(value)}" for name, value in knobs.items()]
    label(made_before(" · ".join(parts)))


def made_by(title: str) -> str:
    """Say which weights a model has, by its title: "Digits (class-ddpm)"; "" for no model."""
    name = next((one.name for one in text_to_image.models() if one.title == title), "")
    return f"{title} ({text_to_image.edition(name)})" if name else ""


def _short(value: object) -> str:
    if isinstance(value, str):
        return f"“{value}”" if value else "none"
    return f"{value:g}" if isinstance(value, float) else str(value)


def named(name: str, *knobs: object) -> str:
    """A key that changes with the knobs: other results, another widget that begins anew."""
    return f"{name}_{hashlib.sha256(repr(knobs).encode()).hexdigest()[:12]}"
