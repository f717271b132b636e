"""Check my code: right solutions pass, every known mistake is named, and nothing hangs."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch
from diffusers import DDPMScheduler
from notebook_of import notebook_of
from safetensors.torch import load_file
from solution_mistakes import MADE, Made

from lessons.check import report, stubs
from lessons.check.__main__ import main
from lessons.check.checks import CHECKS, Check, chosen
from lessons.check.known import KNOWN, LAB, Known
from lessons.check.observe.scripted import fixed, scripted
from lessons.check.observe.world import STAGE_1, TIMESTEPS, UNET, embedding, picture
from lessons.check.process import Report, check
from lessons.check.verdict import reference, verdict
from lessons.workshop.bug_lab.mistakes import BY_TITLE as BUG_LAB

HERE = Path(__file__).parent
ROOT = HERE.parent
SOLUTIONS = HERE / "solutions"
LOOPS = (SOLUTIONS / "loops.py").read_text("utf-8")
BY_NAME = {one.name: one for one in CHECKS}
OTHER_NAMES = {
    "denoise": "one_step_denoise",
    "class_ddpm_sample": "ddpm_cfg_sample",
    "fm_forward": "time_fm_forward",
    "fm_sample": "time_fm_sample",
}
NOT_IN_FUNCTIONS_OF_THE_COURSE = {
    "Training · the learning rate falls to a tenth at every epoch",
    "Inpainting · a mask with grey edges",
    "Pictures · another range than in training",
    "Pictures · every image stretched to its own extremes",
    "Pictures · brought to [0, 1] twice",
    "Pictures · squashed into a square",
    "Pictures · what is transparent turned black",
}


def titles(looks_like: tuple[tuple[Known, ...], ...]) -> list[list[str]]:
    return [[known.title for known in made] for made in looks_like]


def wrong_in(found: Report) -> dict[str, str]:
    return {v.check.name: v.said for v in found.verdicts if v.status == "wrong"}


def written(folder: Path, text: str, name: str = "mine.py") -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


# Our own solution, and mistakes made in copies of it


@pytest.mark.parametrize("one", CHECKS, ids=BY_NAME)
def test_our_own_solution_is_right(one: Check) -> None:
    assert verdict(one, reference(one)).status == "right"


@pytest.mark.parametrize("one", CHECKS, ids=BY_NAME)
def test_every_known_mistake_is_named_and_no_other_is(one: Check) -> None:
    for known in (known for known in KNOWN if one.name in known.where):
        observed = reference(one, known.patches)
        assert observed is not None, known.title
        found = verdict(one, observed)
        assert titles(found.looks_like) == [[known.title]]
        assert found.status == ("remark" if known.remark else "wrong")
        assert found.numbers


def test_all_mistakes_of_the_bug_lab_that_functions_of_the_course_can_have_are_known() -> None:
    known = {one.title for one in LAB}
    assert not known & NOT_IN_FUNCTIONS_OF_THE_COURSE
    assert known | NOT_IN_FUNCTIONS_OF_THE_COURSE == set(BUG_LAB)


def test_every_known_mistake_is_made_somewhere_and_names_functions_that_are_checked() -> None:
    for known in KNOWN:
        assert known.where
        assert set(known.where) <= set(BY_NAME)


def test_two_mistakes_at_once_are_named_together() -> None:
    one = BY_NAME["iterative_denoise_cfg"]
    by_title = {known.title: known for known in KNOWN if one.name in known.where}
    pair = ("Guidance · 1 + w called γ", "Sampling loop · the loop stops one step early")
    patches = tuple(patch for title in pair for patch in by_title[title].patches)
    found = verdict(one, reference(one, patches))
    assert [set(made) for made in titles(found.looks_like)] == [set(pair)]


def test_a_deviation_that_no_mistake_explains_is_called_none_of_them() -> None:
    one = BY_NAME["forward"]
    observed = {"x_t": reference(one)["x_t"].flip(-1)}
    found = verdict(one, observed)
    assert found.status == "wrong"
    assert found.looks_like == ()
    assert found.said == "It looks like none of the known mistakes."


# Students' solutions


@pytest.fixture(scope="session")
def observed_mistakes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The solution in loops, with one mistake in each file, and what was observed of each."""
    folder = tmp_path_factory.mktemp("mistakes")
    for number, made in enumerate(MADE):
        name = OTHER_NAMES.get(made.check, made.check)
        start = re.search(rf"^(def|class) {name}\(", LOOPS, re.MULTILINE).start()
        at = LOOPS.index(made.right, start)
        text = LOOPS[:at] + made.wrong + LOOPS[at + len(made.right) :]
        written(folder, f"# {made.check}\n{text}", f"{number}.py")
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(HERE / "many_solutions.py"), str(folder)]
    subprocess.run(command, env=environment, check=True, timeout=590)
    return folder


