"""Every page opens, and none breaks whatever its widgets, its address or a run's folder holds.

Pages and widgets are found, so that a new one is covered at birth.
"""

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from small_runs import trained_here
from streamlit.testing.v1 import AppTest

from lessons import model_choice
from lessons.training import runs
from lessons.training.runs import files, recipes
from models import catalog, digits, embedded, shipped
from models.miniature.box import save
from models.miniature.network import MiniatureUNet
from pages._service import engine
from pages._service.engine.results import Results
from pages._ui.session import lessons
from pages._ui.text.plain_text import plain_text

pytestmark = pytest.mark.timeout(900)  # some fifty samplings one after the other

ROUTER = str((lessons.FOLDER / "_router.py").resolve())
PAGES = sorted(file.name for file in lessons.FOLDER.glob("*.py") if file.name[0] != "_")
PART_A = sorted(lesson.file for lesson in lessons.discover() if lesson.part == "A")
HOME_TITLE = "Diffusion, step by step"
WITH_RUNS = [file for file in PAGES if file not in PART_A]
"""Pages that may look at training runs; those of Part A look at models instead."""
MODELS = [about.name for about in model_choice.models()]
TRAINING = {
    "train_denoiser.py": "denoiser",
    "pure_noise.py": "pure-noise",
    "train_ddpm.py": "ddpm",
    "train_class_ddpm.py": "class-ddpm",
    "flow_matching.py": "class-flow",
}
NUMBERS = ("slider", "number_input")
CHOICES = ("selectbox", "select_slider", "radio", "button_group")
SWITCHES = ("toggle", "checkbox")
TEXTS = ("text_input", "text_area")
KINDS = (*NUMBERS, *CHOICES, *SWITCHES, *TEXTS, "multiselect")


