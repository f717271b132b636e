"""The code that ran, taken home: it is all there, it is only ours, and it makes the same result."""

import ast
import json
import os
import re
import runpy
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_runs import trained_here
from streamlit.testing.v1 import AppTest

from lessons.images.captioned import CaptionedImage
from lessons.part_a import inpainting, iterative_denoising, sampling
from lessons.text_to_image import Trajectory
from lessons.training import runs
from models.catalog import finish
from pages._service import export as export
from pages._service.export import ending
from pages._service.export.flatten import flatten
from pages._service.export.literals import literal
from pages._service.export.modules import ROOT
from pages._service.export.names import references
from pages._shared.training import code
from pages._ui.session import lessons

pytestmark = pytest.mark.timeout(900)

GREY = CaptionedImage(np.arange(6, dtype=np.uint8).reshape(2, 3), "grey")
MASK = np.zeros((28, 28), np.uint8)
MASK[8:20, 4:24] = 1
SHORT = {"num_hiddens": 8, "images_per_epoch": 1000, "epochs": 1, "sample_steps": 2}
WEIRD = '"""\n\\ \' \u202e \x00 {x} \ud800'


def sampled(prompt: str = "a handwritten 5", result: object = (GREY,)) -> export.Call:
    parameters = {"model": "digits", "prompt": prompt, "seed": 276, "gamma": 3.0}
    return export.Call(sampling.demo, parameters, result)


def real(function: Callable[..., object], **parameters: object) -> export.Call:
    return export.Call(function, parameters, finish(function(**parameters)))  # type: ignore[arg-type]


def code_of(notebook: str) -> str:
    cells = json.loads(notebook)["cells"]
    return "\n\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "code")


# -- the result, in a process of its own --------------------------------------------------------