@pytest.mark.parametrize(
    "number", range(len(MADE)), ids=[f"{made.check}: {made.title}" for made in MADE]
)
def test_a_mistake_in_a_students_solution_is_named(number: int, observed_mistakes: Path) -> None:
    made: Made = MADE[number]
    folder = observed_mistakes / str(number)
    assert "error" not in json.loads((folder / f"{made.check}.json").read_text("utf-8"))
    found = verdict(BY_NAME[made.check], load_file(folder / f"{made.check}.tensors"))
    assert titles(found.looks_like) == [[made.title]]


@pytest.mark.parametrize("name", ["loops.py", "objects.py", "notebook.ipynb"])
def test_right_solutions_written_differently_pass_in_everything(name: str, tmp_path: Path) -> None:
    path = SOLUTIONS / name
    if not path.exists():
        path = written(tmp_path, notebook_of(path.with_suffix(".txt").read_text("utf-8")), name)
    found = check(path)
    assert wrong_in(found) == {}
    assert [v.check.name for v in found.verdicts if v.status != "right"] == []
    assert len(found.verdicts) == len(CHECKS)
    assert found.passed


def test_a_students_own_modules_are_found_beside_the_file_even_if_they_are_called_models(
    tmp_path: Path,
) -> None:
    conv = "from torch import nn\n\nclass Flatten(nn.Module):\n    def forward(self, x):\n"
    conv += "        return nn.functional.gelu(x.mean((2, 3), keepdim=True))\n"
    written(tmp_path, conv, "models.py")
    found = check(written(tmp_path, "from models import Flatten\n"), "Flatten")
    assert found.passed


def test_what_computes_is_left_out_and_what_defines_is_run(tmp_path: Path) -> None:
    text = (
        "import torch\n"
        f"open({str(tmp_path / 'touched')!r}, 'w').write('no')\n"
        f"def train(epochs):\n    open({str(tmp_path / 'touched')!r}, 'w').write('no')\n"
        "losses = train(20)\n"
        "while True:\n    pass\n"
        "abar = alphas_cumprod.double()\n"
        "def forward(im, t):\n"
        "    eps = torch.randn_like(im)\n"
        "    return abar[t].sqrt() * im + (1 - abar[t]).sqrt() * eps\n"
    )
    found = check(written(tmp_path, text), "A1.1", 5)
    assert found.passed
    assert not (tmp_path / "touched").exists()


# Files that go wrong: one clear sentence each

GOOD = "import torch\ndef forward(im, t):\n    a = alphas_cumprod[t]\n"
GOOD += "    return a.sqrt() * im + (1 - a).sqrt() * torch.randn_like(im)\n"


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("while True: pass", "It took longer than 2 s, and was stopped."),
        ("raise SystemExit", "In mine.py, line 2, it ends the program by sys.exit."),
        ("import os; os._exit(7)", "It ended the whole process (exit status 7)."),
        ("return 1 / 0", "In mine.py, line 2, ZeroDivisionError: division by zero."),
        ("return unknown", "In mine.py, line 2, NameError: name 'unknown' is not defined."),
        (
            "import torch; return torch.ones(9 * 2**30)",
            "In mine.py, line 2, it asks for more memory than the check allows.",
        ),
        (
            "return None",
            "It returns nothing where (3, 64, 64) or a batch is expected.",
        ),
    ],
)
def test_a_function_that_goes_wrong_gets_one_sentence(
    body: str, sentence: str, tmp_path: Path
) -> None:
    if "memory" in sentence and sys.platform != "linux":
        pytest.skip("only Linux limits the memory of a process")
    text = f"def denoise(im_noisy, t, prompt_embeds):\n    {body}\n{GOOD}"
    found = check(written(tmp_path, text), "A1.3", 2)
    assert wrong_in(found) == {"denoise": sentence}
    assert not found.passed


def test_after_a_hang_the_rest_is_checked(tmp_path: Path) -> None:
    text = f"{GOOD}def denoise(x, t, prompt_embeds):\n    while True: pass\n"
    found = check(written(tmp_path, text + "class Conv: pass\nConv = None\n"), "", 2)
    by_name = {v.check.name: v.status for v in found.verdicts}
    assert by_name["forward"] == "right"
    assert by_name["denoise"] == "wrong"
    assert by_name["inpaint"] == "missing"
    assert not found.passed


