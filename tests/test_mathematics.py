"""The small library of diffusion: it stands alone, it is small, and nobody writes it out again."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import sys
from pathlib import Path
from typing import Final

import pytest
import torch
from copies import FORMULAS, copies

from lessons.diffusion import samplers
from lessons.diffusion.denoise import noise_estimate
from lessons.diffusion.noise import NoiseSource
from lessons.diffusion.schedules import CLEAN, course_timesteps, squaredcos_cap_v2
from lessons.measure import classifier
from pages._service.docstrings import split_docstring

ROOT: Final = Path(__file__).resolve().parents[1]
LIBRARY: Final = ROOT / "lessons" / "diffusion"
MODULES: Final = sorted(path.stem for path in LIBRARY.glob("*.py") if path.stem != "__init__")
CHAINS: Final = {
    "lessons/beyond/rate_schedule.py": "a minimisation with noisy gradients",
    "lessons/part_a/forward_process.py": "the chain of small forward steps",
}
"""Loops that add noise, which look like sampling and are none."""

CHECK: Final = ROOT / "lessons" / "check"
"""What checks a student's functions calls them by the course's names, and so its own ones."""

MEANS: Final = {
    "lessons/beyond/rate_schedule.py": "weights and gradients are averaged over steps",
    "lessons/training/curves.py": "a curve is smoothed",
    "lessons/workshop/bug_lab/displays.py": "a mask lets a grey ground through",
    "models/miniature_training/colours.py": "a colour is lightened",
    "models/miniature_training/filters.py": "ink is laid on paper",
    "models/miniature_training/scenes.py": "a sky pales towards the horizon",
}
"""Weighted means of two things, which look like guidance and are none."""

OUTSIDE: Final = [
    path
    for folder in ("lessons", "models", "pages", "benchmarks")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if LIBRARY not in path.parents
]


def test_no_formula_schedule_or_loop_of_the_library_is_written_out_again() -> None:
    assert len(OUTSIDE) > 200
    found = []
    for path in OUTSIDE:
        name = str(path.relative_to(ROOT))
        for copy in copies(path.read_text("utf-8")):
            fine = copy.formula == "guide" and name in MEANS
            fine |= copy.formula == "sampling_trajectory" and name in CHAINS
            if not fine:
                found.append(f"{name}:{copy.line} is {copy.formula} again: {copy.text}")
    assert not found, "call the function of lessons/diffusion:\n" + "\n".join(found)


def test_no_function_of_the_library_has_a_namesake() -> None:
    taken = {name for module in MODULES for name in defined(LIBRARY / f"{module}.py")}
    assert {"add_noise", "guided", "ddpm", "ddpm_schedule", "sampling_trajectory"} <= taken
    found = [
        f"{path.relative_to(ROOT)} defines {name}"
        for path in OUTSIDE
        if CHECK not in path.parents
        for name in sorted(defined(path) & taken)
    ]
    assert not found


def defined(path: Path) -> set[str]:
    """Public functions and classes at the top level of a file."""
    kinds = (ast.FunctionDef, ast.ClassDef)
    body = ast.parse(path.read_text("utf-8")).body
    return {node.name for node in body if isinstance(node, kinds) and node.name[0] != "_"}


@pytest.mark.parametrize(
    ("formula", "source"),
    [
        ("add_noise", "z = math.sqrt(a) * image + math.sqrt(1 - a) * e"),
        (
            "add_noise",
            "def f(x, a, e):\n    s = a.sqrt()\n    n = (1 - a) ** 0.5\n    return n*e + s*x",
        ),
        ("clean_estimate", "x = x_t / a[t] ** 0.5 - (1 / a[t] - 1).sqrt() * net(x_t, t)"),
        ("noise_estimate", "e = (x - image * a.sqrt()) / torch.sqrt(1 - a)"),
        ("v_target", "v = b.sqrt() * e - (1 - b).sqrt() * x"),
        ("guide", "e = e_u + w * (e_c - e_u)"),
        ("guide", "e = w * c - (w - 1) * u"),
        ("posterior_variance", "v = (1 - a_s) / (1 - a_t) * (1 - a_t / a_s)"),
        ("the weight of x_0", "w = a_s.sqrt() * (1 - a_t / a_s) / (1 - a_t)"),
        (
            "the weight of x_t",
            "def f(t, s):\n    q = t / s\n    return q**0.5 * (1 - s) / (1 - t)",
        ),
        ("ddim_mean", "x = a.sqrt() * x_0 + (1 - a - c**2).sqrt() * e"),
        ("from_betas", "levels = torch.cumprod(1 - betas, 0)"),
        ("squaredcos_cap_v2", "f = [math.cos((u + 0.008) / 1.008) ** 2 for u in us]"),
        ("ddpm_schedule", "betas = torch.linspace(1e-4, 0.02, 300)"),
        ("sampling_trajectory", "for t in ts:\n    e = net(x, t)\n    x = step(x, e)"),
        ("sampling_trajectory", "for k in range(n):\n    t = k / n\n    x = x + f(x, t) / n"),
        (
            "sampling_trajectory",
            "for t in s.timesteps:\n    with off():\n        both = net(torch.cat([x, x]), t, c)\n"
            "    a, b = both.chunk(2)\n    x = s.step(b + a, t, x).prev_sample",
        ),
    ],
)
def test_a_copy_under_other_names_is_found(formula: str, source: str) -> None:
    assert formula in {copy.formula for copy in copies(source)}


@pytest.mark.parametrize(
    "source",
    [
        "mean = (a + b) / 2",
        "x = values / 255 * (high - low) + low",
        "for frame in trajectory:\n    x = frame.x_t",
        "for step in range(9):\n    loss = loss + f(batch)\n    size = round(size / 2)",
        "v = a.sqrt() * x_0 + b.sqrt() * eps",
    ],
)
def test_what_only_looks_alike_is_left_alone(source: str) -> None:
    assert not copies(source)


def test_what_is_searched_for_stands_in_the_library() -> None:
    found = {copy.formula for m in MODULES for copy in copies((LIBRARY / f"{m}.py").read_text())}
    spread = {"posterior_variance", "learned_variance"}  # these call one another
    assert found >= (FORMULAS.keys() - spread) | {"from_betas", "sampling_trajectory"}


@pytest.mark.parametrize("module", MODULES)
def test_the_library_imports_torch_and_the_standard_library_alone(module: str) -> None:
    tree = ast.parse((LIBRARY / f"{module}.py").read_text("utf-8"))
    for node in ast.walk(tree):
        names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            assert not node.level
            names = [node.module or ""]
        for name in names:
            first = name.partition(".")[0]
            own = name.startswith("lessons.diffusion.")
            assert own or first == "torch" or first in sys.stdlib_module_names, name


def test_the_library_is_small() -> None:
    lines = sum(len(path.read_text("utf-8").splitlines()) for path in LIBRARY.glob("*.py"))
    assert lines < 1200


@pytest.mark.parametrize("module", MODULES)
def test_every_equation_is_a_short_function_that_names_its_arguments(module: str) -> None:
    for name, function in inspect.getmembers(
        importlib.import_module(f"lessons.diffusion.{module}"), inspect.isfunction
    ):
        if name.startswith("_") or function.__module__ != f"lessons.diffusion.{module}":
            continue
        doc = split_docstring(inspect.getdoc(function) or "")
        assert doc.lecture, name
        if doc.formulas:
            [node] = ast.parse(inspect.getsource(function)).body
            assert isinstance(node, ast.FunctionDef)
            assert doc.arguments.keys() == inspect.signature(function).parameters.keys(), name
            if "Sampler" not in ast.unparse(node.returns or node):
                assert len(node.body) - 1 <= 7, name


def test_the_readmes_ten_lines_sample_the_digit_that_they_ask_for() -> None:
    text = (LIBRARY / "README.md").read_text("utf-8")
    assert len(text.splitlines()) <= 60
    [code] = re.findall(r"```python\n(.+?)```", text, re.DOTALL)
    lines = [line for line in code.splitlines() if line and not line.startswith(("import", "from"))]
    assert len(lines) <= 10
    names: dict[str, object] = {}
    exec(compile(code, "README.md", "exec"), names)
    images = names["images"]
    assert isinstance(images, torch.Tensor)
    assert classifier.read(images).labels.tolist() == [7] * len(images)
    for module in MODULES:
        assert f"`{module}`" in text


def test_the_readmes_new_sampler_finds_the_only_image_there_is() -> None:
    text = (LIBRARY / "README.md").read_text("utf-8")
    [code] = re.findall(r"```py\n(.+?)```", text, re.DOTALL)
    names = {**vars(samplers)}
    exec(compile(code, "README.md", "exec"), names)
    alpha_bars = squaredcos_cap_v2().alpha_bars
    noise = NoiseSource(5, 2, (1, 8, 8))
    image = torch.linspace(-1, 1, 64).view(1, 1, 8, 8)
    *_, frame = samplers.sampling_trajectory(
        noise(),
        (*course_timesteps(1000), CLEAN),
        alpha_bars,
        lambda x_t, t: noise_estimate(x_t, image, alpha_bars[t]),
        noise,
        names["halfway"](),
    )
    torch.testing.assert_close(frame.x_t, image.expand(2, -1, -1, -1), atol=2e-4, rtol=0)
