"""The microscope: a step of a walk as a sum of pictures, and one pixel followed through it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from html import escape
from typing import Any, Final, NamedTuple

import streamlit as st

from lessons import microscope as lesson
from lessons.picture import Progress
from pages._ui import palette, years
from pages._ui.encode import data_url
from pages._ui.live import live
from pages._ui.live_plot import Trace, live_plot
from pages._ui.numbers import choice, slider, toggle
from pages._ui.pictures import alt_text, shown_width
from pages._ui.words import caption, say

COLOURS: Final = ("red", "green", "blue")


class Which(NamedTuple):
    """One of several pictures, to be chosen.

    Attributes:
        knob: the argument of the lesson's function that says which.
        label: what the choice is called.
        options: what is offered; the first is chosen at first.
    """

    knob: str
    label: str
    options: Sequence[int]


class Spot(NamedTuple):
    """Where the reader looks: a step and a pixel, all counted from 0."""

    step: int
    row: int
    column: int
    channel: int


def microscope(
    function: Callable[..., Generator[Progress, None, lesson.Walk]],
    *,
    key: str,
    which: Which | None = None,
    **knobs: Any,
) -> None:
    """Offer a walk under the microscope; nothing is calculated until the reader opens it.

    Args:
        function: a lesson's function that returns the walk.
        key: the lesson's number, e.g. "a14"; the names of all widgets here begin with it.
        which: lets the reader choose among several pictures.
        knobs: the function's other arguments.
    """
    say("## Under the microscope")
    label = "Show each step as a sum of pictures"
    if toggle(label, key=f"{key}_microscope"):
        with st.container(key=f"ui_microscope_{key}"):
            _opened(function, key, which, knobs)


@st.fragment
def _opened(
    function: Callable[..., Generator[Progress, None, lesson.Walk]],
    key: str,
    which: Which | None,
    knobs: dict[str, Any],
) -> None:
    if which:
        first = which.options[0]
        chosen = choice(which.label, which.options, first, key=f"{key}_{which.knob}")
        knobs = knobs | {which.knob: chosen}
    walk = live(function, slot=f"{key} microscope", **knobs)
    if not walk:
        return
    spot = _spot(walk, key)
    weighted = toggle("Show each picture times its number", key=f"{key}_weighted")
    lines = lesson.look(walk, *spot, weighted=weighted)
    for equation, parts in zip(walk.equations, lines, strict=True):
        _line(equation, parts, spot, walk)
    caption(
        "All pictures here share one scale: black is −1, the grey in the middle 0, white 1. What "
        "goes beyond is cut off; nothing is stretched. The small square is the followed pixel."
    )
    _curve(walk, spot, key)


def _spot(walk: lesson.Walk, key: str) -> Spot:
    """Let the reader choose a step and a pixel."""
    steps, height, width, channels = walk.guesses.shape
    # Another number of steps or another size is another slider, or its value could lie outside.
    step = 0
    if steps > 1:
        with st.container(key=f"ui_step_{key}"):  # the step says which x_t, so it has its colour
            step = slider("Step", 1, steps, (steps + 1) // 2, key=f"{key}_step_{steps}") - 1
    caption(f"Step {step + 1} of {steps}: {walk.labels[step]}.")
    left, centre, right = st.columns(3)
    with left:
        row = slider("Pixel: row", 0, height - 1, height // 2, key=f"{key}_row_{height}")
    with centre:
        column = slider("Pixel: column", 0, width - 1, width // 2, key=f"{key}_column_{width}")
    channel = 0
    if channels == len(COLOURS):
        with right:
            name = choice("Pixel: colour", COLOURS, COLOURS[0], key=f"{key}_channel")
        channel = COLOURS.index(name)
    return Spot(step, row, column, channel)


def _line(
    equation: lesson.Equation, parts: Sequence[lesson.Part], spot: Spot, walk: lesson.Walk
) -> None:
    """One equation: as a formula, as pictures, and at one pixel."""
    say(f"### {equation.title}")
    st.markdown(f"$$\n{years.current().tex(formula(equation))}\n$$")
    *terms, result = parts
    shape = walk.guesses.shape[1:3]
    blocks = [
        _block(_operator(part.factor, first=i == 0), part, spot, shape)
        for i, part in enumerate(terms)
    ]
    blocks.append(_block("=", result, spot, shape))
    group = f'<div class="ui-sum" role="group" aria-label="{escape(equation.title)}">'
    st.html(f"{group}{''.join(blocks)}</div>")
    st.html(f'<p class="ui-arithmetic">{arithmetic(parts)}</p>')
    if terms[-1].picture.symbol == "z" and not terms[-1].factor:
        caption("The last step adds no noise.")
    if walk.limited and result.picture.symbol == "x_0_hat":
        caption("Dynamic thresholding then brings it back into the range; the step uses that.")


def formula(equation: lesson.Equation) -> str:
    """Write an equation as TeX in which each symbol has its colour."""
    tex = palette.in_colour(equation.result.symbol, equation.result.tex) + " ="
    for i, term in enumerate(equation.terms):
        sign = "" if i == 0 or term.factor_tex.startswith("-") else "+"
        tex += f" {sign} {term.factor_tex} \\, {palette.in_colour(term.symbol, term.tex)}"
    return tex


def arithmetic(parts: Sequence[lesson.Part]) -> str:
    """Write an equation with the numbers of one pixel, as HTML that may break between terms."""
    *terms, result = parts
    words = []
    for i, part in enumerate(terms):
        sign = _operator(part.at_pixel, first=i == 0)
        value = _in_colour(part, number(part.value, 3))
        product = value if part.at_pixel == 1 else f"{number(abs(part.at_pixel))} × {value}"
        words.append(f"<span>{sign} {product}</span>")
    words.append(f"<span>≈ {_in_colour(result, number(result.value, 3))}</span>")
    return " ".join(words)


def number(value: float, places: int | None = None) -> str:
    """Write a number with so many decimals, or with four digits, and a real minus."""
    written = f"{value:.4g}" if places is None else f"{value:.{places}f}"
    return written.replace("-", "−")


def _operator(factor: float, *, first: bool) -> str:
    if factor < 0:
        return "−"
    return "" if first else "+"


def _block(operator: str, part: lesson.Part, spot: Spot, shape: Sequence[int]) -> str:
    """One term as HTML: its sign, its number, and its picture with the followed pixel."""
    picture = part.picture
    height, width = shape
    own = "" if part.at_pixel == part.factor else "≈ "
    factor = "&nbsp;" if part.factor == 1 else f"{own}{number(abs(part.factor))} ×"
    frame = f"var({palette.css_name(picture.symbol)})"
    place = f"--row: {spot.row / height}; --column: {spot.column / width}; --pixel: {1 / width}"
    return (
        f'<div class="ui-term" style="--size: {shown_width(picture)}px; --frame: {frame}">'
        f'<span class="ui-operator">{operator}</span>'
        f'<p class="ui-factor">{factor}</p>'
        f'<figure class="ui-figure"><div class="ui-marked" style="{place}">'
        f'<img src="{data_url(picture.pixels)}" alt="{escape(alt_text(picture))}" '
        f'width="{width}" height="{height}"><i aria-hidden="true"></i></div>'
        f"<figcaption>{escape(picture.caption)}</figcaption></figure></div>"
    )


def _in_colour(part: lesson.Part, text: str) -> str:
    return f'<b style="color: var({palette.css_name(part.picture.symbol)})">{text}</b>'


def _curve(walk: lesson.Walk, spot: Spot, key: str) -> None:
    """The followed pixel over the whole walk, and where the reader stands in it."""
    places, guesses = lesson.curves(walk, *spot[1:])
    here, falls = walk.times[spot.step], walk.times[0] > walk.times[-1]
    ends = (walk.times[0], walk.times[-1])
    traces = [
        Trace("x_t", walk.times, places, color="x_t"),
        Trace("the guess", walk.times[: len(guesses)], guesses, color="x_0_hat"),
    ]
    if walk.truth is not None:
        truth = float(walk.truth[spot[1:]])
        traces.append(Trace("the clean picture", ends, (truth, truth), "dashed", "x_0"))
    everything = (*places, *guesses)
    traces.append(
        Trace("this step", (here, here), (min(everything), max(everything)), "dashed", "muted")
    )
    live_plot(
        traces,
        key=f"{key}_pixel",
        x_title="t; the walk goes from right to left" if falls else "t",
        y_title=f"pixel {spot.row}, {spot.column}",
        height=320,
    )
