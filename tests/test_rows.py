"""The words of a training page: rows with the numbers recorded, help texts, the speed of a run."""

from __future__ import annotations

from dataclasses import replace

import pytest
from test_sampled_digits import shipped

from lessons.training import runs
from pages._shared import sampling
from pages._shared.training import rows
from pages._shared.training.helps import HELP

ROWS: rows.RowNames = (("", "x_0_hat"),) * 3 + ((sampling.FRECHET_OF_FORTY, "x_0_hat"),)


def test_the_reference_run_says_its_distance_and_that_of_real_digits() -> None:
    run = runs.view(shipped("ddpm"))
    *_, last = rows.wide(run.id, run.epochs[-1], ROWS)
    assert last.caption == (
        "forty samples from pure noise; Fréchet distance 8.4, forty real digits have 2.6"
    )


def test_a_run_of_an_earlier_version_is_shown_without_the_number_that_it_did_not_measure() -> None:
    run = runs.view(shipped("ddpm"))
    earlier = replace(run.epochs[-1], numbers={"test_loss": 0.03})
    *_, last = rows.wide(run.id, earlier, ROWS)
    assert "Fréchet distance not measured, " in last.caption


@pytest.mark.parametrize(
    "recipe", ["denoiser", "pure-noise", "ddpm", "class-ddpm", "flow", "class-flow"]
)
def test_every_setting_says_what_it_does(recipe: str) -> None:
    assert {parameter.name for parameter in runs.parameters(recipe)} <= set(HELP)


def test_a_finished_run_says_its_mean_speed() -> None:
    run = runs.view(shipped("class-ddpm"))
    assert run.seconds == pytest.approx(3186.7, abs=0.1)
    assert rows.rate(run, over=True) == "377 images/s on average"  # 20 × 60,000 / 3,186.7
