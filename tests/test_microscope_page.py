"""The microscope on its pages: closed and idle at first sight, true once it is open."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from test_pages import assert_fine, opened, widget_named, widgets

from lessons.images.captioned import CaptionedImage
from lessons.trace.microscope import Part, TermSum, constant, total
from lessons.trace.trace import guidance_equation
from pages._service import engine
from pages._ui.display import palette
from pages._ui.display.microscope import arithmetic, formula, number

SCOPES = {
    "one_step_denoising.py": "a13",
    "iterative_denoising.py": "a14",
    "sampling.py": "a15",
    "guidance.py": "a16",
    "train_ddpm.py": "b22",
    "train_class_ddpm.py": "b23",
    "class_guidance.py": "b24_walk",
    "flow_matching.py": "b25_walk",
}
GUIDED = {"guidance.py", "train_class_ddpm.py", "class_guidance.py", "flow_matching.py"}
"""Where γ stands in the trajectory."""


def looked(file: str, **address: str) -> AppTest:
    """The page with its microscope open."""
    test = opened(file, **{f"{SCOPES[file]}_microscope": "true"}, **address)
    assert_fine(test)
    return test


def html(test: AppTest, name: str) -> list[str]:
    return [one.proto.body for one in test.get("html") if f'class="{name}"' in one.proto.body]


def sums(test: AppTest) -> list[tuple[float, float]]:
    """What the written terms of each equation make, and what is written behind them."""
    found = []
    for line in html(test, "ui-arithmetic"):
        words = unescape(re.sub("<[^>]+>", "", line)).replace("−", "-").replace("×", "*")
        terms, result = words.split("≈")
        assert re.fullmatch(r"[-+*.\de ]+", terms)
        found.append((_added(terms), float(result)))
    return found


def _added(terms: str) -> float:
    total, sign = 0.0, 1.0
    for word in re.findall(r"(?<= )[-+](?= )|-?[\d.]+(?:e-\d+)?(?: \* -?[\d.]+)?", f" {terms}"):
        if word in "+-":
            sign = 1.0 if word == "+" else -1.0
            continue
        product = 1.0
        for factor in word.split(" * "):
            product *= float(factor)
        total, sign = total + sign * product, 1.0
    return total


def keys(test: AppTest, ending: str) -> list[str]:
    return [name for _, name in widgets(test) if re.search(ending, name)]


@pytest.mark.parametrize("file", SCOPES)
def test_the_microscope_is_closed_at_first_and_open_it_shows_sums_that_are_true(
    file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    calculated = []
    submit = engine.submit

    def watched(session: str, slot: str, key: str, call: Any) -> Any:
        calculated.append(slot)
        return submit(session, slot, key, call)

    monkeypatch.setattr(engine, "submit", watched)
    test = opened(file)
    assert widget_named(test, f"{SCOPES[file]}_microscope").value is False
    assert not [slot for slot in calculated if "microscope" in slot]
    widget_named(test, f"{SCOPES[file]}_microscope").set_value(True).run()
    assert_fine(test)
    assert [slot for slot in calculated if "microscope" in slot]
    assert_sums_are_true(test, file)
    assert_images_are_framed_and_marked(test)
    [step] = keys(test, rf"{SCOPES[file]}_step_\d+$")
    widget_named(test, step).set_value(widget_named(test, step).max).run()
    assert_fine(test)
    assert_sums_are_true(test, file)
    assert any("adds no noise" in text.value for text in test.markdown) == (
        file not in ("one_step_denoising.py", "flow_matching.py")
    )


def assert_sums_are_true(test: AppTest, file: str) -> None:
    found = sums(test)
    assert len(found) == {"one_step_denoising.py": 1}.get(file, 2) + (file in GUIDED)
    for terms, result in found:
        assert terms == pytest.approx(result, rel=2e-3, abs=0.08)


def assert_images_are_framed_and_marked(test: AppTest) -> None:
    for row in html(test, "ui-sum"):
        count = row.count("<img ")
        assert count == row.count("<i aria-hidden") == row.count("--frame: var(--ui-") >= 3
        assert row.count('alt=""') == 0
        assert row.count(f"--row: {14 / 28}; --column: {14 / 28}") == count


@pytest.mark.parametrize("file", ["iterative_denoising.py"])
def test_steps_and_pixels_that_are_not_there_become_the_nearest(file: str) -> None:
    test = looked(file)
    for name in keys(test, rf"{SCOPES[file]}_(step|row|column)_\d+$"):
        for value in (-5, 10**6, 1e300):
            widget_named(test, name).set_value(value).run()
            assert_fine(test, f"{name} = {value}")
            assert len(html(test, "ui-sum")) == 2
        widget_named(test, name).set_value(1).run()


def test_a_image_in_colour_is_followed_in_one_of_its_colours() -> None:
    test = looked("iterative_denoising.py", model="pictures")
    seen = set()
    for colour in ("red", "green", "blue"):
        widget_named(test, "a14_channel").set_value(colour).run()
        assert_fine(test)
        seen.add(tuple(html(test, "ui-arithmetic")))
    assert len(seen) == 3


def test_another_start_is_another_trace_of_as_many_steps() -> None:
    test = looked("iterative_denoising.py", a14_start="30")
    assert keys(test, r"a14_step_\d+$") == ["a14_step_3"]
    widget_named(test, "a14_start").set_value(32).run()
    assert_fine(test)
    assert any("Step 1 of 1" in text.value for text in test.markdown)


def test_a_formula_has_the_colours_of_its_terms() -> None:
    zero = total("x_t", "", "x", constant(0, 1).astype("float32"))
    equation = guidance_equation(zero.values, zero.values, zero.values, 2.0, r"\epsilon")
    written = formula(equation)
    for symbol in ("eps", "eps_u", "eps_c"):
        assert rf"\textcolor{{{palette.SYMBOLS[symbol].light}}}" in written
    assert r"+ \gamma" in written


def test_a_term_with_a_negative_number_is_taken_away() -> None:
    def part(symbol: str, factor: float, value: float) -> Part:
        return Part(CaptionedImage(None, symbol=symbol), factor, factor, value)  # type: ignore[arg-type]

    line = arithmetic((part("x_t", 2, 0.5), part("eps", -3, -0.25), part("x_0_hat", 1, 1.75)))
    assert re.sub("<[^>]+>", "", line).split() == [
        "2",
        "×",
        "0.500",
        "−",
        "3",
        "×",
        "−0.250",
        "≈",
        "1.750",
    ]
    assert line.count("color: var(--ui-") == 3


@pytest.mark.parametrize(
    ("value", "places", "written"),
    [(0.0999531, None, "0.09995"), (-1.5, 3, "−1.500"), (71.2349, None, "71.23"), (0, None, "0")],
)
def test_numbers_have_a_real_minus(value: float, places: int | None, written: str) -> None:
    assert number(value, places) == written


def test_an_equation_of_one_term_needs_no_sign() -> None:
    values = constant(0, 1).astype("float32")
    equation = TermSum("", (total("x_t", "", "x_t", values),), total("z", "", "z", values))
    assert "+" not in formula(equation)
