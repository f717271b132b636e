"""The list of pages: what is found, how it is ordered, and that all of it opens."""

from pathlib import Path

import pytest
from awaited import awaited
from starlette.requests import Request
from streamlit.testing.v1 import AppTest

from pages._service import engine
from pages._ui.inputs.numbers import nearest
from pages._ui.inputs.seed import DEFAULT, LARGEST
from pages._ui.session import lessons
from streamlit_app import health, plotly

ROUTER = str((lessons.FOLDER / "_router.py").resolve())
FILES = [lesson.file for lesson in lessons.discover()]


def app(file: str | None = None, **address: str) -> AppTest:
    test = AppTest.from_file(ROUTER, default_timeout=110)
    for name, value in address.items():
        test.query_params[name] = value
    if file:
        test.switch_page(file)
    return test.run()


def write_pages(folder: Path, *titles: str) -> None:
    for i, title in enumerate(titles):
        (folder / f"page_{i}.py").write_text(f'"""{title}"""\n', "utf-8")


def test_lessons_are_ordered_by_part_and_number_and_not_by_letters(tmp_path: Path) -> None:
    write_pages(tmp_path, "B1.1 · E", "A1.10 · D", "A1.7.2 · C", "A1.7 · B", "A1.1 · A")
    assert [lesson.name for lesson in lessons.discover(tmp_path)] == list("ABCDE")


def test_machinery_and_the_home_page_are_no_lessons(tmp_path: Path) -> None:
    (tmp_path / "_router.py").write_text("raise SystemExit\n", "utf-8")
    (tmp_path / "home.py").write_text('"""Home"""\n', "utf-8")
    write_pages(tmp_path, "A1.1 · A")
    assert len(lessons.discover(tmp_path)) == 1


def test_a_docstring_gives_number_name_and_summary() -> None:
    lesson = lessons.parse("B1.2.3 · Pure noise\n\nAt 0.5\nand on two lines. Then more.\n\nNotes.")
    assert (lesson.part, lesson.number, lesson.name) == ("B", "1.2.3", "Pure noise")
    assert lesson.title == "1.2.3 Pure noise"
    assert lesson.summary == "At 0.5 and on two lines. Then more."
    assert lesson.first_sentence == "At 0.5 and on two lines."


def test_a_page_without_a_docstring_is_named(tmp_path: Path) -> None:
    (tmp_path / "nameless.py").write_text("import streamlit\n", "utf-8")
    with pytest.raises(ValueError, match=r"pages/nameless\.py has no docstring"):
        lessons.discover(tmp_path)


def test_the_way_on_leads_through_all_lessons_and_then_ends() -> None:
    found = [lessons.parse(f"A1.{i} · L", f"{i}.py") for i in (1, 2)]
    assert lessons.after("1.py", found) == found[1]
    assert lessons.after("2.py", found) is None
    assert lessons.after("home.py", found) is None


def test_no_two_lessons_have_the_same_number() -> None:
    numbers = [lesson.order for lesson in lessons.discover()]
    assert len(set(numbers)) == len(numbers)


def test_the_home_page_opens_and_names_the_first_lesson() -> None:
    test = app()
    assert not test.exception
    assert test.title[0].value == "Diffusion, step by step"


@pytest.mark.parametrize("file", FILES)
def test_every_lesson_opens_with_its_title(file: str) -> None:
    test = app(file)
    assert not test.exception
    lesson = next(lesson for lesson in lessons.discover() if lesson.file == file)
    assert lesson.name in test.title[0].value


def test_the_seed_comes_from_the_address() -> None:
    assert app(seed="7").sidebar.number_input(key="seed").value == 7


@pytest.mark.parametrize(
    ("asked", "used"),
    [
        ("-5", 0),
        ("12.7", 12),
        ("99999999999999999999", LARGEST),
        ("1e400", LARGEST),
        ("nan", DEFAULT),
        ("abc", DEFAULT),
        ("", DEFAULT),
    ],
)
def test_a_bad_seed_in_the_address_becomes_the_nearest_allowed_one(asked: str, used: int) -> None:
    test = app("forward_process.py", seed=asked)
    assert not test.exception
    assert test.sidebar.number_input(key="seed").value == used
    assert len(test.toast) == 1


@pytest.mark.parametrize(("asked", "used"), [("99999", 299), ("-1", 0), ("abc", 75)])
def test_a_bad_timestep_in_the_address_becomes_the_nearest_allowed_one(
    asked: str, used: int
) -> None:
    test = app("forward_process.py", model="Digits", a11_t_digits=asked)
    assert not test.exception
    assert test.slider(key="a11_t_digits").value == used
    assert len(test.toast) == 1


@pytest.mark.parametrize(
    ("sent", "used"),
    [(7, 7), (-1, 0), (2**40, 999), (float("nan"), 250), (float("inf"), 999)]
    + [(value, 250) for value in (None, "7", True, [])],
)
def test_a_number_that_no_widget_would_send_becomes_an_allowed_one(sent: object, used: int) -> None:
    assert nearest(sent, 0, 999, 250) == used


def test_the_health_page_tells_a_running_engine_from_a_stopped_one() -> None:
    request = Request({"type": "http"})
    engine.start()
    assert awaited(health(request)).status_code == 200
    engine.stop()
    assert awaited(health(request)).status_code == 503


def test_the_chart_library_is_here_and_may_be_kept() -> None:
    answer = awaited(plotly(Request({"type": "http"})))
    assert Path(answer.path).stat().st_size > 1_000_000
    assert "immutable" in answer.headers["Cache-Control"]
