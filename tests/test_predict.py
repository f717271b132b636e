"""Questions: every lesson has some, nothing is given away, and an answer stays for the session."""

import importlib
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from small_runs import wait_for
from streamlit.testing.v1 import AppTest

from lessons.training import runs
from pages._service import engine
from pages._ui.inputs.predict import Question, apart, plain
from pages._ui.session import lessons

ROUTER = str((lessons.FOLDER / "_router.py").resolve())
NUMBERED = [lesson.file for lesson in lessons.discover() if lesson.number]
ASKED = {file: importlib.import_module(f"pages._teaching.{Path(file).stem}") for file in NUMBERED}
FORWARD = ASKED["forward_process.py"]
QUESTIONS = [q for own in ASKED.values() for q in vars(own).values() if type(q) is Question]

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def small_denoiser(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one short finished run; the one that ships has 256 times as many weights."""
    folder = tmp_path_factory.mktemp("finished")
    short = {"num_hiddens": 8, "images_per_epoch": 1000, "epochs": 1, "precision": "float32"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DIFFUSION_RUNS", str(folder))
        wait_for(runs.start("denoiser", runs.nearest_settings("denoiser", short)[0]), "finished")
    return folder


@pytest.fixture(autouse=True)
def only_small(small_denoiser: Path, runs_folder: Path) -> None:
    """The lesson that measures a denoiser may measure this one."""
    shutil.copytree(small_denoiser, runs_folder)


def opened(file: str) -> AppTest:
    test = AppTest.from_file(ROUTER, default_timeout=300)
    test.query_params["model"] = "digits"
    if file == "out_of_distribution.py":
        test.query_params["b122_run"] = runs.all_runs("denoiser")[-1].id
    return test.switch_page(file).run()


def asked(test: AppTest) -> dict[str, Any]:
    return {radio.key: radio for radio in test.radio if re.fullmatch(r"[ab]\d+_q\d", radio.key)}


def button(test: AppTest, key: str) -> Any:
    return next((one for one in test.button if one.key == key), None)


def question_of(radio: Any) -> Question:
    return next(question for question in QUESTIONS if question.text == radio.label)


def answer(test: AppTest, key: str, option: str) -> AppTest:
    asked(test)[key].set_value(option)
    return button(test, f"{key}_show").click().run()


def words(test: AppTest) -> str:
    return "\n".join(str(text.value) for text in (*test.markdown, *test.get("html")))


@pytest.mark.parametrize("file", NUMBERED)
def test_every_lesson_asks_two_or_three_questions_and_gives_nothing_away(
    file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    calculated = []
    submit = engine.submit

    def watched(session, slot, key, call):  # type: ignore[no-untyped-def]
        calculated.append(call.func.__module__)
        return submit(session, slot, key, call)

    monkeypatch.setattr(engine, "submit", watched)
    test = opened(file)
    assert not test.exception
    assert 2 <= len(asked(test)) <= 3
    assert "Predict, then look" in words(test)
    assert "Predict first" not in words(test)
    assert not [
        module for module in calculated if module.startswith("lessons.workshop.experiments")
    ]
    for radio in asked(test).values():
        assert radio.value is None
        assert radio.proto.query_param_key == ""
        assert question_of(radio).why not in words(test)


@pytest.mark.parametrize("file", NUMBERED)
def test_every_answer_reveals_what_happens_whether_it_was_right_or_not(file: str) -> None:
    test = opened(file)
    for place, (key, radio) in enumerate(asked(test).items()):
        question = question_of(radio)
        chosen = (question.answer + place % 2) % len(question.options)
        test = answer(test, key, question.options[chosen])
        assert not test.exception
        assert not test.error
        said = words(test)
        assert f"You said: *{question.options[chosen]}*." in said
        assert (
            ("That is what happens." in said)
            if place % 2 == 0
            else ("What happens instead" in said)
        )
        assert f"*{question.options[question.answer]}*" in said
    assert not asked(test)


def test_an_answer_stays_while_the_reader_is_on_another_page_and_is_never_in_the_address() -> None:
    test = answer(opened("forward_process.py"), "a11_q2", FORWARD.WEIGHTS.options[0])
    assert "Variances add" in words(test)
    test.switch_page("one_step_denoising.py").run()
    assert "Variances add" not in words(test)
    test.switch_page("forward_process.py").run()
    assert f"You said: *{ASKED['forward_process.py'].WEIGHTS.options[0]}*." in words(test)
    assert list(asked(test)) == ["a11_q1"]
    assert "a11_q2" not in test.query_params
    button(test, "a11_q2_again").click().run()
    assert asked(test)["a11_q2"].value is None
    assert "Variances add" not in words(test)


def test_who_presses_without_choosing_is_asked_to_choose() -> None:
    test = opened("forward_process.py")
    button(test, "a11_q1_show").click().run()
    assert "Choose one of them first" in words(test)
    assert "a11_q1" in asked(test)
    assert "Choose one of them first" not in words(test.run())


def test_an_experiment_says_the_number_that_proves_it() -> None:
    test = answer(opened("forward_process.py"), "a11_q1", FORWARD.NO_NOISE.options[0])
    assert "black to white being 1: <b>0</b>, not even a rounding error." in words(test)


def test_all_questions_are_asked_somewhere_once() -> None:
    for file, own in ASKED.items():
        written = (lessons.FOLDER / file).read_text("utf-8")
        for name in [name for name, value in vars(own).items() if type(value) is Question]:
            assert len(re.findall(rf"\bask\.{name}\b", written)) == 1, name


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.text[:40])
def test_an_explanation_has_three_sentences_at_most(question: Question) -> None:
    assert len(re.findall(r"[.?!](?:\s|$)", question.why)) <= 3
    assert 2 <= len(question.options) <= 4


def test_a_question_without_its_answer_among_the_options_is_refused() -> None:
    for options, place in ((("a", "b"), 2), (("a", "b"), -1), (("a", "a"), 0), (("a",), 0)):
        with pytest.raises(ValueError, match="no answer"):
            Question("q", options, place, "why")


@pytest.mark.parametrize(
    ("number", "shown"),
    [(0.0, "0"), (3.2e-6, "0.000003"), (0.49, "0.5"), (4e-16, "less than 0.000000001")],
)
def test_numbers_are_written_out(number: float, shown: str) -> None:
    assert plain(number) == shown
    assert shown in apart(number)
    assert ("rounding" in apart(number)) == (number < 1e-3)
