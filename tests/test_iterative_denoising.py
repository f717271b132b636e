"""Many steps: where they begin, and what they do better and worse than one."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from lessons import text_to_image as t2i
from lessons.part_a import iterative_denoising, one_step_denoising
from lessons.part_a.iterative_denoising import Score
from models.catalog import finish


def iterative_page(name: str) -> Any:
    """A function of the page, without drawing the page."""
    file = Path(__file__).parents[1] / "pages" / "iterative_denoising.py"
    tree = ast.parse(file.read_text("utf-8"))
    own = [
        one for one in tree.body if isinstance(one, ast.FunctionDef) and one.name in (name, "bold")
    ]
    space: dict[str, Any] = {"lesson": iterative_denoising, "Sequence": Sequence}
    exec(compile(ast.Module(own, []), str(file), "exec"), space)
    return space[name]


def test_all_three_ways_begin_with_the_same_noisy_image() -> None:
    form = t2i.spec("digits")
    start = t2i.timesteps_of(form, 20)[0]
    one = finish(one_step_denoising.demo("digits", "digit-3", "", (start,), seed=276))[0]
    ways = finish(iterative_denoising.demo("digits", "digit-3", "", 20, seed=276))
    assert ways.t == one.t
    assert (ways.noisy.pixels == one.images[1].pixels).all()
    assert (ways.images[1].pixels == one.images[-1].pixels).all()
    assert len(ways.trajectory.frames) == 14


def test_many_steps_are_sharper_than_one_step_though_their_psnr_may_be_lower() -> None:
    sharper, decibels = [], []
    for digit in range(5):
        ways = finish(iterative_denoising.demo("digits", f"digit-{digit}", "", 10, seed=276))
        _, one, many = ways.scores
        sharper.append(many.sharpness - one.sharpness)
        decibels.append(many.psnr - one.psnr)
    assert np.mean(sharper) > 0.1
    assert np.mean(decibels) < 0


def test_the_table_of_scores_marks_the_best_of_each_measure_by_calculation() -> None:
    scores = (Score(17.0, 0.8, 0.4), Score(21.0, 0.7, 0.7), Score(16.0, 0.6, 1.2))
    *_, blur, one, many = iterative_page("scores_as_table")(scores).splitlines()
    assert blur == "| best Gaussian | 17.0 | **0.80** | 0.40 |"
    assert one == "| one step | **21.0** | 0.70 | 0.70 |"
    assert many == "| many steps | 16.0 | 0.60 | **1.20** |"


def test_every_fifth_sample_is_called_by_its_timestep_and_the_last_the_result() -> None:
    ways = finish(iterative_denoising.demo("digits", "digit-3", "", 20, seed=276))
    captions = [image.caption for image in ways.every_fifth]
    times = ways.trajectory.times
    assert captions == [f"t = {times[0]}", f"t = {times[5]}", f"t = {times[10]}", "the result"]
    assert [image.caption.split(" · ")[0] for image in ways.images] == [
        "best Gaussian",
        "one step",
        "many steps",
    ]