def test_what_is_printed_is_not_shown(tmp_path: Path) -> None:
    text = GOOD.replace("    a =", "    print('x' * 3_000_000)\n    a =")
    found = check(written(tmp_path, text), "A1.1")
    assert found.passed
    assert found.notes == ("What it printed, 12 million characters, is not shown.",)
    assert "xxx" not in report.text(found)


def test_a_file_that_hangs_or_ends_while_it_is_imported_gets_one_sentence(tmp_path: Path) -> None:
    written(tmp_path, "import os\nos._exit(3)\n", "helper.py")
    found = check(written(tmp_path, f"import helper\n{GOOD}"), "A1.1", 2)
    assert found.error == "Reading the file ended the whole process (exit status 3)."
    assert report.summary(found) == "Nothing was checked."
    assert not found.passed


def test_a_crash_at_import_is_said_and_the_rest_is_checked(tmp_path: Path) -> None:
    written(tmp_path, "raise RuntimeError('not today')\n", "helper.py")
    found = check(written(tmp_path, f"import helper\n{GOOD}"), "A1.1")
    assert found.passed
    assert found.notes == ("mine.py, line 1 failed: RuntimeError: not today.",)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("mine.py", b"def forward(:\n", "mine.py, line 1 is no valid Python: invalid syntax."),
        ("mine.ipynb", b"{}", "The file is no notebook that Jupyter could open."),
        ("mine.ipynb", b"[" * 100_000, "The file is no notebook that Jupyter could open."),
        ("mine.py", b"\xff\xfe", "The file is no text in UTF-8."),
        ("mine.txt", b"", "The file must be a .py file or a notebook (.ipynb)."),
    ],
)
def test_a_file_that_is_none_gets_one_sentence(
    name: str, content: bytes, sentence: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(content)
    found = check(tmp_path / name)
    assert found.error == sentence
    assert sentence in report.html(found).replace("&#x27;", "'")


def test_a_file_that_is_not_there_gets_one_sentence(tmp_path: Path) -> None:
    assert check(tmp_path / "no.py").error == "The file can't be read: No such file or directory."


def test_a_file_without_functions_does_not_pass(tmp_path: Path) -> None:
    found = check(written(tmp_path, "x = 1\n"))
    assert found.count("missing") == len(CHECKS)
    assert found.notes == ("The file defines no function and no class.",)
    assert not found.passed


def test_a_parameter_that_says_nothing_is_named(tmp_path: Path) -> None:
    found = check(written(tmp_path, "def forward(im, t, banana, kiwi): pass\n"), "A1.1")
    assert wrong_in(found)["forward"].startswith("It asks for `banana`, `kiwi`, which the check")


# Output


def test_the_command_says_what_it_found_in_aligned_lines_and_its_status(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path, GOOD + "def inpaint(original_image, mask): return original_image\n")
    html = tmp_path / "out.html"
    assert main([str(path), "--only", "A", "--report", str(html)]) == 1
    said = capsys.readouterr().out
    assert "  A1.1    forward                ✓ right\n" in said
    assert "  A1.7.2  inpaint                ✗ WRONG\n" in said
    assert "1 right, 1 wrong, 5 not there." in said
    assert max(map(len, said.splitlines())) <= report.WIDTH + 40
    assert "<h2>A1.7.2" in html.read_text("utf-8")
    assert main([str(path), "--only", "A1.1"]) == 0


def test_a_section_that_is_none_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "x.py"), "--only", "C9"]) == 2
    assert "Nothing is checked under 'C9'" in capsys.readouterr().err
    assert {one.lesson for one in chosen("A1.7")} == {"A1.7.2"}
    assert [one.name for one in chosen("A1.1")] == ["forward"]
    assert len(chosen("B")) + len(chosen("a")) == len(CHECKS)


def test_whatever_a_student_wrote_is_escaped_in_the_report(tmp_path: Path) -> None:
    text = 'def forward(im, t):\n    raise ValueError("<script>alert(1)</script>\\x1b[31m")\n'
    path = written(tmp_path, text, "<img src=x onerror=alert(1)>.py")
    found = check(path, "A1.1")
    page = report.html(found)
    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;script&gt;" in page
    assert "\x1b" not in page + report.text(found)