def run(folder: Path, *arguments: str) -> str:
    """Run Python in an empty folder with the project on its path; what it says."""
    done = subprocess.run(
        [sys.executable, "-W", "error", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def test_a_script_makes_the_pages_images_again_bit_for_bit_in_a_fresh_process(
    tmp_path: Path,
) -> None:
    call = real(
        inpainting.demo,
        model="digits",
        source_image="digit-0",
        mask=MASK,
        prompt="a handwritten 8",
        gamma=2.0,
        count=1,
        seed=7,
    )
    (tmp_path / "taken.py").write_text(export.script(call), "utf-8")
    said = run(tmp_path, "taken.py")
    assert f"sha256 {ending.fingerprint(call.result)}\nthe same as on the page" in said
    kept = tmp_path / "exports" / "inpainting_demo"
    assert (kept / "results-0.png").is_file()
    assert len(list((kept / "trajectory").glob("*.png"))) == 68


@pytest.fixture
def run_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[[str], str]:
    """Runs a script in this process and an empty folder, and returns what it says."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])

    def run_text(text: str) -> str:
        Path("taken.py").write_text(text, "utf-8")
        runpy.run_path("taken.py", run_name="__main__")
        return capsys.readouterr().out

    return run_text


@pytest.mark.parametrize("model", ["digits", "pictures"])
def test_what_a_student_changes_in_the_script_changes_the_images(
    model: str, run_here: Callable[[str], str]
) -> None:
    call = real(sampling.demo, model=model, prompt="", seed=3, count=1)
    text = export.script(call)
    changed = text.replace("return towards_clean * x_0", "return 0.9 * towards_clean * x_0")
    assert "the same as on the page" in run_here(text)
    assert changed != text
    assert f"the page has {ending.fingerprint(call.result)}" in run_here(changed)


RUN_ALL = """
import runpy, sys
for path in sys.argv[1:]:
    print("file", path)
    runpy.run_path(path, run_name="__main__")
"""


@pytest.fixture
def offered(monkeypatch: pytest.MonkeyPatch) -> list[Mapping[str, Callable[[], bytes]]]:
    """The files that pages offer as the code that ran, in the order in which they do."""
    kit: ModuleType = sys.modules["pages._ui.code.code_that_ran"]
    shown, found = kit.downloads, list[Mapping[str, Callable[[], bytes]]]()

    def noted(files: Mapping[str, Callable[[], bytes]], *, key: str) -> None:
        found.append(files)
        shown(files, key=key)

    monkeypatch.setattr(kit, "downloads", noted)
    return found


@pytest.fixture
def tiny_runs(runs_folder: Path) -> dict[str, str]:
    """What to choose on the pages so that all of it is cheap: networks that are as small as can be.

    The folder of runs holds a finished one of each kind that a page of Part B samples from.
    """
    ids = {name: trained_here(name, SHORT) for name in ("denoiser", "ddpm", "class-ddpm")}
    flow = trained_here("class-flow", SHORT)
    assert runs_folder.is_dir()
    return {
        "b122_run": ids["denoiser"],
        "b22_run": ids["ddpm"],
        "b23_run": ids["class-ddpm"],
        "b24_run": ids["class-ddpm"],
        "b25_run": flow,
    }


def opened(file: str, chosen: Mapping[str, str], **address: str) -> AppTest:
    test = AppTest.from_file(str(lessons.FOLDER / "_router.py"), default_timeout=600)
    test.query_params.update({"model": "digits", "b11_width": "16", **address, **chosen})
    test.switch_page(file).run()
    assert not test.exception
    assert not test.error
    return test


def written(offered: list[Mapping[str, Callable[[], bytes]]], folder: Path) -> list[str]:
    """Make all offered files; of the scripts one for each function, since the others only repeat it
    with other parameters.
    """
    scripts: dict[str, str] = {}
    for place, files in enumerate(offered):
        for name, make in files.items():
            path = folder / f"{place:02}-{name}"
            path.write_bytes(make())
            if path.suffix == ".py":
                compile(path.read_bytes(), name, "exec")
                scripts.setdefault(name, path.name)
    return list(scripts.values())


def sums(said: str) -> list[tuple[str, bool]]:
    """What each file printed: its name, and whether its sum is the page's."""
    parts = re.split(r"^file (.+)$", said, flags=re.MULTILINE)[1:]
    return [
        (name, "the same as on the page" in text)
        for name, text in zip(parts[::2], parts[1::2], strict=True)
    ]


PART_A = [lesson.file for lesson in lessons.discover() if lesson.part == "A"]
PART_B = [
    lesson.file
    for lesson in lessons.discover()
    if lesson.part == "B" and lesson.file != "train_denoiser.py"
]
"""Pages with a result that is not a training run."""

ASKED: Mapping[str, dict[str, str]] = {
    "attention_maps.py": {"model": "pictures"},  # a model which reads words
    # Its usual student is precomputed, whatever the seed.
    "one_step.py": {"b26_pairs": "50", "b26_training": "30", "b26_train": "true"},
}
"""What else is chosen on some pages."""


@pytest.mark.parametrize("files", [PART_A, PART_B], ids=["part A", "part B"])
def test_the_script_beside_every_result_makes_that_result_again(
    files: list[str],
    offered: list[Mapping[str, Callable[[], bytes]]],
    request: pytest.FixtureRequest,
    tmp_path: Path,
) -> None:
    chosen = request.getfixturevalue("tiny_runs") if files is PART_B else {}
    for file in files:
        before = len(offered)
        # Another seed than the usual one, so that nothing was precomputed, perhaps elsewhere.
        opened(file, chosen | ASKED.get(file, {}), seed="5")
        assert len(offered) > before, f"{file} offers no code"
    names = written(offered, tmp_path)
    found = sums(run(tmp_path, "-c", RUN_ALL, *names))
    assert found == [(name, True) for name in names]


@pytest.mark.parametrize("recipe", ["denoiser", "class-flow"])
def test_the_script_of_a_training_run_trains_the_same_network_and_says_so(
    recipe: str, run_here: Callable[[str], str]
) -> None:
    run_id = trained_here(recipe, SHORT)
    made = code.files(runs.view(run_id))
    assert set(made) == {f"{run_id}.py", f"{run_id}.ipynb"}
    assert "the same as on the page" in run_here(made[f"{run_id}.py"]().decode())
    ast.parse(code_of(made[f"{run_id}.ipynb"]().decode()))


def test_a_run_that_is_not_finished_or_began_with_other_weights_offers_no_code() -> None:
    shipped = next(run for run in runs.all_runs("ddpm") if run.shipped)
    assert code.files(shipped)
    assert not code.files(replace(shipped, state="running"))
    assert not code.files(replace(shipped, fork=runs.Fork(shipped.id, 1, 10)))


# -- what is in the files -----------------------------------------------------------------------


def test_the_same_parameters_are_the_same_file_byte_for_byte() -> None:
    assert export.script(sampled()) == export.script(sampled())
    assert export.notebook(sampled()) == export.notebook(sampled())
    assert export.script(sampled()) != export.script(sampled("a handwritten 6"))


def test_the_mathematics_is_in_the_file_and_no_lesson_is_imported() -> None:
    text = export.script(sampled())
    tree = ast.parse(text)
    defined = {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)}
    assert {"demo", "guide", "sampling_trajectory", "clean_estimate", "posterior_mean"} <= defined
    assert r"\hat x_0 = \frac{x_t - \sqrt{1 - \bar\alpha_t}\, \hat\epsilon}" in text
    origins = {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    assert not [name for name in origins if name and name.startswith(("lessons", "pages"))]


def test_a_file_names_its_seed_its_weights_its_licence_and_the_pages_sum() -> None:
    about = ast.get_docstring(ast.parse(export.script(sampled()))) or ""
    for fact in ("Seed: 276", "Digits, edition", "MIT License", ending.fingerprint((GREY,))):
        assert fact in about


def test_the_exported_code_names_nothing_that_it_does_not_have(tmp_path: Path) -> None:
    for function in (sampling.demo, inpainting.demo, iterative_denoising.demo):
        call = export.Call(function, {"model": "digits", "seed": 1}, (GREY,))
        (tmp_path / f"{call.file_name}.py").write_text(export.script(call), "utf-8")
    rules = ["ruff", "check", "--isolated", "--select", "F,E9"]
    assert "All checks passed" in run(tmp_path, "-m", *rules, str(tmp_path))


def test_the_notebook_is_well_formed_and_holds_the_scripts_code_and_the_lectures() -> None:
    text = export.notebook(sampled())
    whole = json.loads(text)
    assert (whole["nbformat"], whole["nbformat_minor"]) == (4, 5)
    ids = [cell["id"] for cell in whole["cells"]]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", one) for one in ids)
    for cell in whole["cells"]:
        extra = {"outputs", "execution_count"} if cell["cell_type"] == "code" else set()
        assert set(cell) == {"cell_type", "id", "metadata", "source"} | extra
    lectures = ["".join(c["source"]) for c in whole["cells"] if c["cell_type"] == "markdown"]
    assert any("### `clean_estimate`" in one and "$$" in one for one in lectures)

    def definitions(text: str) -> list[str]:
        kinds = ast.FunctionDef | ast.ClassDef
        return [ast.unparse(n) for n in ast.parse(text).body if isinstance(n, kinds)]

    assert definitions(code_of(text)) == definitions(export.script(sampled()))


PARAMETERS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner).map(tuple) | st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@given(PARAMETERS)
@settings(deadline=None)
def test_every_parameter_comes_back_as_it_was(parameter: object) -> None:
    assert ast.literal_eval(literal(parameter, "pixels")) == parameter


@pytest.mark.parametrize("prompt", [WEIRD, '"', "'", "\\", "a\nb", "{}", "ε"])
def test_no_prompt_gets_out_of_its_quotes(prompt: str) -> None:
    for text in (export.script(sampled(prompt)), code_of(export.notebook(sampled(prompt)))):
        [parameters] = [
            ast.literal_eval(node.value)
            for node in ast.parse(text).body
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "PARAMETERS"
        ]
        assert parameters["prompt"] == prompt
    assert export.script(sampled(prompt)).count(ending.fingerprint((GREY,))) == 2


@pytest.mark.parametrize("shape", [(5, 7), (28, 28), (6, 4, 3)])
def test_a_drawn_image_comes_back_pixel_for_pixel(shape: tuple[int, ...]) -> None:
    drawn = np.random.default_rng(1).integers(0, 256, shape).astype(np.uint8)
    text = literal(drawn, "pixels")
    back = eval(text, {"pixels": ending.pixels})  # noqa: S307 - written two lines above
    assert np.array_equal(back, drawn)
    assert max(map(len, text.splitlines())) <= 100


def test_a_number_that_is_not_finite_is_written_as_one() -> None:
    assert eval(literal(float("-inf"), ""), {}) == float("-inf")  # noqa: S307 - written here


@pytest.mark.parametrize(
    "parameter", [object(), {1}, np.zeros((2, 2)), b"x", np.zeros(4, np.uint8)]
)
def test_a_parameter_that_cannot_be_written_is_refused(parameter: object) -> None:
    with pytest.raises(TypeError):
        literal(parameter, "pixels")


@pytest.mark.parametrize(
    "place",
    [
        ("os", "system"),
        ("pages._service.engine", "submit"),
        ("lessons.training.runs.control", "delete"),
        ("lessons.../pages/home", "x"),
        ("lessons.part_a.sampling", "nothing"),
        ("lessons.part_a.sampling", "t2i"),
    ],
)
def test_only_what_lessons_define_is_written_out(place: tuple[str, str]) -> None:
    with pytest.raises(ValueError, match=r"no lesson|defines no"):
        flatten([place])


# -- names --------------------------------------------------------------------------------------


def used(text: str) -> list[str]:
    return [use.node.id for use in references(ast.parse(text).body[0])]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("def f(a, b=B): return a + b + c", ["B", "c"]),
        ("def f(x):\n y = x\n def g(z): return x + y + z + w\n return g", ["w"]),
        ("def f(): return [x for x in x]", ["x"]),
        ("def f(): return [y for x in a for y in x]", ["a"]),
        ("def f():\n if (n := g()): return [n, (lambda n: n)(1)]", ["g"]),
        ("def f():\n for p in q.r: h(p)", ["q", "h"]),
        ("def f():\n try: g()\n except E as e: print(e)", ["g", "E", "print"]),
        ("class C(D):\n x: int = N\n def m(self): return x", ["D", "int", "N", "x"]),
        ("@d\ndef f(p: T) -> R: return p", ["d", "T", "R"]),
        ("A, B = C", ["A", "B", "C"]),
    ],
)
def test_the_names_of_a_module_are_told_from_those_of_its_functions(
    text: str, names: list[str]
) -> None:
    assert sorted(used(text)) == sorted(names)


