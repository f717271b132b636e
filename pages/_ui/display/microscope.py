"""The microscope: a sampling step as a sum of images, and one pixel followed through all steps."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from html import escape
from typing import Any, Final, NamedTuple

import streamlit as st

from lessons.images.captioned import Progress
from lessons.trace import microscope as lesson
from pages._ui.display import palette
from pages._ui.display.encode import data_url
from pages._ui.display.images import alt_text, shown_width
from pages._ui.display.live import live
from pages._ui.display.live_plot import Trace, live_plot
from pages._ui.inputs.numbers import choice, slider, toggle
from pages._ui.text import years
from pages._ui.text.words import caption, say

COLOURS: Final = ("red", "green", "blue")


class Which(NamedTuple):
    """One of several images, to be chosen.

    Attributes:
        parameter: the argument of the lesson's function that says which.
        label: what the choice is called.
        options: what is offered; the first is chosen at first.
    """

    parameter: str
    label: str
    options: Sequence[int]


class Spot(NamedTuple):
    """Where the reader looks: a step and a pixel, all counted from 0."""

    step: int
    row: int
    column: int
    channel: int


def microscope(
    function: Callable[..., Generator[Progress, None, lesson.SamplingTrace]],
    *,
    key: str,
    which: Which | None = None,
    **parameters: Any,
) -> None:
    """Offer a trajectory under the microscope; nothing is calculated until the reader opens it.

    Args:
        function: a lesson's function that returns the trajectory.
        key: the lesson's number, e.g. "a14"; the names of all widgets here begin with it.
        which: lets the reader choose among several images.
        parameters: the function's other arguments.
    """
    say("## Under the microscope")
    say(
        "Every equation of the loop is a weighted sum of images. Here each step is written out: "
        "the formula, the images with their weights, and the same arithmetic at one pixel."
    )
    label = "Show each step as a sum of images"
    if toggle(label, key=f"{key}_microscope"):
        with st.container(key=f"ui_microscope_{key}"):
            _opened(function, key, which, parameters)


@st.fragment
def _opened(
    function: Callable[..., Generator[Progress, None, lesson.SamplingTrace]],
    key: str,
    which: Which | None,
    parameters: dict[str, Any],
) -> None:
    if which:
        first = which.options[0]
        chosen = choice(which.label, which.options, first, key=f"{key}_{which.parameter}")
        parameters = parameters | {which.parameter: chosen}
    trace = live(function, slot=f"{key} microscope", **parameters)
    if not trace:
        return
    spot = _spot(trace, key)
    weighted = toggle("Show each image multiplied by its weight", key=f"{key}_weighted")
    lines = lesson.look(trace, *spot, weighted=weighted)
    for equation, parts in zip(trace.equations, lines, strict=True):
        _line(equation, parts, spot, trace)
    caption(
        "All images here share one scale: −1 is black, 0 middle grey, 1 white. Values beyond are "
        "clipped, never rescaled. The small square marks the followed pixel."
    )
    _curve(trace, spot, key)


def _spot(trace: lesson.SamplingTrace, key: str) -> Spot:
    """Let the reader choose a step and a pixel."""
    steps, height, width, channels = trace.estimates.shape
    # Another number of steps or another size is another slider, or its value could lie outside.
    step = 0
    if steps > 1:
        with st.container(key=f"ui_step_{key}"):  # the step says which x_t, so it has its colour
            step = slider("Step", 1, steps, (steps + 1) // 2, key=f"{key}_step_{steps}") - 1
    caption(f"Step {step + 1} of {steps}: {trace.labels[step]}.")
    if trace.numbers:
        st.html(f'<p class="ui-label">{escape(schedule_line(trace.numbers[step]))}</p>')
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
    equation: lesson.TermSum, parts: Sequence[lesson.Part], spot: Spot, trace: lesson.SamplingTrace
) -> None:
    """One equation: as a formula, as images, and at one pixel."""
    say(f"### {equation.title}")
    st.markdown(f"$$\n{years.current().tex(formula(equation))}\n$$")
    *terms, result = parts
    shape = trace.estimates.shape[1:3]
    blocks = [
        _block(_operator(part.factor, first=i == 0), part, spot, shape)
        for i, part in enumerate(terms)
    ]
    blocks.append(_block("=", result, spot, shape))
    group = f'<div class="ui-sum" role="group" aria-label="{escape(equation.title)}">'
    st.html(f"{group}{''.join(blocks)}</div>")
    st.html(f'<p class="ui-arithmetic">{arithmetic(parts)}</p>')
    if terms[-1].image.symbol == "z" and not terms[-1].factor:
        caption("The last step adds no noise.")
    if trace.limited and result.image.symbol == "x_0_hat":
        caption("Dynamic thresholding then limits x̂₀ to the range; the step uses the limited one.")


def schedule_line(numbers: lesson.StepNumbers) -> str:
    """Write what the schedule says of a step, as plain text."""
    return (
        f"ᾱ_t = {number(numbers.alpha_bar_t)}, ᾱ_s = {number(numbers.alpha_bar_s)}, "
        f"α = ᾱ_t/ᾱ_s = {number(numbers.alpha)}, β = 1 − α = {number(numbers.beta)}, "
        f"σ = {number(numbers.sigma)}"
    )


def formula(equation: lesson.TermSum) -> str:
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
    """One term as HTML: its sign, its number, and its image with the followed pixel."""
    image = part.image
    height, width = shape
    own = "" if part.at_pixel == part.factor else "≈ "
    factor = "&nbsp;" if part.factor == 1 else f"{own}{number(abs(part.factor))} ×"
    frame = f"var({palette.css_name(image.symbol)})"
    place = f"--row: {spot.row / height}; --column: {spot.column / width}; --pixel: {1 / width}"
    return (
        f'<div class="ui-term" style="--size: {shown_width(image)}px; --frame: {frame}">'
        f'<span class="ui-operator">{operator}</span>'
        f'<p class="ui-factor">{factor}</p>'
        f'<figure class="ui-figure"><div class="ui-marked" style="{place}">'
        f'<img src="{data_url(image.pixels)}" alt="{escape(alt_text(image))}" '
        f'width="{width}" height="{height}"><i aria-hidden="true"></i></div>'
        f"<figcaption>{escape(image.caption)}</figcaption></figure></div>"
    )


def _in_colour(part: lesson.Part, text: str) -> str:
    return f'<b style="color: var({palette.css_name(part.image.symbol)})">{text}</b>'


def _curve(trace: lesson.SamplingTrace, spot: Spot, key: str) -> None:
    """The followed pixel over the whole trajectory, with the chosen step marked."""
    places, estimates = lesson.curves(trace, *spot[1:])
    here, falls = trace.times[spot.step], trace.times[0] > trace.times[-1]
    ends = (trace.times[0], trace.times[-1])
    traces = [
        Trace("current sample xₜ", trace.times, places, color="x_t"),
        Trace("clean estimate x̂₀", trace.times[: len(estimates)], estimates, color="x_0_hat"),
    ]
    if trace.truth is not None:
        truth = float(trace.truth[spot[1:]])
        traces.append(Trace("clean image x₀", ends, (truth, truth), "dashed", "x_0"))
    everything = (*places, *estimates)
    traces.append(
        Trace("this step", (here, here), (min(everything), max(everything)), "dashed", "muted")
    )
    live_plot(
        traces,
        key=f"{key}_pixel",
        x_title="timestep t; sampling runs from right to left" if falls else "t",
        y_title=f"value of pixel ({spot.row}, {spot.column})",
        height=320,
    )
