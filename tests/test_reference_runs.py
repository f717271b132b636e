"""The runs that ship reach what the pages say of them: as they recorded it, and sampled again."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from test_sampled_digits import last, shipped

from lessons import judge, runs
from lessons.runs import files

SIZE = 45_000_000
RECORDED = {
    "class-ddpm": {1: 0.85, 5: 0.95, 10: 0.95, 20: 0.95},
    "class-flow": {1: 0.95, 5: 0.95, 10: 0.95},
}


def view(recipe: str) -> runs.RunView:
    return runs.view(shipped(recipe))


@pytest.mark.parametrize("recipe", RECORDED)
def test_the_judge_reads_the_samples_of_each_epoch_as_asked_for(recipe: str) -> None:
    recorded = {epoch.epoch: epoch.numbers["accuracy"] for epoch in view(recipe).epochs}
    for epoch, least in RECORDED[recipe].items():
        assert recorded[epoch] >= least
    assert list(recorded.values())[-1] >= 0.95


def test_the_judge_is_as_sure_of_the_time_conditioned_samples_as_of_the_courses_own() -> None:
    assert view("ddpm").epochs[-1].numbers["confidence"] >= 0.89


def test_the_class_run_is_measured_at_95_percent_or_more_at_gamma_5_and_still_samples_so() -> None:
    labels = torch.arange(30) % 10
    again = judge.judged(last(shipped("class-ddpm"), 30, 20, 5.0, seed=11), labels)
    assert again["accuracy"] >= 0.95


@pytest.mark.parametrize(
    ("recipe", "low", "high"),
    [("ddpm", 0.025, 0.039), ("class-ddpm", 0.025, 0.039), ("class-flow", 0.075, 0.095)],
)
def test_the_loss_ends_within_the_spread_of_the_courses_curve(
    recipe: str, low: float, high: float
) -> None:
    losses = view(recipe).curve.losses
    final = float(np.mean(losses[-len(losses) // 10 :]))
    assert low <= final <= high


@pytest.mark.parametrize("recipe", ["ddpm", "class-ddpm"])
def test_samples_stand_at_the_epochs_of_the_course_and_weights_at_5_and_the_last(
    recipe: str,
) -> None:
    run = view(recipe)
    assert [epoch.epoch for epoch in run.epochs] == [1, 5, 10, 20]
    assert all(len(runs.samples(run.id, epoch.epoch)) == 4 for epoch in run.epochs)
    assert [runs.fork_at(run.id, epoch).epoch for epoch in (5, 20)] == [5, 20]


def test_all_shipped_runs_together_stay_small() -> None:
    total = sum(path.stat().st_size for path in files.SHIPPED.rglob("*") if path.is_file())
    assert total <= SIZE
    judges = files.SHIPPED / shipped("judge")
    assert sum(path.stat().st_size for path in judges.rglob("*") if path.is_file()) < 1_000_000


def test_one_seed_makes_the_same_digits_also_in_another_process() -> None:
    code = (
        "from test_sampled_digits import last, shipped;"
        "print([last(shipped(name), 2, 3, 5.0).double().sum().item()"
        " for name in ('ddpm', 'class-ddpm', 'class-flow')])"
    )
    said = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": f".{os.pathsep}tests", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    names = ("ddpm", "class-ddpm", "class-flow")
    assert said.stdout.strip() == str(
        [last(shipped(name), 2, 3, 5.0).double().sum().item() for name in names]
    )
