"""Do the tests notice? `python -m benchmarks.mistakes [NUMBER … or shown:]`

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
READ = "test_beyond_pages.py::"


@dataclass(frozen=True)
class Mistake:
    """One mistake.

    Attributes:
        name: its number in the project's list, or "shown:", and what is done wrong.
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

_OF_PAGES: Final = (
    Mistake(
        "shown: what a row cost is that of another row",
        "pages/one_step.py",
        "found.calls[lesson.in_steps(velocities.TEACHER, lesson.MANY)]",
        "found.calls[lesson.in_steps(velocities.TEACHER, steps)]",
        READ + "test_one_step_says_what_its_rows_cost_and_how_far_apart_they_are",
    ),
    Mistake(
        "shown: teacher and student exchanged in a chart",
        "pages/one_step.py",
        "solid, dashed = found.pixels.values()",
        "dashed, solid = found.pixels.values()",
        READ + "test_one_step_draws_the_teacher_solid_and_the_student_dashed",
    ),
    Mistake(
        "shown: one measure in the column of another",
        "pages/one_step.py",
        "with_error(one.apart, 3),",
        "with_error(one.frechet, 3),",
        READ + "test_one_step_puts_every_measured_number_into_its_column",
    ),
    Mistake(
        "shown: the minutes of the other student",
        "pages/one_step.py",
        "({minutes['rectified']:g})",
        "({minutes['distilled']:g})",
        READ + "test_one_step_says_how_long_everything_took",
    ),
    Mistake(
        "shown: two standard errors where the text says one",
        "pages/samplers.py",
        "edge = [value + sign * error",
        "edge = [value + 2 * sign * error",
        READ + "test_samplers_draws_and_says_what_was_measured",
    ),
    Mistake(
        "shown: the lowest probability is called the best",
        "pages/samplers.py",
        "first[name] if digits else -first[name]",
        "first[name] if digits else first[name]",
        READ + "test_samplers_names_the_best_and_the_worst_of_the_fewest_steps",
    ),
    Mistake(
        "shown: network calls counted twice",
        "pages/samplers.py",
        "{found.calls} network calls",
        "{2 * found.calls} network calls",
        READ + "test_samplers_says_the_calls_of_each_row_and_what_is_apart",
    ),
    Mistake(
        "shown: the count of samples as the seed",
        "pages/samplers.py",
        "seed {found.seed}, in bfloat16",
        "seed {found.count}, in bfloat16",
        READ + "test_samplers_draws_and_says_what_was_measured",
    ),
    Mistake(
        "shown: the weights over the columns reversed",
        "pages/inversion.py",
        'f"w = {weight:g}" for weight in lesson.WEIGHTS)',
        'f"w = {weight:g}" for weight in lesson.WEIGHTS[::-1])',
        READ + "test_inversion_labels_rows_columns_and_curves_by_what_they_are",
    ),
    Mistake(
        "shown: one curve under two names",
        "pages/inversion.py",
        "mixed.norms[name], color",
        "mixed.norms[lesson.SLERP], color",
        READ + "test_inversion_labels_rows_columns_and_curves_by_what_they_are",
    ),
    Mistake(
        "shown: a deviation in decibels",
        "pages/inversion.py",
        "{found.psnr:.1f} dB**",
        "{found.deviation:.1f} dB**",
        READ + "test_inversion_says_its_decibels_and_its_deviation",
    ),
    Mistake(
        "shown: a parameter under the name of another",
        "pages/inversion.py",
        "steps=steps, rounds=rounds)",
        "steps=steps, rounds=steps)",
        READ + "test_inversion_says_its_decibels_and_its_deviation",
    ),
    Mistake(
        "shown: heat over the other image than chosen",
        "pages/attention_maps.py",
        "found.looked if under == CLEAN else found.looked_now",
        "found.looked_now if under == CLEAN else found.looked",
        READ + "test_attention_shows_the_heat_that_is_chosen_and_says_its_range",
    ),
    Mistake(
        "shown: the least of another prompt",
        "pages/attention_maps.py",
        "max(found.on_words[0]), min(found.on_words[0])",
        "max(found.on_words[0]), min(found.on_words[1])",
        READ + "test_attention_shows_the_heat_that_is_chosen_and_says_its_range",
    ),
)
"""What leaves the calculation right, and tells the reader something else."""

MISTAKES: Final = (
    *_OF_THE_LAB,
    *_OF_PAGES,
    Mistake(
        "4 BatchNorm in train mode in a preview",
        TRAINING,
        "network = (self.shown if other is None else other).eval()",
        "network = self.shown if other is None else other",
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
