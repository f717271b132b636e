"""The notations of two years: the same mathematics in other letters, and no other result."""

import math
import re

import pytest
import torch
from streamlit.testing.v1 import AppTest

from lessons.beyond.rectified import reflow, straightness
from lessons.diffusion import denoise, forward, guidance
from lessons.diffusion import flow as straight
from lessons.part_b import flow_paths, train_ddpm
from pages._service import engine
from pages._ui.code import source
from pages._ui.display import palette
from pages._ui.session import lessons
from pages._ui.text import notation, years
from pages._ui.text.notation import Notation, remark

ROUTER = str((lessons.FOLDER / "_router.py").resolve())
AS_FLOW = Notation("flow", "ddpm", 1000)
AS_DDPM = Notation("ddpm", "flow")
FLOW_NAMES = {"x_1": "x_0_hat", "x_0": "eps"}
INK = {ink.light: symbol for symbol, ink in palette.SYMBOLS.items()}


def opened(file: str, **address: str) -> AppTest:
    test = AppTest.from_file(ROUTER, default_timeout=300)
    test.query_params.update(address)
    test.switch_page(file)
    return test.run()


def equation(thing: object, how: Notation, names: dict[str, str] | None = None) -> str:
    """The first displayed equation of a lesson, without its colours."""
    text = source.lecture(thing, names, how).text  # type: ignore[arg-type]
    return re.sub(r"\\textcolor\{#\w+\}\{((?:[^{}]|\{[^{}]*\})*)\}", r"\1", text.split("$$")[1])


def value(formula: str, **letters: float) -> float:
    """Calculate the right side of an equation, up to its first remark."""
    right = formula.split(r"\qquad")[0].split("=", 1)[1].strip().rstrip(",")
    right = right.replace(r"\,", "*").replace(" (", "*(") if "\\," in right else right
    right = re.sub(r"\*\s*\*", "*", right)
    right = re.sub(r"x_\{0,([a-z])\}", r"x_0_\1", right)
    for _ in range(2):
        right = re.sub(r"\\sqrt\{([^{}]*)\}", r"math.sqrt(\1)", right)
        right = re.sub(r"\\frac\{([^{}]*)\}\{([^{}]*)\}", r"((\1)/(\2))", right)
    right = re.sub(r"(?<=[+-])\s*\*", " ", right)
    names = {r"\bar\alpha_t": "alpha_bar_t", r"\hat x_": "hat_x_", r"\gamma": "gamma"}
    for tex, name in {**names, r"\epsilon": "eps"}.items():
        right = right.replace(tex, name)
    return float(eval(right, {"math": math}, letters))  # noqa: S307 - the lessons' own text


def test_the_calculator_of_these_tests_reads_the_formulas_as_they_are() -> None:
    formula = equation(forward.add_noise, Notation())
    assert value(formula, x_0=3.0, eps=5.0, alpha_bar_t=0.25) == pytest.approx(1.5 + 5 * 0.75**0.5)


def test_the_forward_process_of_the_flow_year_gives_the_lessons_own_numbers() -> None:
    clean, noise, alpha_bar = torch.tensor([0.3]), torch.tensor([-1.2]), torch.tensor([0.7])
    truth = float(forward.add_noise(clean, alpha_bar, noise))
    formula = equation(forward.add_noise, AS_FLOW)
    assert value(formula, x_1=0.3, x_0=-1.2, alpha_bar_t=0.7) == pytest.approx(truth)


def test_the_estimate_of_the_flow_year_gives_the_lessons_own_numbers() -> None:
    x_t, noise, alpha_bar = torch.tensor([0.3]), torch.tensor([-1.2]), torch.tensor([0.7])
    truth = float(denoise.clean_estimate(x_t, noise, alpha_bar))
    formula = equation(denoise.clean_estimate, AS_FLOW, {"x_0": "x_0_hat"})
    assert formula.strip().startswith(r"\hat x_1 =")
    assert value(formula, x_t=0.3, hat_x_0=-1.2, alpha_bar_t=0.7) == pytest.approx(truth)


def test_guidance_of_the_flow_year_gives_the_lessons_own_numbers() -> None:
    conditional, without, gamma = torch.tensor([0.4]), torch.tensor([-0.1]), 7.0
    truth = float(guidance.guide(conditional, without, gamma))
    formula = equation(guidance.guide, AS_FLOW)
    assert "x_{0,c}" in formula  # TeX refuses two indices one after the other
    assert value(formula, x_0_c=0.4, x_0_u=-0.1, w=gamma - 1) == pytest.approx(truth)


