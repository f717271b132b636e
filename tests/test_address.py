"""The address carries a lesson: opened again it shows the same; a reset brings the defaults."""

from __future__ import annotations

import ast
import json
from typing import Any

import pytest
from small_runs import prepared, tiny
from streamlit.testing.v1 import AppTest

from lessons.training import runs
from pages._ui.session import lessons, room

ROUTER = str((lessons.FOLDER / "_router.py").resolve())
WIDGETS = {
    "checkbox",
    "color_picker",
    "date_input",
    "multiselect",
    "number_input",
    "pills",
    "radio",
    "segmented_control",
    "select_slider",
    "selectbox",
    "slider",
    "text_area",
    "text_input",
    "toggle",
}
KEPT_OTHERWISE = {
    "address.py": {"selectbox"},  # named_choice writes the name
    "settings.py": {"segmented_control", "selectbox", "number_input", "toggle"},  # _tell_address
    "data_choice.py": {"selectbox"},  # settings.py tells the address
    "watch.py": {"selectbox", "multiselect"},  # run and compare
    "board.py": {"multiselect"},  # runs, by ui.keep
}
NOT_IN_THE_ADDRESS = {
    "instructor.py": {"text_input"},  # the teacher's own orders
    "bug_lab.py": {"radio"},  # the quiz: its answer would be there
    "predict.py": {"radio"},  # what a reader thought
    "report.py": {"text_area", "text_input"},  # a name and remarks
    "set_up.py": {"selectbox"},  # words for a prompt, which is in the address
    "image_input.py": {"color_picker", "text_input"},  # a drawing's ink; what the web gives
    "room.py": {"toggle", "multiselect"},  # they make a link
    "own_data.py": {"text_input", "toggle"},  # what an upload is called, and whether it is inverted
    "class_drawings.py": {
        "number_input",
        "text_input",
    },  # which to take out, a set's name
    "wall.py": {"number_input", "selectbox"},  # which image goes to the wall
    "classroom.py": {"text_input"},  # the teacher's key and remarks: a link must not give them away
}


def opened(file: str, **address: Any) -> AppTest:
    test = AppTest.from_file(ROUTER, default_timeout=300)
    test.query_params.update(address)
    if file != lessons.HOME:
        test.switch_page(file)
    test.run()
    assert not test.exception
    return test


def parameters(test: AppTest, file: str) -> dict[str, Any]:
    page = "" if file == lessons.HOME else file.removesuffix(".py")
    return dict(test.session_state[f"ui_controls: {page}"])


def address(test: AppTest, file: str) -> dict[str, str]:
    """The address as the browser keeps it: what the server wrote, and each bound widget's value."""
    known = dict(test.query_params)
    for name, parameter in parameters(test, file).items():
        if parameter.bound and name in test.session_state:
            value = test.session_state[name]
            known.pop(name, None)
            if value != parameter.default:
                known[name] = str(value).lower() if isinstance(value, bool) else str(value)
    return known


def shown(test: AppTest) -> list[str]:
    """Everything on the page that is not a control: words, images, curves, trajectories."""
    words = [text.value for text in test.main.markdown]
    images = [part.proto.body for part in test.main.get("html")]
    trajectories = [part.proto.json for part in test.main.get("bidi_component")]
    return words + images + trajectories


def turn(test: AppTest, **values: object) -> None:
    kinds = ("slider", "number_input", "selectbox", "button_group", "text_input", "toggle")
    for name, value in values.items():
        [widget] = [w for kind in kinds for w in test.get(kind) if w.key == name]
        widget.set_value(value).run()
        assert not test.exception


@pytest.mark.parametrize(
    ("file", "turned"),
    [
        (
            "forward_process.py",
            {"model": "Digits", "a11_picture_digits": "Test digit 4", "a11_t_digits": 33},
        ),
        ("classical_denoising.py", {"a12_kernel": 9, "a12_sigma": 2.25, "seed": 9}),
        ("iterative_denoising.py", {"a14_start": 25}),
        (
            "guidance.py",
            {"model": "Digits", "a16_gamma": 2.5, "a16_prompt_digits": "a handwritten 7"},
        ),
        ("unet.py", {"b11_block": "down2", "b11_digit": 8}),
    ],
)
def test_a_page_opened_with_its_address_shows_the_same(
    file: str, turned: dict[str, object]
) -> None:
    test = opened(file)
    before = shown(test)
    turn(test, **turned)
    link = address(test, file)
    assert set(link) == set(turned)
    again = opened(file, **link)
    assert shown(again) == shown(test) != before


