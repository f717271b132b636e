"""Adding a lesson: what the README says works, in a copy of the project."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pages.new.__main__ import PLACES, write

ROOT = Path(__file__).parents[1]
FINDS_IT = (
    "test_pages.py",
    "test_router.py",
    "test_predict.py",
    "test_syllabus.py",
    "test_messages.py",
    "test_checkpoints.py",
    "test_mathematics.py",
    "test_stored.py",
)
"""Tests that look for lessons by themselves, and so look at a new one."""

WHOLE = (
    "test_house.py",
    "test_words.py",
    "test_claims.py",
    "test_thumbnails.py",
    "test_report.py",
    "test_address.py",
)
"""Tests of the whole that a new lesson must not break: all that are not of one other file each."""

ONLY_OF_IT = """
def pytest_collection_modifyitems(items):
    items[:] = [item for item in items if "[" not in item.name or {slug!r} in item.name]
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the project; what has weights and data is linked."""
    copy = tmp_path / "project"
    copy.mkdir()
    for name in ("lessons", "pages", "tests", ".mypy_cache"):
        if not (ROOT / name).exists():
            continue  # nobody has looked at types here yet
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("models", "benchmarks", "streamlit_app.py", "README.md", "pyproject.toml"):
        (copy / name).symlink_to(ROOT / name)
    return copy


def run(project: Path, *command: str) -> str:
    done = subprocess.run(
        [sys.executable, *command], cwd=project, capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@pytest.mark.timeout(1200)
def test_a_lesson_made_as_the_readme_says_passes_what_looks_at_lessons(project: Path) -> None:
    section = (ROOT / "README.md").read_text("utf-8").split("## Adding a lesson")[1]
    [line] = re.findall(r"^python (-m pages\.new .+)$", section.split("\n## ")[0], re.MULTILINE)
    slug = shlex.split(line)[2]
    for place in PLACES.values():  # somebody who tries it runs this test too
        (project / place.format(slug=slug)).unlink(missing_ok=True)
    before = {path: path.read_bytes() for path in project.rglob("*.py") if path.is_file()}
    said = run(project, *shlex.split(line))
    for place in PLACES.values():
        path = place.format(slug=slug)
        assert path in said
        assert f"`{path}`" in section, "the README's table names every file"
    assert all(path.read_bytes() == text for path, text in before.items())
    run(project, "-m", "ruff", "check", ".")
    run(project, "-m", "ruff", "format", "--check", ".")
    run(project, "-m", "mypy", f"lessons/beyond/{slug}.py", f"pages/{slug}.py", "pages/_teaching")
    found = [f"tests/{name}" for name in FINDS_IT]
    said = run(project, "-m", "pytest", f"tests/test_{slug}.py", *found, "-k", slug)
    passed = re.search(r"(\d+) passed", said)
    assert passed is not None
    assert int(passed[1]) > 10
    assert "failed" not in said
    (project / "only_of_it.py").write_text(ONLY_OF_IT.format(slug=slug))
    said = run(project, "-m", "pytest", "-p", "only_of_it", *(f"tests/{name}" for name in WHOLE))
    passed = re.search(r"(\d+) passed", said)
    assert passed is not None
    assert int(passed[1]) > 50
    assert "failed" not in said


@pytest.mark.parametrize(
    ("slug", "title", "sentence"),
    [
        ("My Idea", "A1.12 · My idea", "can't name files"),
        ("../idea", "A1.12 · My idea", "can't name files"),
        ("class", "A1.12 · My idea", "can't name files"),
        ("my_idea", "My idea", "has no number"),
        ("my_idea", "A1.4 · My idea", "taken by pages/iterative_denoising.py"),
        ("unet", "A1.12 · My idea", "pages/unet.py is there already"),
    ],
)
def test_what_can_not_be_made_is_refused_in_a_sentence(
    slug: str, title: str, sentence: str, tmp_path: Path
) -> None:
    (tmp_path / "pages").mkdir()
    for name in ("iterative_denoising.py", "unet.py"):
        shutil.copy(ROOT / "pages" / name, tmp_path / "pages" / name)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(ValueError, match=re.escape(sentence)):
        write(slug, title, tmp_path)
    assert sorted(tmp_path.rglob("*")) == before