@pytest.mark.parametrize("t", [0.0, 0.3, 1.0])
def test_the_straight_way_of_the_ddpm_year_gives_the_lessons_own_numbers(t: float) -> None:
    noise, digit = torch.tensor([-1.2]), torch.tensor([0.3])
    truth = float(straight.interpolate(noise, digit, torch.tensor(1 - t)))
    formula = equation(straight.interpolate, AS_DDPM, FLOW_NAMES)
    assert value(formula, x_0=0.3, eps=-1.2, t=t) == pytest.approx(truth)


def test_a_step_along_the_velocity_has_the_sign_of_its_year() -> None:
    # x_t changes by −(x_0 − ε) as the DDPM year's t grows, so a step towards the digit lowers t.
    assert r"(x_0 - \epsilon)" in equation(straight.velocity_loss, AS_DDPM, FLOW_NAMES)
    assert r"x_{t - h} = x_t + h" in equation(straight.euler, AS_DDPM, FLOW_NAMES)
    assert r"(x_1 - x_0)" in equation(straight.velocity_loss, Notation("flow", "flow"))
    assert r"x_{t + h} = x_t + h" in equation(straight.euler, Notation("flow", "flow"))


def test_the_one_step_of_the_ddpm_year_goes_from_noise_at_t_1_to_the_digit() -> None:
    things = (reflow.end_point, reflow.reflow_loss, reflow.one_step, straightness.departures)
    formulas = [equation(thing, AS_DDPM, FLOW_NAMES) for thing in things]
    assert not any("x_1" in formula for formula in formulas)
    assert all(r"\epsilon" in formula for formula in formulas)
    assert r"x_t = (1 - t)\, x_0 + t\, \epsilon" in formulas[1]
    assert formulas[2].strip() == r"x_0 = \epsilon + u_\theta(\epsilon, 1)"
    assert equation(reflow.one_step, Notation("flow", "flow")).strip().startswith("x_1 = x_0")


def test_every_sentence_that_is_exchanged_stands_in_a_lesson_or_a_page_today() -> None:
    things = (
        *(straight.interpolate, straight.velocity_loss, straight.euler),
        *(flow_paths.path_length_ratio, guidance.guide, train_ddpm.normalised),
        *(reflow.end_point, reflow.reflow_loss, reflow.one_step, straightness.departures),
    )
    texts = [str(thing.__doc__).replace("\n    ", "\n") for thing in things]
    texts += [(lessons.FOLDER / "guidance.py").read_text("utf-8")]
    for ours in (*notation._FLOW_AS_DDPM, *notation._DDPM_AS_FLOW):
        assert any(ours in text for text in texts), ours


def test_colours_follow_the_meaning_and_not_the_letter() -> None:
    def inks(thing: object, how: Notation, names: dict[str, str] | None) -> list[tuple[str, str]]:
        text = source.lecture(thing, names, how).text  # type: ignore[arg-type]
        found = re.findall(r"\\textcolor\{(#\w+)\}\{((?:[^{}]|\{[^{}]*\})*)\}", text)
        return [(INK[colour], tex) for colour, tex in found]

    own = inks(forward.add_noise, Notation(), None)
    flow = inks(forward.add_noise, AS_FLOW, None)
    assert [symbol for symbol, _ in own] == [symbol for symbol, _ in flow]
    assert ("x_0", "x_1") in flow
    assert ("eps", "x_0") in flow
    ddpm = inks(straight.interpolate, AS_DDPM, FLOW_NAMES)
    assert {(s, tex) for s, tex in ddpm} == {
        ("x_t", "x_t"),
        ("x_0_hat", "x_0"),
        ("eps", r"\epsilon"),
    }