def test_the_settings_of_training_travel_in_the_address_and_only_what_differs() -> None:
    test = opened("train_denoiser.py")
    assert address(test, "train_denoiser.py") == {}
    turn(
        test,
        **{
            "denoiser: preset": "Demo",
            "denoiser: epochs": 4,
            "denoiser: own seed": True,
        },
    )
    turn(
        test,
        **{
            "denoiser: seed": 5,
            "denoiser_log": False,
        },
    )
    link = address(test, "train_denoiser.py")
    assert link == {"preset": "Demo", "epochs": "4", "train_seed": "5", "denoiser_log": "false"}
    again = opened("train_denoiser.py", **link)
    for parameter in runs.parameters("denoiser"):
        key = f"denoiser: {parameter.name}"
        assert again.session_state[key] == test.session_state[key], key
    assert address(again, "train_denoiser.py") == link


@pytest.mark.parametrize("asked", ["", "none", "x" * 3000, "denoiser-0000000000,../.."])
def test_runs_to_compare_with_that_are_not_here_are_left_out(asked: str) -> None:
    prepared(tiny(), steps=1)
    test = opened("train_denoiser.py", compare=asked)
    [compared] = [w for w in test.multiselect if w.key == "denoiser: compared"]
    assert compared.value == []
    assert not test.error


def test_where_there_is_one_run_nothing_is_offered_to_compare_it_with() -> None:
    test = opened("train_denoiser.py", compare="none")
    assert [w for w in test.multiselect if w.key == "denoiser: compared"] == []


def trajectory(test: AppTest, name: str) -> dict[str, Any]:
    for part in test.main.get("bidi_component"):
        data = json.loads(part.proto.json or "{}")
        if data.get("address") == name:
            return data
    raise AssertionError(f"no trajectory called {name}")


@pytest.mark.parametrize(
    ("asked", "place"), [("3", 3), ("-5", 0), ("999", 23), ("nan", 23), ("x", 23), ("1e999", 23)]
)
def test_a_trajectory_opens_where_the_address_says_and_another_trajectory_at_its_end(
    asked: str, place: int
) -> None:
    test = opened("iterative_denoising.py", a14_film=asked)
    assert len(trajectory(test, "a14_film")["labels"]) == 24
    assert trajectory(test, "a14_film")["start"] == place
    turn(test, a14_start=25)
    assert trajectory(test, "a14_film")["start"] == trajectory(test, "a14_film")["first"] == 8


def reset(test: AppTest) -> None:
    test.button(key="ui_reset").click().run()
    assert not test.exception


def test_a_reset_puts_this_lessons_controls_and_address_back_and_leaves_the_others() -> None:
    fresh = shown(opened("forward_process.py", seed="9", model="Digits"))
    test = opened("unet.py", seed="9")
    turn(test, b11_digit=8)
    test.switch_page("forward_process.py").run()
    turn(test, model="Digits", a11_t_digits=33, a11_picture_digits="Test digit 4")
    assert shown(test) != fresh
    reset(test)
    assert shown(test) == fresh
    assert address(test, "forward_process.py") == {"seed": "9", "model": "Digits"}
    test.switch_page("unet.py").run()
    assert test.session_state["b11_digit"] == 8


def test_a_reset_puts_the_settings_of_training_back() -> None:
    test = opened("train_denoiser.py", epochs="3", preset="Demo", compare="none")
    assert test.session_state["denoiser: epochs"] == 3
    reset(test)
    assert test.session_state["denoiser: preset"] == "Laptop"
    assert test.session_state["denoiser: epochs"] == runs.presets("denoiser")["Laptop"]["epochs"]
    assert address(test, "train_denoiser.py") == {}


