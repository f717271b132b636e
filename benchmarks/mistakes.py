"""Do the tests notice? `python -m benchmarks.mistakes [NUMBER …]`

Makes each of the well-known mistakes that leave a plausible image, one at a time, in a copy of
the project, and runs the tests that should notice. A mistake counts as noticed if a test fails;
the untouched copy must pass the same tests first. Exits with 1 if one slips through.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lessons.workshop.bug_lab import mistakes

ROOT: Final = Path(__file__).parents[1]
_COPIED: Final = ("lessons", "models", "pages", "tests", "pyproject.toml")

UNET, TRAINING = "models/unet.py", "lessons/training/loop.py"
RECIPE, LABELS = "lessons/training/recipe.py", "lessons/training/labels.py"
DDPM, FLOW = "lessons/part_b/train_ddpm.py", "lessons/part_b/flow_matching.py"


@dataclass(frozen=True)
class Mistake:
    """One mistake.

    Attributes:
        name: its number in the project's list, and what is done wrong.
        file: where.
        right: the text that stands there once.
        wrong: what is written instead.
        tests: the test file that should notice, or one test in it.
    """

    name: str
    file: str
    right: str
    wrong: str
    tests: str


_OF_THE_LAB: Final = tuple(
    Mistake(
        f"{one.number} {one.title}",
        one.patch.module.replace(".", "/") + ".py",
        one.patch.right,
        one.patch.wrong,
        one.noticed_by,
    )
    for one in mistakes.MISTAKES
)
"""Those that the bug lab shows; each names the very test that notices."""

MISTAKES: Final = (
    *_OF_THE_LAB,
    Mistake(
        "4 BatchNorm in train mode in a preview",
        TRAINING,
        "network = self.shown.eval()",
        "network = self.shown",
        "test_loop.py",
    ),
    Mistake(
        "7 another time in sampling than in training",
        DDPM,
        "eps: Tensor = network(x_t, normalised(index)).float()",
        "eps: Tensor = network(x_t, index / STEPS).float()",
        "test_train_ddpm.py",
    ),
    Mistake(
        "7 another time in sampling than in training, flow matching",
        FLOW,
        "network(x_t, torch.full((len(x_t),), t, device=x_t.device)).float()",
        "network(x_t, torch.full((len(x_t),), 1 - t, device=x_t.device)).float()",
        "test_flow_matching.py",
    ),
    Mistake(
        "8 the learning rate decays at every batch",
        TRAINING,
        "(step // settings.steps_per_epoch / settings.epochs)",
        "step",
        "test_loop.py",
    ),
    Mistake(
        "9 data from -1 to 1",
        "models/mnist.py",
        "return images.float() / 255",
        "return images.float() / 127.5 - 1",
        "test_loop.py",
    ),
    Mistake(
        "11 an exact share of the labels is dropped",
        LABELS,
        "(torch.rand(count, generator=random) >= drop).float()",
        "(torch.randperm(count, generator=random) >= drop * count).float()",
        "test_train_class_ddpm.py",
    ),
    Mistake(
        "11 the mask upside down",
        LABELS,
        "(torch.rand(count, generator=random) >= drop).float()",
        "(torch.rand(count, generator=random) < drop).float()",
        "test_train_class_ddpm.py",
    ),
    Mistake(
        "24 one noise for all images of a batch",
        RECIPE,
        "torch.randn(self.images.shape, generator=self.random)",
        "torch.randn(self.images[:1].shape, generator=self.random).expand_as(self.images)",
        "test_loop.py",
    ),
    Mistake(
        "25 float16 coefficients",
        "lessons/diffusion/schedules.py",
        "else alpha_bars[t]",
        "else alpha_bars[t].half()",
        "test_samplers.py",
    ),
    Mistake(
        "26 t of shape (N, 1) is let through",
        UNET,
        "    if values.shape != x.shape[:1]:",
        "    if values.shape != x.shape[:1] and False:",
        "test_conditional_unets.py",
    ),
    Mistake(
        "22 the variance changes its sign in a negative",
        "lessons/diffusion/anagrams.py",
        "v = (v_1 + view.move_back(v_2)) / 2",
        "v = (v_1 + view.undo(v_2)) / 2",
        "test_visual_anagrams.py",
    ),
)


def main() -> int:
    """Make the mistakes that the command line names, or all; returns how many slipped through."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("numbers", nargs="*", help="of the mistakes; all by default")
    numbers = parser.parse_args().numbers
    chosen = [m for m in MISTAKES if not numbers or m.name.split()[0] in numbers]
    slipped = 0
    with tempfile.TemporaryDirectory() as folder:
        copy = copied(Path(folder))
        if failure := failing(copy, *sorted({mistake.tests for mistake in chosen})):
            raise SystemExit(f"{failure} fails although nothing is wrong")
        for mistake in chosen:
            caught = made(copy, mistake)
            slipped += not caught
            print(f"{mistake.name}\n    {caught or 'NOT NOTICED'}", flush=True)
    print(f"{len(chosen) - slipped} of {len(chosen)} noticed")
    return slipped


def copied(folder: Path) -> Path:
    """A copy of the project to make mistakes in."""
    for name in _COPIED:
        source = ROOT / name
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(source, folder / name, ignore=ignored)
        else:
            shutil.copyfile(source, folder / name)
    return folder


def made(copy: Path, mistake: Mistake) -> str:
    """Make one mistake, run its tests, and put things right again; which test noticed, or ""."""
    file = copy / mistake.file
    text = file.read_text()
    if text.count(mistake.right) != 1:
        raise SystemExit(f"{mistake.name}: {mistake.file} does not hold once: {mistake.right}")
    file.write_text(text.replace(mistake.right, mistake.wrong))
    try:
        return failing(copy, mistake.tests)
    finally:
        file.write_text(text)


def failing(copy: Path, *tests: str) -> str:
    """The first of these tests that fails in the copy, or "" if all pass.

    Raises:
        SystemExit: the tests could not even be run.
    """
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-x",
            "-p",
            "no:cacheprovider",
            "--timeout=900",  # a busy machine is not a mistake
            *(f"tests/{t}" for t in tests),
        ],
        cwd=copy,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
    )
    found = re.search(r"^FAILED tests/(\S+)", done.stdout, re.MULTILINE)
    if done.returncode not in (0, 1) or (done.returncode and not found):
        raise SystemExit(f"{', '.join(tests)} could not be run:\n{done.stdout}{done.stderr}")
    return found.group(1) if found else ""


if __name__ == "__main__":
    sys.exit(main())
