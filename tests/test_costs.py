"""What a run will cost: measured in the background, again when it is old, and said in words."""

from __future__ import annotations

import time

import pytest
from small_runs import wait_until

from lessons.training import costs
from lessons.training.costs import TrainingSpeed
from pages._shared.training import cost

KIND = ("denoiser", 8, "float32")


@pytest.fixture(autouse=True)
def _nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(costs, "_measured", {})
    monkeypatch.setattr(costs, "_asked", set())
    monkeypatch.setattr(costs, "_busy", lambda: False)


def test_many_who_ask_at_once_start_one_measurement(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[costs.Kind] = []

    def rate(kind: costs.Kind) -> float:
        asked.append(kind)
        time.sleep(0.1)
        return 50.0

    monkeypatch.setattr(costs, "_rate", rate)
    assert costs.known_speed(KIND) is None
    for _ in range(20):
        costs.measure_soon(KIND)
    wait_until(lambda: costs.known_speed(KIND) is not None, "the measurement")
    assert asked == [KIND]
    found = costs.known_speed(KIND)
    assert found
    assert (found.images_per_second, found.busy, found.live) == (50.0, False, False)


def test_a_speed_is_measured_again_when_it_is_old_or_the_machine_has_become_quiet(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = time.monotonic()
    assert not TrainingSpeed(9.0, busy=False, live=False, at=now).is_due
    assert TrainingSpeed(9.0, busy=False, live=False, at=now - costs.MOST_AGE - 1).is_due
    assert TrainingSpeed(9.0, busy=True, live=False, at=now).is_due
    assert not TrainingSpeed(9.0, busy=False, live=True, at=now - 1000).is_due
    monkeypatch.setattr(costs, "_busy", lambda: True)
    assert not TrainingSpeed(9.0, busy=True, live=False, at=now).is_due


def test_the_measurement_is_a_process_that_answers_with_a_number() -> None:
    assert costs._rate(KIND) > 0


def test_a_measurement_that_fails_is_told_and_not_tried_at_once_again() -> None:
    assert costs._rate(("no such recipe", 8, "float32")) == 0
    assert cost.words(TrainingSpeed(0.0, False, False, 0.0), 100) == (
        "100 images. This machine's speed could not be measured."
    )


@pytest.mark.parametrize(
    ("speed", "said"),
    [
        (None, "1,200 images. How long they take here is being measured."),
        (
            TrainingSpeed(100.0, False, False, 0.0),
            "1,200 images: **about 12 s** on this machine, measured at 100 images/s.",
        ),
        (
            TrainingSpeed(100.0, True, False, 0.0),
            "1,200 images: **about 12 s** on this machine, measured at 100 images/s while the "
            "machine was busy; alone it will be faster.",
        ),
        (
            TrainingSpeed(100.0, False, True, 0.0),
            "1,200 images: **about 12 s** on this machine, at 100 images/s, the speed of the run "
            "that trains now.",
        ),
    ],
)
def test_the_cost_is_said_with_where_it_comes_from(speed: TrainingSpeed | None, said: str) -> None:
    assert cost.words(speed, 1_200) == said