def test_a_function_that_changes_its_modules_names_cannot_be_taken_out() -> None:
    with pytest.raises(ValueError, match="changes the module's names"):
        used("def f():\n global x\n x = 1")


def test_two_things_of_one_name_get_two_names() -> None:
    names = flatten(
        [("lessons.part_a.sampling", "demo"), ("lessons.part_a.inpainting", "demo")]
    ).names
    assert names["lessons.part_a.sampling", "demo"] == "demo"
    assert names["lessons.part_a.inpainting", "demo"] == "inpainting_demo"
    assert len(set(names.values())) == len(names)


# -- sums and marks -----------------------------------------------------------------------------


def test_the_sum_is_over_all_images_but_a_trajectories_frames() -> None:
    other = CaptionedImage(GREY.pixels + 1)
    trajectory = Trajectory(((GREY, GREY),), (0,))
    whole = ending.fingerprint(sampling.Samples(trajectory, (GREY,)))
    assert whole == ending.fingerprint(
        sampling.Samples(Trajectory(((other, other),), (0,)), (GREY,))
    )
    assert whole != ending.fingerprint(sampling.Samples(trajectory, (other,)))
    assert whole != ending.fingerprint(sampling.Samples(trajectory, (GREY, GREY)))
    flat = CaptionedImage(GREY.pixels.reshape(3, 2))
    assert whole != ending.fingerprint(sampling.Samples(trajectory, (flat,)))


def test_where_there_is_no_image_the_sum_is_over_the_numbers() -> None:
    assert ending.fingerprint((1, 2.5)) != ending.fingerprint((1, 2.5000000001))
    assert ending.fingerprint((GREY, 1)) == ending.fingerprint((GREY, 2))


def test_the_lines_that_lead_to_equations_are_marked() -> None:
    shown = export.shown(iterative_denoising.demo)
    numbers = {equation.place[1]: equation for equation in shown.equations}
    lines = shown.code.splitlines()
    direct = numbers["clean_estimate"]
    assert direct.through == ()
    assert direct.formulas[0].startswith(r"\hat x_0")
    marked = [lines[n - 1] for n, found in shown.marks.items() if direct.number in found]
    assert any("one_step = clean_estimate" in line for line in marked)
    way = ("sample_steps", "sampling_trajectory", "ANCESTRAL", "ddpm")
    assert numbers["posterior_mean"].through == way
    assert '"""' not in shown.code
    plain = [n for n, line in enumerate(lines, 1) if "images = (blur, one_step, many)" in line]
    assert plain
    assert not set(plain) & set(shown.marks)