def test_the_report_shows_a_picture_of_what_is_wrong_and_fetches_nothing() -> None:
    one = BY_NAME["inpaint"]
    known = next(k for k in KNOWN if k.title == "Inpainting · the mask inverted")
    found = Report("mine.py", (verdict(one, reference(one, known.patches), "inpaint"),))
    page = report.html(found)
    assert page.count("data:image/png;base64,") == 1
    assert "default-src 'none'" in page
    assert not re.search(r"(src|href)=\"?(http|//)", page)
    assert "return mask * x_s + (1 - mask) * noisy_source" in page
    shown = report.picture(found.verdicts[0])
    expected, got, apart = np.split(shown.pixels, 3, axis=1)
    assert (expected != got).any()
    assert apart[:, :-8].any()


# Stubs


def test_the_stubs_are_a_notebook_and_a_file_with_every_function_and_pass_for_unwritten(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--stubs", str(tmp_path)]) == 0
    made = nbformat.read(tmp_path / "my_solution.ipynb", as_version=4)
    nbformat.validate(made)
    code = "\n".join(cell.source for cell in made.cells if cell.cell_type == "code")
    defined = {
        node.name
        for node in ast.parse(code).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
    }
    assert defined == set(BY_NAME)
    assert main(["--stubs", str(tmp_path)]) == 1
    assert "is there already" in capsys.readouterr().err
    found = check(tmp_path / "my_solution.ipynb")
    assert {v.status for v in found.verdicts} == {"missing"}
    assert {v.said for v in found.verdicts} == {"It is not written yet."}
    assert stubs.notebook() == stubs.notebook()


# The small world


def test_the_fake_scheduler_has_the_variance_of_diffusers() -> None:
    theirs = DDPMScheduler(1000, beta_schedule="squaredcos_cap_v2", variance_type="learned_range")
    theirs.set_timesteps(timesteps=TIMESTEPS)
    v = torch.linspace(-1, 1, 12).view(1, 3, 2, 2)
    for t in TIMESTEPS[:-1]:
        expected = theirs._get_variance(t, predicted_variance=v)
        ours = STAGE_1.scheduler._get_variance(t, v)
        torch.testing.assert_close(ours, expected, rtol=1e-3, atol=2e-3)


def test_the_only_image_of_a_prompt_is_found_from_any_noise() -> None:
    x_t = fixed((1, 3, 64, 64)) * 3
    eps = UNET(x_t, 690, encoder_hidden_states=embedding(2))[0][:, :3]
    alpha_bar = STAGE_1.scheduler.alphas_cumprod[690]
    x_0 = (x_t - (1 - alpha_bar).sqrt() * eps) / alpha_bar.sqrt()
    torch.testing.assert_close(x_0[0], picture(2), rtol=0, atol=1e-4)


def test_images_of_the_world_have_no_symmetry_and_stay_in_range_under_guidance() -> None:
    for prompt in range(4):
        image = picture(prompt)
        for other in (image.flip(-1), image.flip(-2), image.flip(-1, -2), -image):
            assert (image - other).abs().mean() > 0.05
        guided = picture(0) + 7 * (image - picture(0))
        assert guided.abs().max() <= 1


def test_inside_a_script_all_noise_is_the_same_and_outside_it_is_not() -> None:
    like = torch.zeros(2, 3, 4, 4)
    with scripted():
        a, b = torch.randn(2, 3, 4, 4), torch.randn_like(like)
        c = torch.empty(1, 3, 4, 4).normal_()
        d = torch.from_numpy(np.random.randn(2, 3, 4, 4)).float()
        assert torch.randint(0, 40, (4,)).tolist() == [0, 13, 26, 39]
        assert torch.zeros(1, device="cuda").cuda().half().dtype == torch.float32
    assert (a == b).all()
    assert (a[:1] == c).all()
    assert (a == d).all()
    assert (a[0] != a[1]).any()
    assert (torch.randn(2, 3, 4, 4) != a).any()
    assert (np.random.randn(2, 3, 4, 4) != d.numpy()).any()


# The app


def test_nothing_of_the_app_imports_the_check() -> None:
    files = [ROOT / "streamlit_app.py", *(ROOT / "pages").rglob("*.py")]
    files += [*(ROOT / "lessons").rglob("*.py"), *(ROOT / "models").rglob("*.py")]
    outside = [file for file in files if (ROOT / "lessons" / "check") not in file.parents]
    assert len(outside) > 100
    for file in outside:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            names = [alias.name for alias in getattr(node, "names", ()) if hasattr(alias, "name")]
            module = getattr(node, "module", None) or ""
            assert not any("lessons.check" in name for name in (module, *names)), file
            assert not (module == "lessons" and "check" in names), file