@pytest.fixture(scope="module", autouse=True)
def quick() -> Iterator[None]:
    """Pages are turned here, not images looked at: Pictures answers at once, and nobody else sees.

    All but the network's own call is real: prompts, loops, captions, and the whole of Digits.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(embedded.Pictures, "predict", lambda _self, x_t, _t, _embeddings: x_t.clone())
        patch.setattr(engine._engine, "_results", Results())
        yield


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one short finished run of each recipe."""
    folder = tmp_path_factory.mktemp("finished")
    short = {
        "num_hiddens": 8,
        "images_per_epoch": 1000,
        "epochs": 1,
        "precision": "float32",
        "sample_steps": 2,
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DIFFUSION_RUNS", str(folder))
        for name in recipes.NAMES:
            trained_here(name, short)
    return folder


@pytest.fixture(scope="session")
def small_miniature(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights, never trained, of the miniature's own kind of network, as narrow as it can be."""
    folder = tmp_path_factory.mktemp("miniature")
    save(MiniatureUNet(channels=(32, 32), attends=(False, True)), folder)
    return folder


@pytest.fixture(scope="session")
def small_reference(finished: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Short runs in the place of the shipped ones; the classifier is the real one."""
    folder = tmp_path_factory.mktemp("reference")
    for reference in run_folders(files.SHIPPED):
        recipe = reference.name.rpartition("-")[0]
        if recipe == "judge":
            shutil.copytree(reference, folder / reference.name)
        else:
            [run] = run_folders(finished, recipe)
            shutil.copytree(run, folder / f"{run.name[:-4]}0000")
    return folder


@pytest.fixture(autouse=True)
def small_networks(
    small_miniature: Path, small_reference: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """All that ships is of the same kind here, and so small that its steps take no time."""
    monkeypatch.setenv("DIFFUSION_MINIATURE", str(small_miniature))
    monkeypatch.setattr(files, "SHIPPED", small_reference)
    monkeypatch.setattr(shipped, "REFERENCE", small_reference)
    monkeypatch.setattr(catalog, "_loaded", {})
    digits.weights_hash.cache_clear()
    yield
    digits.weights_hash.cache_clear()


@pytest.fixture(params=["without runs", "with finished runs"])
def shelf(request: pytest.FixtureRequest, runs_folder: Path) -> Path:
    """The folder of runs: with nothing in it, or with finished ones."""
    if request.param == "with finished runs":
        shutil.copytree(request.getfixturevalue("finished"), runs_folder)
    return runs_folder


@pytest.fixture
def finished_runs(finished: Path, runs_folder: Path) -> Path:
    """The folder of runs, with finished ones of this test's own."""
    shutil.copytree(finished, runs_folder)
    return runs_folder


def opened(file: str, **address: str) -> AppTest:
    test = AppTest.from_file(ROUTER, default_timeout=300)
    test.query_params.update(address)
    if file != lessons.HOME:
        test.switch_page(file)
    return test.run()


def run_folders(root: Path, recipe: str = "") -> list[Path]:
    return [run for run in root.glob(f"{recipe}*-*") if run.is_dir()]


def widgets(test: AppTest) -> dict[tuple[str, str], Any]:
    return {(kind, w.key or w.label): w for kind in KINDS for w in test.get(kind)}


def both_ends(kind: str, widget: Any) -> tuple[Any, Any]:
    if kind in NUMBERS:
        number = type(widget.value)
        return number(widget.min), number(widget.max)
    if kind in CHOICES:
        return widget.options[0], widget.options[-1]
    if kind == "multiselect":
        return [], widget.options[: widget.proto.max_selections or None]
    return (False, True) if kind in SWITCHES else ("", "<b>x</b> " * 1000)


def sentences(test: AppTest) -> list[str]:
    """What the page has to say about something that it could not take as it was."""
    return [said.value for said in (*test.toast, *test.warning, *test.error)]


def assert_fine(test: AppTest, what: str = "") -> None:
    assert [f"{e.message} {e.stack_trace[-3:]}" for e in test.exception] == [], what
    assert [error.value for error in test.error] == [], what


def widget_named(test: AppTest, key: str) -> Any:
    [found] = [widget for (_, name), widget in widgets(test).items() if name == key]
    return found


def bound(test: AppTest, kinds: tuple[str, ...]) -> dict[str, Any]:
    """The widgets of these kinds that the address can set, by their names in it."""
    frame = () if test.title[0].value == HOME_TITLE else ("seed", "present", "hide")
    found = {
        getattr(widget.proto, "query_param_key", ""): widget
        for (kind, _), widget in widgets(test).items()
        if kind in kinds
    }
    return {name: widget for name, widget in found.items() if name and name not in frame}


@pytest.mark.parametrize("file", WITH_RUNS)
@pytest.mark.usefixtures("shelf")
def test_every_page_opens(file: str) -> None:
    test = opened(file)
    assert_fine(test)
    assert test.title
    assert not sentences(test)


@pytest.mark.parametrize("file", WITH_RUNS)
@pytest.mark.usefixtures("shelf")
def test_every_widget_survives_both_its_ends(file: str) -> None:
    turn_every_widget(opened(file))


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("file", PART_A)
def test_every_widget_of_part_a_survives_both_its_ends_in_every_model(
    file: str, model: str
) -> None:
    test = opened(file, model=model)
    assert_fine(test)
    assert test.title
    assert not sentences(test)
    turn_every_widget(test)


def turn_every_widget(test: AppTest) -> None:
    frame = ("present", "hide") if test.title[0].value != HOME_TITLE else ()
    for kind, name in widgets(test):
        if name in frame:
            continue  # the same on every page, so one page is enough
        if (kind, name) not in widgets(test):
            test.run()  # the one before had taken it away, and is back at its old value
        before = widgets(test)[kind, name].value
        for value in both_ends(kind, widgets(test)[kind, name]):
            if (kind, name) not in widgets(test):
                break  # the other end has made it disappear
            widgets(test)[kind, name].set_value(value).run()
            assert_fine(test, f"{name} = {value}")
        if (kind, name) in widgets(test):
            widgets(test)[kind, name].set_value(before)


@pytest.mark.parametrize("file", PAGES)
@pytest.mark.usefixtures("finished_runs")
def test_every_number_survives_what_no_widget_would_send(file: str) -> None:
    test = opened(file)
    for name in [name for name in widgets(test) if name[0] in NUMBERS]:
        low, high = both_ends(name[0], widgets(test)[name])
        before = widgets(test)[name].value
        for value in (low - 10, 10 * high + 1, 1e300):
            widgets(test)[name].set_value(value).run()
            assert_fine(test, f"{name[1]} = {value}")
            assert low <= widgets(test)[name].value <= high, f"{name[1]} = {value}"
        widgets(test)[name].set_value(before)


@pytest.fixture
def toasts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What pages say in passing; of several at once AppTest keeps the last alone."""
    said: list[str] = []
    monkeypatch.setattr(st, "toast", lambda words, **_: said.append(words))
    return said


def corrected(file: str, names: Iterable[str], asked: str, toasts: list[str]) -> AppTest:
    """A page whose address asks the same of all these widgets, and which says so of each."""
    test = opened(file, **dict.fromkeys(names, asked))
    assert_fine(test, asked)
    told = [name for words in toasts for name in names if f"{plain_text(name)} = " in words]
    assert sorted(told) == sorted(names), asked
    toasts.clear()
    return test


@pytest.mark.parametrize("file", PAGES)
@pytest.mark.usefixtures("finished_runs")
def test_numbers_out_of_range_in_the_address_become_the_nearest_with_a_sentence_each(
    file: str, toasts: list[str]
) -> None:
    at_first = bound(opened(file), NUMBERS)
    for asked in ("99999999999", "-99999999999", "abc"):
        test = corrected(file, at_first, asked, toasts)
        now = bound(test, NUMBERS)
        for name, before in at_first.items():
            low, high = both_ends("number_input", now[name])
            near = {"9": high, "-": low}.get(asked[0], before.value)
            assert now[name].value == near, f"{name}={asked}"


@pytest.mark.parametrize("file", PAGES)
@pytest.mark.usefixtures("finished_runs")
def test_choices_in_the_address_that_are_none_become_the_default_with_a_sentence_each(
    file: str, toasts: list[str]
) -> None:
    at_first = bound(opened(file), CHOICES)
    for asked in ("99999999999", "abc", ""):
        test = corrected(file, at_first, asked, toasts)
        now = bound(test, CHOICES)
        assert {name: now[name].value for name in at_first} == {
            name: before.value for name, before in at_first.items()
        }


def test_there_are_numbers_and_choices_that_the_address_can_set() -> None:
    test = opened("guidance.py")
    assert "a16_gamma" in bound(test, NUMBERS)
    assert "model" in bound(test, CHOICES)


def test_settings_from_the_address_become_the_nearest_allowed_ones_with_a_sentence_each() -> None:
    test = opened("train_denoiser.py", num_hiddens="999", sigma="abc", epochs="2")
    assert_fine(test)
    parameters = {name: w.value for (_, name), w in widgets(test).items()}
    assert parameters["denoiser: num_hiddens"] == 128
    assert parameters["denoiser: sigma"] == 0.5
    assert parameters["denoiser: epochs"] == 2
    said = [warning.value for warning in test.warning]
    assert len(said) == 2
    assert any("999" in sentence and "128" in sentence for sentence in said)
    assert any("abc" in sentence and "0.5" in sentence for sentence in said)
    assert not test.run().warning


@pytest.mark.parametrize("file", TRAINING)
@pytest.mark.parametrize("name", ["../../etc", "denoiser-0000000000", "<script>", "x" * 5000, "."])
@pytest.mark.usefixtures("shelf")
def test_a_link_to_a_run_that_is_not_here_says_so_in_one_sentence(file: str, name: str) -> None:
    test = opened(file, run=name)
    assert_fine(test)
    assert len(sentences(test)) == 1


@pytest.mark.parametrize(("file", "recipe"), TRAINING.items())
def test_a_link_to_a_run_of_another_lesson_is_one_to_a_run_that_is_not_here(
    file: str, recipe: str, finished_runs: Path
) -> None:
    [own] = run_folders(finished_runs, recipe)
    shutil.rmtree(own)
    other, *_ = [folder.name for folder in run_folders(finished_runs)]
    test = opened(file, run=other)
    assert_fine(test)
    assert len(sentences(test)) == 1


@pytest.mark.parametrize(("file", "recipe"), TRAINING.items())
def test_a_link_to_a_run_shows_that_run(file: str, recipe: str, finished_runs: Path) -> None:
    [run] = run_folders(finished_runs, recipe)
    test = opened(file, run=run.name)
    assert_fine(test)
    assert not sentences(test)
    settings = runs.view(run.name).settings
    assert settings
    done = f"**Finished** · step {settings.total_steps} of {settings.total_steps}"
    assert any(done in text.value for text in test.markdown)


DAMAGE = {
    "settings.json": "{",
    "status.json": '{"state": 3, "colour": "red"}',
    "metrics.jsonl": "not json\n",
    "epochs.jsonl": '{"epoch": "one"}\n',
    "samples/epoch-001.png": "no image",
    "weights.safetensors": "no weights",
    "worker.json": "[]",
    "control.json": "",
}


@pytest.mark.parametrize("damaged", DAMAGE)
@pytest.mark.parametrize("file", WITH_RUNS)
def test_a_damaged_file_of_a_run_breaks_no_page(
    file: str, damaged: str, finished_runs: Path
) -> None:
    for run in run_folders(finished_runs):
        (run / damaged).write_text(DAMAGE[damaged], "utf-8")
    test = opened(file)
    assert not test.exception
    assert not [error.value for error in test.error if "fault" in error.value]


@pytest.mark.parametrize("file", TRAINING)
def test_a_damaged_run_is_listed_with_the_reason(file: str, finished_runs: Path) -> None:
    for run in run_folders(finished_runs):
        (run / "settings.json").write_text("{", "utf-8")
    [own] = run_folders(finished_runs, TRAINING[file])
    test = opened(file, run=own.name)
    assert any("settings.json can't be read" in error.value for error in test.error)
