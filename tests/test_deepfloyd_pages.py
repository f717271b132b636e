"""Every page that has a choice of models opens and runs on DeepFloyd IF."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages._ui.session import lessons

pytestmark = pytest.mark.timeout(600)

ROUTER = str((lessons.FOLDER / "_router.py").resolve())
PAGES = sorted(
    file.name
    for file in lessons.FOLDER.glob("*.py")
    if file.name[0] != "_" and "ui.model()" in file.read_text("utf-8")
)


def opened(file: str, **address: str) -> AppTest:
    test = AppTest.from_file(ROUTER, default_timeout=300)
    test.query_params.update({"model": "deepfloyd", **address})
    test.switch_page(file)
    return test.run()


def assert_fine(test: AppTest) -> None:
    assert [f"{e.message} {e.stack_trace[-3:]}" for e in test.exception] == []
    assert [said.value for said in (*test.error, *test.warning)] == []
    assert test.selectbox(key="model").value == "DeepFloyd I"


def words(test: AppTest) -> str:
    return " ".join(text.value for text in test.markdown)


@pytest.mark.parametrize("file", PAGES)
@pytest.mark.usefixtures("tiny_if_here")
def test_every_page_with_a_model_runs_on_deepfloyd(file: str) -> None:
    assert_fine(opened(file))


@pytest.mark.usefixtures("tiny_if_here")
@pytest.mark.parametrize("named", ["deepfloyd", "DeepFloyd I"])
def test_the_address_takes_a_models_name_and_its_title(named: str) -> None:
    test = opened("forward_process.py", model=named)
    assert_fine(test)
    assert not test.toast


def test_all_of_part_a_has_a_choice_of_models() -> None:
    assert len(PAGES) >= 11


@pytest.mark.usefixtures("tiny_if_here")
def test_the_switch_for_thresholding_is_off_at_first_and_keeps_the_prompt() -> None:
    test = opened("sampling.py", a15_prompt_deepfloyd="a skull")
    assert test.toggle(key="thresholding").value is False
    test.toggle(key="thresholding").set_value(True).run()
    assert_fine(test)
    assert test.text_input(key="a15_prompt_deepfloyd").value == "a skull"


def test_a_model_without_thresholding_has_no_switch() -> None:
    test = opened("sampling.py", model="digits")
    assert "thresholding" not in [toggle.key for toggle in test.toggle]


@pytest.mark.usefixtures("tiny_if_here")
@pytest.mark.parametrize(("file", "key"), [("sampling.py", "a15"), ("guidance.py", "a16")])
def test_a_sample_can_be_enlarged(file: str, key: str) -> None:
    test = opened(file)
    test.toggle(key=f"{key}_enlarge").set_value(True).run()
    assert_fine(test)
    assert "Nothing is invented" in words(test)
    assert test.slider(key=f"{key}_sample").max == 5


@pytest.mark.usefixtures("tiny_if_here")
def test_the_set_up_says_what_it_needs_beside_what_the_machine_has() -> None:
    test = opened("set_up.py")
    assert "GB free" in words(test)
    [table] = [one.body for one in test.get("html") if "the model&#x27;s parts" in one.body]
    assert re.findall(r'<th scope="row">(.+?)</th>', table) == ["I", "II", "text encoder T5"]


@pytest.mark.usefixtures("tiny_if_here")
def test_a_prompt_that_was_never_encoded_is_answered_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DIFFUSION_DEEPFLOYD_T5", "off")
    test = opened("sampling.py", a15_prompt_deepfloyd="a pencil")
    assert not test.exception
    assert any("“a pencil” was never encoded" in said.value for said in test.warning)


@pytest.mark.usefixtures("tiny_if_here")
def test_a_wrong_folder_is_answered_in_a_sentence_on_every_page(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DIFFUSION_DEEPFLOYD", str(tmp_path))
    test = opened("sampling.py", seed="7071")  # a result that is not remembered
    assert not test.exception
    [said] = [error.value for error in test.error]
    assert "unet/config.json is missing" in said