@pytest.mark.parametrize(
    ("said", "flow"),
    [
        ("t = 690, √ᾱ = 0.463", "t = 0.31, √ᾱ = 0.463"),
        ("i_start = 10, t = 690.", "i_start = 10, t = 0.31."),
        ("That is $t$ = 0.", "That is $t$ = 1."),
        ("T = 300 steps", "T = 300 steps"),
        ("x₀ and x̂₀ and ε", "x₁ and x̂₁ and x₀"),
        ("γ = 7 · seed 276", "w = 6 · seed 276"),
        ("γ = 0.5", "w = −0.5"),
        ("γ > 1 adds more", "w > 0 adds more"),
        ("Only γ changes", "Only w changes"),
        ("kernel 5, σ = 1", "kernel 5, σ = 1"),
    ],
)
def test_words_are_counted_as_the_flow_year_counts(said: str, flow: str) -> None:
    assert AS_FLOW.prose(said) == flow
    assert Notation("ddpm", "ddpm", 1000).prose(said) == said
    assert Notation("this course", "ddpm", 1000).prose(said) == said
    assert Notation("flow", "fixed", 1000).prose(said) == said


def test_a_time_whose_scale_is_not_known_is_left_as_a_difference() -> None:
    assert Notation("flow", "ddpm").prose("t = 690") == "t = 1 − 690/T"


def test_a_time_of_the_flow_lesson_runs_the_other_way_in_the_ddpm_year() -> None:
    assert AS_DDPM.prose("t = 0.3") == "t = 0.7"
    assert Notation("flow", "flow").prose("t = 0.3") == "t = 0.3"


def test_a_control_whose_numbers_stay_says_what_they_count() -> None:
    assert AS_FLOW.control("Guidance γ") == "Guidance 1 + w"
    assert AS_FLOW.control("Timestep $t$") == "DDPM timestep"
    assert AS_FLOW.control("timestep t") == "DDPM timestep"
    assert Notation("flow", "flow").control("Guidance γ") == "Guidance 1 + w"
    assert AS_DDPM.control("Guidance γ") == "Guidance γ"


def test_a_note_says_what_is_written_otherwise_and_only_then() -> None:
    assert remark(Notation()) == remark(Notation("ddpm", "ddpm", 300)) == ""
    for year, page in (("flow", "ddpm"), ("flow", "flow"), ("ddpm", "flow"), ("flow", "fixed")):
        assert remark(Notation(year, page))  # type: ignore[arg-type]


def test_the_lessons_that_are_treated_apart_exist() -> None:
    known = {lesson.part + lesson.number for lesson in lessons.discover()}
    assert {*years._FLOW, *years._FIXED} <= known


def words(test: AppTest) -> str:
    html = [part.proto.body for part in test.get("html")]
    return "\n".join([*(text.value for text in test.markdown), *html])


def test_the_switch_rewrites_a_page_and_changes_neither_a_parameter_nor_a_result(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []
    submit = engine.submit

    def watched(session, slot, key, call):  # type: ignore[no-untyped-def]
        asked.append(key)
        return submit(session, slot, key, call)

    monkeypatch.setattr(engine, "submit", watched)
    test = opened("forward_process.py")
    before = test.session_state["ui_first"]["A1.1"]
    keys = set(asked)
    test.slider(key="a11_t_pictures").set_value(150).run()
    keys |= set(asked)
    made = test.session_state["ui_produced"]["A1.1"]
    test.button_group(key="year").set_value("flow").run()
    assert not test.exception
    assert test.slider(key="a11_t_pictures").value == 150
    assert test.slider(key="a11_t_pictures").label == "DDPM timestep"
    assert test.session_state["ui_produced"]["A1.1"] == made
    assert set(asked) == keys
    assert "Flow-matching year" in words(test)
    assert "t = 0.5, √ᾱ" in words(test)
    assert "t = 150, √ᾱ" not in words(test)
    fresh = opened("forward_process.py", year="flow")
    assert fresh.session_state["ui_first"]["A1.1"] == before


def test_the_year_comes_from_the_address_and_stays_on_other_pages() -> None:
    test = opened("guidance.py", year="flow")
    assert not test.exception
    assert test.slider(key="a16_gamma").label == "Guidance scale 1 + w"
    assert test.slider(key="a16_gamma").value == 4.0
    assert "w = 3" in words(test)
    test.switch_page("train_denoiser.py").run()
    assert "keeps its own letters" in words(test)


def test_the_flow_lesson_in_the_ddpm_year_opens_with_a_note() -> None:
    test = opened("flow_matching.py", year="ddpm")
    assert not test.exception
    assert "**DDPM year:**" in words(test)
    assert r"\epsilon" in words(test)


def test_a_year_that_there_is_not_becomes_the_lessons_own_with_a_sentence() -> None:
    test = opened("forward_process.py", year="1999")
    assert not test.exception
    assert len(test.toast) == 1
    assert "year:**" not in words(test)
