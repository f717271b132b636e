"""What the training doctor says, to the last digit: each rule on numbers all unlike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from lessons.training import doctor
from lessons.training.doctor import Diagnosis, Standing, TrainingRecord
from lessons.training.health import of_inputs, of_weights
from lessons.training.health.finding import Evidence, Finding
from lessons.training.health.noise_levels import NoiseLevels

SETTINGS = {"images_per_epoch": 1000, "batch_size": 64, "drop": 0.2, "learning_rate": 1e-2}
SETTINGS |= {"decay": 0.1}
FIRST = {"step": 10, "weight": "20.0", "gradient": 1.5, "rate": 0.006, "weight_size": 0.02}
NOW: Mapping[str, Any] = {
    "step": 1200,
    "images": 76_800,
    "batch": 64,
    "weight": "16.0",
    "weight_size": 0.04,
    "image_min": -3.5,
    "image_max": 7.25,
    "image_mean": 0.81,
    "alike": 0.94,
    "digits": 2,
    "edge": 0.9,
    "edge_right": 0.5,
    "edge_mean": 0.33,
    "edge_alike": 0.57,
    "edge_signs": "+-",
    "x_max": 25.0,
    "x_max_right": 4.25,
    "t_min": -0.5,
    "t_max": 299.0,
    "train_mode": False,
    "labels_fit": 0.23,
    "labels_kept": 0.31,
    "rate": 0.0002,
    "gradient": 9.0,
    "no_gradient": 0.45,
    "no_gradient_in": {"up1": 0.36, "up2": 0.29, "merge": 0.51},
    "norm_layers": 0,
    "held_out": 0.5,
    "target_variance": 0.08,
    "target_min": -3.2,
    "answer_min": -0.17,
    "answer_max": 2.5,
    "right": 0.12,
    "averaged": 6.4,
    "others": {"the clean digit": 0.55, "the noise": 0.83},
}


def tell(rule: Any, off: bool = True, ratio: float = 3.0, **changes: Any) -> str:
    before = {**NOW, **changes, "step": 1100}
    probes = [FIRST, before, {**NOW, **changes}]
    losses = [99.0] * 1180 + [2.0] * 20 + [77.0] * 5
    found = rule(Evidence(SETTINGS, probes, losses, ratio, off))
    assert isinstance(found, Finding)
    return found.tell


TELLS: Mapping[str, tuple[Any, Mapping[str, Any], str]] = {
    "range": (of_inputs._data_range, {}, "a batch runs from -3.5 to 7.25"),
    "seen": (
        of_inputs._data_seen,
        {"edge_mean": -0.42},
        "its input has a mean of -0.42 at the black edge, which should be 0",
    ),
    "seen high": (of_inputs._data_seen, {}, "its input goes up to 25, where 4.2 is usual"),
    "inverted": (
        of_inputs._data_inverted,
        {},
        "the mean pixel of a batch is 0.81; that of MNIST is 0.13",
    ),
    "part of t": (
        of_inputs._time_part,
        {"t_min": 0.11, "t_max": 0.43, "edge": 0.55},
        "in a batch of 64, t runs from 0.11 to 0.43 only, "
        "though the noise is as strong as at all noise levels",
    ),
    "few levels": (
        of_inputs._time_part,
        {"t_min": 0.11, "t_max": 0.43, "edge": 0.15},
        "in a batch of 64, t runs from 0.11 to 0.43 only, "
        "and the noise is 0.3 times that of all noise levels",
    ),
    "small": (
        of_inputs._batch_small,
        {"batch": 3},
        "the network gets 3 at a time, where the settings say 64",
    ),
    "small at the end": (
        of_inputs._batch_small,
        {"batch": 3, "images": 5000},
        "the network gets 3 at a time, where the settings say 40",
    ),
    "one image": (
        of_inputs._one_image,
        {},
        "the images of a batch have a correlation of 0.94; of digits, about 0.3",
    ),
    "sorted": (of_inputs._sorted, {}, "a batch of 64 shows 2 of the ten digits"),
    "labels": (
        of_inputs._labels,
        {},
        "23% of a batch look most like the mean digit of their label; usual is 75%",
    ),
    "dropped": (
        of_inputs._labels_dropped,
        {},
        "31% of a batch keep their label; the settings say 80%",
    ),
    "shared": (
        of_inputs._noise_shared,
        {},
        "the noise of two images has a correlation of 0.57; it should be 0",
    ),
    "fixed": (
        of_inputs._noise_fixed,
        {},
        "the first image's noise was the same at steps 1,100 and 1,200",
    ),
    "scale": (
        of_inputs._noise_scale,
        {},
        "where the digits are black, the input's standard deviation is 1.8 times right",
    ),
    "times": (of_inputs._time_range, {}, "the network was given t from -0.5 to 299"),
    "same time": (
        of_inputs._time_same,
        {"t_min": 0.31, "t_max": 0.4},
        "in a batch of 64, t runs from 0.31 to 0.4",
    ),
    "no steps": (
        of_weights._no_steps,
        {},
        "the norm of the weights stays 16 to the last digit",
    ),
    "fallen": (
        of_weights._rate_fallen,
        {},
        "it is 0.0002 now; at the end it should be 0.001",
    ),
    "skips": (
        of_weights._skips,
        {},
        "29% or more of each block of the way up have a gradient of 0",
    ),
    "no gradient": (
        of_weights._no_gradient,
        {},
        "45% of the weights have a gradient of 0 or none",
    ),
    "decay": (
        of_weights._weights_decay,
        {"weight": "5.0"},
        "their norm is 0.25 of what it was after the first step",
    ),
    "summed": (
        of_weights._loss_summed,
        {},
        "it is 50 times the mean squared error on test digits",
    ),
    "one-sided": (
        of_weights._one_sided,
        {},
        "its output never falls below -0.17, where the target falls to -3.2",
    ),
    "target": (
        of_weights._target,
        {},
        "the output's correlation with it is 0.83, with the target 0.12",
    ),
    "not zeroed": (
        of_weights._not_zeroed,
        {},
        "their norm is 6 times that of the first step",
    ),
    "low": (
        of_weights._rate_low,
        {"rate": 0.006, "weight_size": 40.0},
        "1,200 steps of 0.006 are only 18.0% of a weight's mean size. Try ten times as much",
    ),
    "high": (
        of_weights._rate_high,
        {},
        "the first step changed weights by 30% of their size; usual is a quarter at most. "
        "Try a tenth",
    ),
    "average": (
        of_weights._average,
        {},
        "on test digits their loss is 6.4 times that of the present ones",
    ),
}


@pytest.mark.parametrize("name", TELLS)
def test_each_rule_tells_the_numbers_that_it_looked_at(name: str) -> None:
    rule, changes, words = TELLS[name]
    assert tell(rule, **changes) == words


def test_every_rule_with_numbers_is_told_here() -> None:
    told = {rule for rule, _, _ in TELLS.values()}
    silent = {of_inputs._eval_mode, of_weights._normalisation, of_weights._other_noise}
    assert {*of_inputs.RULES, *of_weights.RULES} == told | silent


def test_another_target_is_named() -> None:
    found = of_weights._target(Evidence(SETTINGS, [FIRST, NOW, NOW], [1.0], 3.0, True))
    assert found
    assert found.cause == "the network learns another target, the noise"


def test_the_line_of_a_run_says_its_loss_beside_the_usual_one() -> None:
    off = Standing(1234, 78_976, 5.0, 0.5, 2.0)
    assert Diagnosis(off, None).words == (
        "Loss 5: 10 times what is usual after 1,234 steps (78,976 images). "
        "Nothing else that is measured here stands out."
    )
    named = Diagnosis(off, Finding("key", "a cause", "a sign"))
    assert named.words.endswith("Likely: a cause. How to tell: a sign.")
    usual = Standing(40, 2_560, 0.04, 0.05, 0.06)
    levels = NoiseLevels((0.9, 0.4, 0.3, 0.8), (0.3, 0.4, 0.3, 0.1), (0.4, 0.5, 0.4, 0.2))
    assert Diagnosis(usual, None, levels).words == (
        "Loss 0.04: as usual after 40 steps (2,560 images). On test digits: 3.0 times the usual at "
        "the lowest noise, as usual at medium noise, 8.0 times the usual at the highest noise."
    )
    low = Standing(40, 2_560, 0.01, 0.05, 0.06)
    assert "Loss 0.01: lower than usual after" in Diagnosis(low, None).words
    stands_out = Diagnosis(usual, Finding("key", "a cause", "a sign")).words
    assert stands_out.startswith("Loss 0.04 after 40 steps (2,560 images), and something")


def test_the_loss_that_is_compared_is_that_of_the_last_twenty_steps_before_the_probe() -> None:
    losses = [9.0] * 80 + [0.2] * 20 + [7.0] * 30
    images = [64 * k for k in range(1, 131)]
    found = doctor.stand(TrainingRecord("class-flow", {}, images, losses, ()), 100)
    assert found
    assert found.loss == pytest.approx(0.2)
    assert (found.step, found.images) == (100, 6_400)
    usual = doctor.usual()["class-flow"]
    assert min(usual["usual"]) <= found.usual < found.most <= max(usual["most"])
