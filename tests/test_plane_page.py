"""The lesson in the plane as its readers meet it: what is sent, what is said, what is refused."""

import base64
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from lessons.beyond import diffusion_in_the_plane as lesson
from pages._shared import plane as show
from pages._ui import Panel, PlaneLayer
from pages._ui.display import plane as kit
from pages._ui.inputs import plane_drawing
from pages._ui.session import lessons

ROUTER = str((lessons.FOLDER / "_router.py").resolve())
SHORT = {"a10_steps": "100"}
SQUARE = [[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]]


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, Any]]:
    """What the last run of the page sent to the browser, by the figure's key."""
    sent: dict[str, dict[str, Any]] = {}
    send = kit._plane

    def noted(*, key: str, data: dict[str, Any]) -> object:
        sent[key] = data
        return send(key=key, data=data)

    monkeypatch.setattr(kit, "_plane", noted)
    return sent


def opened(**address: str) -> AppTest:
    test = AppTest.from_file(ROUTER, default_timeout=100)
    test.query_params.update(address)
    test.switch_page("diffusion_in_the_plane.py").run()
    assert not test.exception
    assert not test.error
    return test


def numbers(text: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), "<i2").reshape(-1, 2) / 8192


def draws(monkeypatch: pytest.MonkeyPatch, points: object) -> None:
    monkeypatch.setattr(
        plane_drawing, "_drawing", lambda **_: SimpleNamespace(points=points), raising=True
    )


def test_the_first_figure_has_the_data_their_field_and_both_ways_back(
    figures: dict[str, dict[str, Any]],
) -> None:
    test = opened()
    sent = figures["a10_noise_figure"]
    found = lesson.exact("two moons", "", (), 400, 276)
    adding, sde, ode = sent["panels"]
    assert [panel["title"] for panel in sent["panels"]] == [
        "Adding noise.",
        "Back by SDE.",
        "Back by ODE.",
    ]
    for panel, places in ((adding, found.noised), (sde, found.sde.places), (ode, found.ode.places)):
        arrows, data, particles = panel["layers"]
        assert [one["symbol"] for one in panel["layers"]] == ["eps", "x-0", "x-t"]
        assert [one["frames"] for one in panel["layers"]] == [41, 1, 41]
        for layer, values in ((arrows, found.arrows), (data, found.points), (particles, places)):
            expected = values.reshape(-1, 2).astype(float).clip(-4, 4)
            assert np.abs(numbers(layer["xy"]) - expected).max() < 2e-4
        assert panel["alt"]
    assert sent["labels"][24] == "t = 384 · σ = 0.57"
    assert [panel["probed"] for panel in sent["panels"]] == [True, False, False]
    said = "".join(one.value for one in test.markdown)
    assert f"SDE {found.sde.distance:.3f}, ODE {found.ode.distance:.3f}" in said


def test_a_link_opens_the_figures_where_they_stood(figures: dict[str, dict[str, Any]]) -> None:
    opened(a10_noise="30", a10_gamma="999", a10_learned="abc")
    assert figures["a10_noise_figure"]["start"] == 30
    assert figures["a10_guided_figure"]["start"] == 12
    assert figures["a10_learned_figure"]["start"] == show._MIDDLE
    assert figures["a10_noise_figure"]["first"] == show._MIDDLE


def test_what_moves_is_sent_anew_only_when_it_changes(figures: dict[str, dict[str, Any]]) -> None:
    test = opened()
    before = {key: data["content"] for key, data in figures.items()}
    test.run()
    assert {key: data["content"] for key, data in figures.items()} == before
    test.button_group(key="a10_steps").set_value(100).run()
    changed = {key for key, data in figures.items() if data["content"] != before[key]}
    assert changed == {"a10_learned_figure", "a10_growing_figure", "a10_guided_figure"}


def test_a_word_that_cannot_be_shown_says_what_is_shown_instead(
    figures: dict[str, dict[str, Any]],
) -> None:
    test = opened(a10_shape="a word", **SHORT)
    assert not test.warning
    test.text_input(key="a10_word").set_value("<b>Хай").run()
    assert [one.value for one in test.warning] == [
        "Up to eight letters A to Z and digits can be shown, so the word is “b”."
    ]
    expected = lesson.exact("a word", "b", (), 400, 276).points.astype(float)
    assert_first_data(figures, expected)