def test_a_reset_leaves_what_a_teacher_has_hidden() -> None:
    test = opened("iterative_denoising.py", a14_start="25", hide="a14_start", model="Digits")
    turn(test, a14_picture_digits="Test digit 4")
    reset(test)
    assert test.session_state["a14_start"] == 25
    assert test.session_state["a14_picture_digits"] == "Test digit 0"


def test_hiding_and_presenting_change_no_result() -> None:
    place = {"model": "Digits", "a11_t_digits": "33"}
    plain = opened("forward_process.py", **place)
    hidden = opened("forward_process.py", **place, hide="a11,seed", present="1")
    images = [
        [p.proto.body for p in t.main.get("html") if "<img" in p.proto.body]
        for t in (plain, hidden)
    ]
    assert images[0] == images[1]
    assert images[0]


def test_presenting_and_hiding_go_along_to_the_next_lesson_and_the_bar_names_both_ways() -> None:
    test = opened("forward_process.py", present="1", hide="seed")
    test.switch_page("classical_denoising.py").run()
    assert (test.session_state["present"], test.session_state["hide"]) == (1, "seed")
    links = [link.proto.label for link in test.main.get("page_link")]
    assert any(label.startswith("← 1.1") for label in links)
    assert any(label.startswith("1.3") for label in links)
    test.button(key="ui_bar_leave").click().run()
    assert test.session_state["present"] == 0
    assert not [b for b in test.button if b.key == "ui_bar_leave"]


@pytest.mark.parametrize("asked", ["2", "abc", "-1", ""])
def test_a_wrong_present_is_put_right_with_a_sentence(asked: str) -> None:
    test = opened("forward_process.py", present=asked)
    assert test.session_state["present"] in (0, 1)
    assert len(test.toast) == 1


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("a14_start,seed", ("a14_start", "seed")),
        (" seed , seed,", ("seed",)),
        ("<b>,a{},A14,../x,*,9a", ()),
        ("</style><script>", ()),
        (None, ()),
        ("x" * 1000, ()),
    ],
)
def test_only_names_are_read_from_what_is_to_be_hidden(sent: object, read: tuple[str, ...]) -> None:
    assert room.names(sent) == read
    sheet = room.style(room.Room(False, room.names(sent)))
    assert "<" not in sheet


def test_a_name_hides_itself_and_what_begins_with_it() -> None:
    shown_so = room.Room(False, ("a14", "seed"))
    assert [shown_so.hides(n) for n in ("a14_start", "a14", "seed")] == [True] * 3
    assert [shown_so.hides(n) for n in ("a141_x", "a1", "seeds", "model")] == [False] * 4
    assert room.Room(False, ("all",)).hides("model")


def test_without_a_prompt_the_guidance_lesson_says_that_gamma_changes_nothing() -> None:
    words = "γ changes nothing"
    test = opened("guidance.py", model="Digits")
    assert not any(words in text.value for text in test.markdown)
    turn(test, a16_prompt_digits="")
    assert any(words in text.value for text in test.markdown)


def test_the_way_back_leads_through_all_lessons_and_then_ends() -> None:
    found = lessons.discover()
    for one in found:
        after = lessons.after(one.file, found)
        assert after is None or lessons.before(after.file, found) == one
    assert lessons.before(found[0].file, found) is None
    assert lessons.before(lessons.HOME, found) is None


def test_every_parameter_is_in_the_address_or_on_the_list_of_those_that_are_not() -> None:
    for path in sorted(lessons.FOLDER.rglob("*.py")):
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
                continue
            kind, owner = call.func.attr, call.func.value
            if kind not in WIDGETS or (isinstance(owner, ast.Name) and owner.id == "ui"):
                continue
            bound = any(word.arg == "bind" for word in call.keywords)
            known = KEPT_OTHERWISE.get(path.name, set()) | NOT_IN_THE_ADDRESS.get(path.name, set())
            assert bound or kind in known, f"{path.name}:{call.lineno}: use ui.{kind} or its like"
