"""The model that the lessons of Part A use, and its prompts."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from lessons import model_choice, text_to_image
from lessons.prompts import prompts_for
from pages._ui.display.live import live, made_before
from pages._ui.inputs.image_input import gallery_input as from_gallery
from pages._ui.inputs.numbers import check_choice
from pages._ui.inputs.seed import seed
from pages._ui.session.controls import register, stands_at
from pages._ui.session.places import sidebar
from pages._ui.session.visit import use
from pages._ui.text.messages import warning
from pages._ui.text.words import label

KEY: Final = "model"
LONGEST: Final = 200
OWN: Final = "your own prompts"


def model() -> str:
    """Show the choice of a model in the sidebar, and return its name.

    The choice holds for all lessons that have one; the address carries it as `?model=TITLE`, and
    takes the name too. Where the model's makers kept its estimates inside the range, a switch does
    so as well; the name tells.
    """
    known = {one.title: one for one in model_choice.models()}
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
        help="The network behind the lessons of Part A. Lesson 0, Set-up, says what each can do.",
    )
    about = known.get(chosen, known[titles[0]])
    stands_at(KEY, about.title)
    use(about.name)
    if about.thresholded and place.toggle(
        "Dynamic thresholding",
        key="thresholding",
        bind="query-params",
        persist_state="session",
        help="Scales clean estimates that guidance pushed beyond black and white back into the "
        "range, as this model's makers do. The course leaves it out. Lesson 1.6 explains it.",
    ):
        stands_at("thresholding", True, "Dynamic thresholding")
        return about.thresholded
    return about.name


def prompt(words: str, default: str, *, model: str, key: str) -> str:
    """Let the reader write a prompt, and return what the model can take.

    Args:
        words: what the box is called.
        default: what is asked for at first, and in place of what the model can't take.
        model: whose prompt it is; each model has a box of its own.
        key: its name, which begins with the lesson's number.
    """
    name = per_model(key, model)
    register(name, default, words)
    sent = st.text_input(
        words,
        default,
        max_chars=LONGEST,
        key=name,
        bind="query-params",
        persist_state="session",
        help="In English. Lesson 0, Set-up, lists what the model was trained on.",
    )
    asked = " ".join(str(sent or "").split())[:LONGEST]
    problem = model_choice.problem(model, asked)
    if problem:
        warning(f"{problem} Until then it is “{default}”.")
        asked = default
    elif rest := model_choice.unread(model, asked):
        warning(f"This prompt is longer than the model reads. It ignores the end: “{rest}”.")
    _say_what_to_expect(model, asked, default, name)
    return stands_at(name, asked)


def _say_what_to_expect(model: str, asked: str, default: str, name: str) -> None:
    """Say quietly that a prompt of the reader's own is outside what the model was trained on."""
    if asked in (default, *prompts_for(model).every()):
        return  # the lessons' own are known, and need no network to tell
    note = live(text_to_image.note, slot=f"{name}_note", model=model, prompt=asked)
    if note:
        label(note)


def prompt_pair(
    words: tuple[str, str], pairs: Sequence[tuple[str, str]], *, model: str, key: str
) -> tuple[str, str]:
    """Let the reader choose a pair of prompts, or write one.

    Args:
        words: what the two are called, e.g. "Prompt 1" and "Prompt 2 (after the view)".
        pairs: what is offered; the first is chosen at first.
        model: whose prompts they are.
        key: its name, which begins with the lesson's number.
    """
    offered = {" / ".join(pair): pair for pair in pairs}
    options = [*offered, OWN]
    name = per_model(f"{key}_pair", model)
    both = f"{words[0]} / {words[1][0].lower()}{words[1][1:]}"
    check_choice(name, options, options[0], both)
    picked = st.selectbox(
        both,
        options,
        key=name,
        bind="query-params",
        persist_state="session",
    )
    stands_at(name, picked if picked in offered else OWN)
    if picked != OWN:
        return offered.get(picked, pairs[0])
    columns = zip(st.columns(2), words, pairs[0], ("first", "second"), strict=True)
    written = []
    for column, what, default, place in columns:
        with column:
            written.append(prompt(what, default, model=model, key=f"{key}_{place}"))
    return written[0], written[1]


def gallery_input(*, key: str, model: str) -> str:
    """Let the reader choose an image of the gallery that suits a model, and return its name."""
    return from_gallery(key=per_model(key, model), shape=text_to_image.spec(model).shape)


def per_model(key: str, model: str) -> str:
    """A widget's key for one model: what it offers differs from model to model."""
    return f"{key}_{model_choice.family(model)}"


def more() -> DeltaGenerator:
    """A place for the controls that are needed less often."""
    return st.expander("More controls", key="ui_more")


def made_with(model: str, **parameters: object) -> None:
    """Say under a result how it was made: by which weights, from which seed, with which controls.

    After Cancel the last finished result stands there, and so do its own controls.

    Args:
        model: the model's name.
        parameters: what else it depends on, by the name that readers know, e.g. `γ=7`.
    """
    family = model_choice.family(model)
    title = next(one.title for one in model_choice.models() if one.name == family)
    parts = [made_by(title), f"seed {seed()}"]
    parts += ["dynamic thresholding"] if model != family else []
    parts += [f"{name} = {_short(value)}" for name, value in parameters.items()]
    label(made_before(" · ".join(parts)))


def made_by(title: str) -> str:
    """Say which weights a model has, by its title: "Digits (class-ddpm)"; "" for no model."""
    name = next((one.name for one in model_choice.models() if one.title == title), "")
    return f"{title} ({model_choice.weights_hash(name)})" if name else ""


def _short(value: object) -> str:
    if isinstance(value, str):
        return f"“{value}”" if value else "none"
    return f"{value:g}" if isinstance(value, float) else str(value)


def named(name: str, *parameters: object) -> str:
    """A key that changes with the controls: other results, another widget that begins anew."""
    return f"{name}_{hashlib.sha256(repr(parameters).encode()).hexdigest()[:12]}"