def assert_first_data(figures: dict[str, dict[str, Any]], expected: np.ndarray) -> None:
    sent = numbers(figures["a10_noise_figure"]["panels"][0]["layers"][1]["xy"])
    assert sent.shape == expected.shape
    assert np.abs(sent - expected).max() < 2e-4


def test_a_drawing_is_what_the_page_is_about(
    figures: dict[str, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    draws(monkeypatch, SQUARE)
    test = opened(a10_shape="your drawing", **SHORT)
    assert not test.warning
    assert not [one for one in test.button_group if one.key == "a10_count"]
    assert_first_data(figures, 2 * np.array(SQUARE))


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ("points", "Draw a few strokes"),
        (None, "Draw a few strokes"),
        ([], "Draw a few strokes"),
        ([[0, 0]], "Draw at least 3 points."),
        ([[0, 0]] * 5, "All of these points lie in one place"),
        (SQUARE * 101, "at most 400"),
        ([*SQUARE, [9, 9]], "inside the square"),
    ],
)
def test_a_drawing_that_is_none_is_told_in_one_sentence_and_two_moons_stand_in(
    sent: object,
    words: str,
    figures: dict[str, dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    draws(monkeypatch, sent)
    test = opened(a10_shape="your drawing", **SHORT)
    [said] = [one.value for one in (*test.warning, *test.info)]
    assert words in said
    assert_first_data(figures, lesson.exact("two moons", "", (), 400, 276).points.astype(float))


def test_a_drawing_is_still_there_after_a_visit_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[object] = []

    def drawn(**options: Any) -> object:
        given.append(options["data"]["points"])
        return SimpleNamespace(points=options["data"]["points"] or SQUARE)

    monkeypatch.setattr(plane_drawing, "_drawing", drawn)
    test = opened(a10_shape="your drawing", **SHORT)
    test.switch_page("syllabus.py").run()
    test.switch_page("diffusion_in_the_plane.py").run()
    assert given[-1] in ([], SQUARE)
    assert test.session_state["a10_drawing drawing"] == SQUARE


def test_memorisation_waits_for_the_prediction(figures: dict[str, dict[str, Any]]) -> None:
    test = opened()
    assert "a10_copies_figure" not in figures
    test.radio(key="a10_q3").set_value("At ten")
    next(one for one in test.button if one.key == "a10_q3_show").click()
    test.run()
    assert not test.exception
    assert figures["a10_copies_figure"]["panels"][0]["title"] == "10 known points, 256 particles."
    said = "".join(one.value for one in test.markdown)
    assert "256 particles end at 10 places, none further than 0.0" in said


def test_a_figure_with_frames_without_a_name_is_refused() -> None:
    layer = PlaneLayer("particles", np.zeros((3, 5, 2)), "x_t")
    with pytest.raises(ValueError, match="3 frames of particles, 2 labels"):
        kit.plane(
            (Panel("", "", "", (layer,)),),
            key="x",
            title="",
            labels=("a", "b"),
            start=0,
            address="",
        )


def test_numbers_that_are_none_do_no_harm() -> None:
    sent = numbers(kit._numbers(np.array([[np.nan, np.inf], [-np.inf, 1.5]])))
    assert sent.round(3).tolist() == [[0, 4], [-4, 1.5]]


def test_where_guided_samples_leave_is_said_as_it_was_measured() -> None:
    def sweep(away: float) -> Any:
        return SimpleNamespace(away=[0.0] * 12 + [away], spread=[2.0, 1.5, *[0.5] * 11])

    said = show.left_at(sweep(0), sweep(0.7))
    assert "more than 0.2 from their class from γ = 12 on, and 0.70 at γ = 12" in said
    assert (
        "those of the exact scores 0.00, but their spread falls from 1.50 at γ = 1 to 0.50" in said
    )
    assert "stay within 0.2 of their class up to γ = 12" in show.left_at(sweep(0), sweep(0.1))
