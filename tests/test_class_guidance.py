"""Guidance on digits: the two ends that are known before, and what is bought between them."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_sampled_digits import finished, shipped

from lessons.measure import classifier, step_kinds
from lessons.measure.sample_quality import mean_intensity
from lessons.part_b import class_guidance
from lessons.training.previews import test_digits as known_digits


def test_the_guided_estimate_is_the_one_with_label_at_gamma_1_and_the_one_without_at_0() -> None:
    run = shipped("class-ddpm")
    _, without, with_label, _, at_0 = class_guidance.anatomy(run, 3, 0.0, seed=1, t=250)
    *_, at_1 = class_guidance.anatomy(run, 3, 1.0, seed=1, t=250)
    assert abs(at_0.pixels.astype(int) - without.pixels).max() <= 1
    assert abs(at_1.pixels.astype(int) - with_label.pixels).max() <= 1
    assert (with_label.pixels != without.pixels).any()


@pytest.mark.parametrize(("digit", "t"), [(10, 5), (-1, 5), (3, 0), (3, 301)])
def test_a_digit_or_timestep_that_is_none_is_refused(digit: int, t: int) -> None:
    with pytest.raises(ValueError, match="no digit"):
        class_guidance.anatomy(shipped("class-ddpm"), digit, 5.0, 1, t)


def test_the_grid_has_a_row_for_every_gamma_and_a_column_for_every_digit() -> None:
    rows, seen = finished(class_guidance.gamma_grid(shipped("class-ddpm"), seed=1, steps=2))
    assert [len(row) for row in rows] == [10] * len(class_guidance.GAMMAS)
    assert seen[-1].done == seen[-1].total


def test_the_shipped_measurements_show_what_guidance_improves_and_costs() -> None:
    sweep = class_guidance.measured(shipped("class-ddpm"))
    assert sweep
    qualities = sweep.qualities[step_kinds.BETA]
    by_gamma = {one.gamma: one for one in qualities}
    assert tuple(by_gamma) == class_guidance.GAMMAS
    assert by_gamma[0].accuracy < 0.2 < 0.9 < by_gamma[1].accuracy < by_gamma[2].accuracy < 1
    assert all(by_gamma[gamma].accuracy == 1 for gamma in (3, 5, 7.5, 10))
    assert by_gamma[1].diversity > 1 > by_gamma[2].diversity > by_gamma[5].diversity
    assert sweep.best == {step_kinds.BETA: 2, step_kinds.POSTERIOR: 1, step_kinds.DDIM: 2}
    assert all(
        [one.gamma for one in each] == list(class_guidance.GAMMAS)
        for each in sweep.qualities.values()
    )
    intensities = [one.mean_intensity for one in qualities]
    assert intensities == sorted(intensities)
    assert sweep.floor < min(one.frechet for one in qualities)
    assert sweep.floor == pytest.approx(classifier.frechet_floor(sweep.count), rel=1e-3)
    assert sweep.real_intensity == pytest.approx(mean_intensity(known_digits(10_000)), abs=1e-4)


def test_a_run_that_was_not_measured_has_no_measurements() -> None:
    assert class_guidance.measured(shipped("ddpm")) is None


@pytest.mark.parametrize(
    "content", ["{", "[]", '{"qualities": {}}', '{"qualities": [3]}', '{"count": 3}']
)
def test_damaged_measurements_are_said_to_be_so(content: str, runs_folder: Path) -> None:
    (runs_folder / "class-ddpm-0").mkdir(parents=True)
    (runs_folder / "class-ddpm-0" / "guidance.json").write_text(content)
    with pytest.raises(ValueError, match="damaged"):
        class_guidance.measured("class-ddpm-0")
