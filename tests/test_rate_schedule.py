"""The lesson of learning rates: Adam's step, the average, and what was measured."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from small_runs import trained_here
from streamlit.testing.v1 import AppTest
from torch import nn
from torch.testing import assert_close

from lessons.beyond import rate_schedule as lesson
from lessons.measure import classifier
from lessons.measure.trained import rate_schedule, results
from lessons.measure.trained.results import AVERAGED, LAST, RATES
from lessons.part_b.flow_matching import CLASS_RECIPE
from lessons.training import loop, runs
from models.catalog import finish
from pages._shared import measured_runs
from pages._ui.session import lessons

SWEEP = results.rates()
ROUTER = str((lessons.FOLDER / "_router.py").resolve())

# What stands behind the sentences of the lesson that say a number: a test, or a definition.
CLAIMS = {
    "rate_schedule.py": {
        "Four runs see the same images in the same order": "by definition",
        "At this size we do not": "test_constant_rates_end_nearer_here",
        "Without averaging they are": "test_constant_rates_end_nearer_here",
        "smallest rate ends farthest away": "test_the_smallest_rate_has_not_arrived",
        "it takes {} off the test loss": "test_the_average_takes_more_off_a_constant_rate",
        "times as many images and is {} times as wide": "test_the_course_trains_as_is_said",
        "a rate that shrinks early loses way": "test_constant_rates_end_nearer_here",
        "Nor do the measures agree": "test_the_lowest_test_loss_is_not_the_lowest_distance",
        "0.01 has the lowest test loss": "test_the_lowest_test_loss_is_not_the_lowest_distance",
        "Once such a run has finished": "test_a_row_that_was_trained_here_is_drawn_into_the_chart",
        "Adam minimises θ²/2": "by definition",
        "Set μ to 0.9": "it only says what is asked for",
    },
    "_teaching/rate_schedule.py": {
        "the smallest constant rate ends with": "test_the_smallest_rate_has_not_arrived",
        "Its curve is still going down": "test_the_smallest_rate_has_not_arrived",
        "where θ²/2 is minimised": "it only says what is asked for",
        "the better one is ahead by three": "it only says what is asked for",
        "differ by more than two of their errors": "test_a_row_has_seeds_far_apart",
    },
    "_teaching/rate_schedule.md": {
        "A lower loss means better samples": "test_the_lowest_test_loss_is_not_the_lowest_distance",
    },
}


def mean_of(row: str, which: str, what: str) -> float:
    """The mean over seeds."""
    reached = [run.reached[which] for run in SWEEP.runs[row].values()]
    values = [one.test_loss if what == "test_loss" else getattr(one, what)[0] for one in reached]
    return sum(values) / len(values)


SMALL, MIDDLE, LARGE, DECAYING = RATES


def test_the_course_trains_as_is_said() -> None:
    course, _ = runs.nearest_settings("class-flow", {})
    assert (course.num_hiddens, course.total_images, course.batch_size) == (64, 600_000, 64)
    assert (course.learning_rate, course.decay) == RATES[DECAYING]
    assert SWEEP.settings["batch_size"] == course.batch_size


def test_constant_rates_end_nearer_here() -> None:
    for seed in SWEEP.runs[DECAYING]:
        reached = {row: SWEEP.runs[row][seed].reached[AVERAGED].frechet for row in RATES}
        for row in (MIDDLE, LARGE):
            error = (reached[row][1] ** 2 + reached[DECAYING][1] ** 2) ** 0.5
            assert reached[row][0] < reached[DECAYING][0] - 2 * error
    for row in (MIDDLE, LARGE):  # the last weights: so on average, but not with every seed
        assert mean_of(row, LAST, "frechet") < mean_of(DECAYING, LAST, "frechet")
    last = [SWEEP.runs[row][277].reached[LAST].frechet[0] for row in (MIDDLE, DECAYING)]
    assert last[0] > last[1]


def test_the_smallest_rate_has_not_arrived() -> None:
    for which in (LAST, AVERAGED):
        distances = {row: mean_of(row, which, "frechet") for row in RATES}
        assert max(distances, key=distances.__getitem__) == SMALL
        accuracies = {row: mean_of(row, which, "accuracy") for row in RATES}
        assert min(accuracies, key=accuracies.__getitem__) == SMALL
    for run in SWEEP.runs[SMALL].values():
        averaged = [both[1] for _, both in sorted(run.tested.items())]
        assert all(after < before for before, after in pairwise(averaged))


def test_the_average_takes_more_off_a_constant_rate() -> None:
    for seed in SWEEP.runs[DECAYING]:
        gained = {}
        for row in (LARGE, DECAYING):
            reached = SWEEP.runs[row][seed].reached
            gained[row] = reached[LAST].test_loss - reached[AVERAGED].test_loss
        assert gained[LARGE] > 1.5 * gained[DECAYING] > 0


def test_the_lowest_test_loss_is_not_the_lowest_distance() -> None:
    losses = {row: mean_of(row, AVERAGED, "test_loss") for row in RATES}
    distances = {row: mean_of(row, AVERAGED, "frechet") for row in RATES}
    assert min(losses, key=losses.__getitem__) == LARGE
    assert min(distances, key=distances.__getitem__) == MIDDLE


def test_a_row_has_seeds_far_apart() -> None:
    apart = []
    for by in SWEEP.runs.values():
        for which in (LAST, AVERAGED):
            (a, a_error), (b, b_error) = (run.reached[which].frechet for run in by.values())
            apart.append(abs(a - b) / (a_error**2 + b_error**2) ** 0.5)
    assert max(apart) > 2


@pytest.mark.parametrize("eta", [1e-3, 1e-2])
def test_a_step_is_that_of_torch(eta: float) -> None:
    random = torch.Generator().manual_seed(1)
    parameter = nn.Parameter(torch.randn(7, generator=random))
    theta, m, v = parameter.detach().clone(), torch.zeros(7), torch.zeros(7)
    optimiser = torch.optim.Adam([parameter], eta)
    for k in range(1, 6):
        gradient = torch.randn(7, generator=random) * 10.0 ** (k - 3)
        parameter.grad = gradient.clone()
        optimiser.step()
        theta, m, v = lesson.adam_step(theta, gradient, m, v, k, eta)
        assert_close(theta, parameter.detach())


def test_a_step_is_as_long_as_the_rate_whatever_the_size_of_the_gradient() -> None:
    zero = torch.zeros(2)
    theta, _, _ = lesson.adam_step(zero, torch.tensor([1e-3, -1e3]), zero, zero, 1, 0.01)
    assert_close(theta, torch.tensor([-0.01, 0.01]), rtol=1e-4, atol=0)


def test_the_average_is_that_of_the_training_loop() -> None:
    network = nn.Linear(3, 2)
    averaged = loop._averaged(network, 0.9)
    theta = network.weight.detach().clone()
    average = theta.clone()
    averaged.update_parameters(network)  # torch's first update copies
    for k in range(1, 60):
        with torch.no_grad():
            network.weight.copy_(theta + k)
        averaged.update_parameters(network)
        average = lesson.averaged_weights(average, theta + k, 0.9, k)
    assert_close(averaged.module.weight.detach(), average)


def test_without_memory_the_average_is_the_last_weights() -> None:
    found = lesson.noisy_bowl(0.01, 0.1, 0.0, 1)
    assert found.distances[LAST] == found.distances[AVERAGED]


def test_without_a_decay_both_rates_are_one() -> None:
    constant, decaying = lesson.bowls(0.01, 1.0, 0.99, 1).values()
    assert constant == decaying
    assert set(constant.rates) == {0.01}


def test_the_rate_of_the_bowl_falls_as_that_of_ten_epochs() -> None:
    settings = CLASS_RECIPE.settings.model_validate(
        {"epochs": 10, "images_per_epoch": 5120, "batch_size": 64, "decay": 0.1}
    )
    assert settings.total_steps == lesson.BOWL_STEPS
    found = lesson.noisy_bowl(settings.learning_rate, settings.decay, 0.99, 1)
    own = [loop.learning_rate(settings, k - 1) for k in found.steps[1:]]
    assert found.rates[1:] == pytest.approx(own)


def test_a_larger_rate_arrives_sooner_and_stays_farther_away() -> None:
    small, large = (lesson.noisy_bowl(rate, 1.0, 0.995, 2) for rate in (0.003, 0.03))
    early = small.steps.index(80)
    assert large.distances[LAST][early] < small.distances[LAST][early] / 5
    settled = [sum(one[-20:]) / 20 for one in (small.distances[LAST], large.distances[LAST])]
    middle = lesson.noisy_bowl(0.01, 1.0, 0.995, 2).distances[LAST]
    assert settled[1] > 2 * sum(middle[-20:]) / 20


def test_an_average_and_a_decaying_rate_come_about_as_near_and_both_nearer_than_neither() -> None:
    """What the page says under its chart, at the controls that it opens with."""
    for seed in (276, 277, 278):
        constant, decaying = lesson.bowls(0.01, 0.1, 0.995, seed).values()
        neither, average = (constant.distances[which][-1] for which in (LAST, AVERAGED))
        decayed, both = (decaying.distances[which][-1] for which in (LAST, AVERAGED))
        assert average < 0.75 * neither
        assert decayed < 0.75 * neither
        assert average == pytest.approx(decayed, rel=0.4)
        assert both > 0.8 * decayed  # an average lags behind what has no noise left


def test_noises_are_those_of_the_seed_whatever_the_rate() -> None:
    assert lesson.noisy_bowl(0.01, 0.5, 0.9, 3) == lesson.noisy_bowl(0.01, 0.5, 0.9, 3)
    assert lesson.noisy_bowl(0.01, 0.5, 0.9, 3) != lesson.noisy_bowl(0.01, 0.5, 0.9, 4)


def test_every_rate_samples_ten_digits_from_the_same_noises() -> None:
    rows = finish(lesson.ten_digits(AVERAGED, 2.0, 2, 276))
    assert list(rows) == list(RATES)
    for row in rows.values():
        assert [image.alt[:18] for image in row] == [f"a sample of a {i}, c" for i in range(10)]
    last = finish(lesson.ten_digits(LAST, 2.0, 2, 276))
    for rate, row in rows.items():
        assert any(
            not np.array_equal(a.pixels, b.pixels) for a, b in zip(row, last[rate], strict=True)
        )


@pytest.mark.parametrize(("rate", "which"), [("constant 5", LAST), ("constant 0.01", "none")])
def test_weights_that_are_not_there_are_refused(rate: str, which: str) -> None:
    with pytest.raises(ValueError, match="There are no"):
        lesson.network(rate, which)


@pytest.mark.parametrize("which", [LAST, AVERAGED])
def test_the_weights_that_ship_are_those_that_were_measured(which: str) -> None:
    """In eight bits they have the test loss that stands in the table, nearly."""
    seed = min(SWEEP.runs["constant 0.01"])
    for rate in RATES:
        kept = SWEEP.runs[rate][seed].reached[which].test_loss
        own = rate_schedule.test_loss(lesson.network(rate, which), seed)
        assert own == pytest.approx(kept, rel=0.03), rate


def test_all_rates_were_measured_with_equal_images_and_beside_their_floor() -> None:
    assert list(SWEEP.runs) == list(RATES)
    assert SWEEP.floor == pytest.approx(classifier.frechet_floor(SWEEP.count), rel=1e-3)
    total = SWEEP.settings["epochs"] * SWEEP.settings["images_per_epoch"]
    for by in SWEEP.runs.values():
        for run in by.values():
            assert max(run.tested) == total
            assert len(run.loss) == results.POINTS
            assert list(run.reached) == [LAST, AVERAGED]
            for one in run.reached.values():
                assert one.frechet[0] > SWEEP.floor
                assert 0 < one.accuracy[0] <= 1
            assert [one.test_loss for one in run.reached.values()] == [*run.tested[total]]


def test_rows_are_settings_that_a_run_can_have() -> None:
    for rate in RATES:
        wanted = {**results.settings_of(rate, SWEEP.settings), "seed": 276}
        settings, changes = runs.nearest_settings("class-flow", wanted)
        assert not changes
        assert (settings.learning_rate, settings.decay) == RATES[rate]
        assert settings.precision == "float32"


def opened(**address: str) -> AppTest:
    test = AppTest.from_file(ROUTER, default_timeout=300)
    test.query_params.update(address)
    test.switch_page("rate_schedule.py")
    test.run()
    assert not test.exception
    return test


def shown(test: AppTest) -> str:
    return " ".join(text.value for text in test.main.markdown)


def test_a_row_that_was_trained_here_is_drawn_into_the_chart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = {**SWEEP.settings, "epochs": 1, "images_per_epoch": 1000, "sample_steps": 1}
    small = replace(SWEEP, settings=settings)
    monkeypatch.setattr(results, "rates", lambda: small)
    row = list(RATES)[-1]
    wanted = {**results.settings_of(row, settings), "seed": min(SWEEP.runs[row])}
    before = opened()
    assert "trained on this machine" not in shown(before)
    assert measured_runs.trained_here("class-flow", wanted) is None
    trained_here("class-flow", wanted)
    run = measured_runs.trained_here("class-flow", wanted)
    assert run
    trace = measured_runs.loss_of(run)
    assert list(trace.y) == run.curve.losses[:40]  # a stretch has one of its few steps
    assert measured_runs.trained_here("class-flow", {**wanted, "seed": 1}) is None
    after = opened()
    assert "trained on this machine" in shown(after)
    charts = [part.proto.json for part in after.main.get("bidi_component")]
    assert any("trained here" in one for one in charts)
    assert "trained on this machine" not in shown(opened(b251_row=next(iter(RATES))))


def test_the_link_carries_the_settings_of_the_row() -> None:
    test = opened(b251_row="constant 0.003")
    [link] = [part.proto for part in test.main.get("page_link") if part.proto.label[:5] == "Train"]
    address = str(link)
    kept = SWEEP.settings
    for words in ("learning_rate=0.003", "decay=1.0", "train_seed=276", f"ema={kept['ema']}"):
        assert words in address, address
    assert f"num_hiddens={kept['num_hiddens']}" in address
    assert f"images_per_epoch={kept['images_per_epoch']}" in address


def test_the_table_has_a_row_for_each_set_of_weights_and_the_numbers_that_were_measured() -> None:
    test = opened()
    [table] = [
        part.proto.body for part in test.main.get("html") if "Learning rates and" in part.proto.body
    ]
    assert table.count("<tr>") == 1 + 2 * len(RATES) + 1
    for by in SWEEP.runs.values():
        for run in by.values():
            for one in run.reached.values():
                assert f"{one.frechet[0]:.2f}" in table
    assert f"{SWEEP.floor:.2f}" in table
    assert "trained on this machine" not in shown(test)
