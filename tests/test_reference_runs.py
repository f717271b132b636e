"""The runs that ship reach what the pages say of them: as they recorded it, and sampled again."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from test_sampled_digits import last, shipped

from lessons.measure import classifier
from lessons.training import runs
from lessons.training.runs import files

SIZE = 45_000_000
RECORDED = {
    "class-ddpm": {1: 0.85, 5: 0.95, 10: 0.95, 20: 0.95},
    "class-flow": {1: 0.95, 5: 0.95, 10: 0.95},
}


def view(recipe: str) -> runs.RunView:
    return runs.view(shipped(recipe))


@pytest.mark.parametrize("recipe", RECORDED)
def test_the_classifier_finds_the_requested_digits_in_the_samples(
    recipe: str,
) -> None:
    recorded = {epoch.epoch: epoch.numbers["accuracy"] for epoch in view(recipe).epochs}
    for epoch, least in RECORDED[recipe].items():
        assert recorded[epoch] >= least
    assert list(recorded.values())[-1] >= 0.95


def test_the_sentences_on_the_reference_runs_are_what_they_recorded() -> None:
    """Lessons 1.2, 2.2 and 2.3 quote these numbers."""
    ddpm = {epoch.epoch: epoch.numbers for epoch in view("ddpm").epochs}
    assert [f"{ddpm[epoch]['test_loss']:.3f}" for epoch in (5, 20)] == ["0.043", "0.032"]
    assert [f"{ddpm[epoch]['frechet']:.1f}" for epoch in (1, 5, 20)] == ["26.6", "9.9", "8.4"]
    assert f"{view('class-ddpm').epochs[0].numbers['frechet']:.1f}" == "6.6"
    psnr = [f"{epoch.numbers['psnr']:.1f}" for epoch in view("denoiser").epochs]
    assert [psnr[0], psnr[1], psnr[-1]] == ["9.8", "19.2", "21.3"]
    losses = [f"{epoch.numbers['test_loss']:.4f}" for epoch in view("denoiser").epochs]
    assert [losses[1], losses[-1]] == ["0.0127", "0.0081"]


@pytest.mark.parametrize("recipe", ["ddpm", "class-ddpm"])
def test_a_fresh_ddpm_starts_at_a_loss_of_about_1(recipe: str) -> None:
    assert view(recipe).curve.losses[0] == pytest.approx(1, abs=0.15)


def test_the_class_run_is_measured_at_95_percent_or_more_at_gamma_5_and_still_samples_so() -> None:
    labels = torch.arange(30) % 10
    again = classifier.classified(last(shipped("class-ddpm"), 30, 20, 5.0, seed=11), labels)
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
    classifies = files.SHIPPED / shipped("judge")
    assert sum(path.stat().st_size for path in classifies.rglob("*") if path.is_file()) < 1_000_000


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
