"""What was measured over the number of sampling steps, and that damage is reported."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_sampled_digits import shipped

from lessons.measure import classifier, step_kinds, step_quality
from lessons.measure.sample_quality import quality
from lessons.part_b.sampled_digits import many


def test_every_sampler_is_measured_at_every_number_of_steps(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(step_quality, "STEPS", (1, 2))
    names = {"class-flow": [step_quality.EULER], "class-ddpm": list(step_kinds.SAMPLERS)}
    for recipe, expected in names.items():
        found = list(step_quality.sweep(shipped(recipe), 20))
        assert [(name, steps) for name, steps, _ in found] == [
            (name, steps) for name in expected for steps in (1, 2)
        ]
        assert {quality.gamma for _, _, quality in found} == {step_quality.GAMMA}


def test_a_single_step_adds_no_noise_so_the_two_variances_agree_on_it() -> None:
    ddpm = step_quality.measured(shipped("class-ddpm"))
    assert ddpm
    assert ddpm.qualities[step_kinds.BETA][1] == ddpm.qualities[step_kinds.POSTERIOR][1]


def test_the_collapse_at_few_steps_is_the_variance_and_not_the_network() -> None:
    """What lesson 2.5 says of the shipped networks."""
    ddpm, flow = (step_quality.measured(shipped(name)) for name in ("class-ddpm", "class-flow"))
    assert ddpm
    assert flow
    assert ddpm.count == flow.count == 1000
    assert ddpm.floor == flow.floor == pytest.approx(classifier.frechet_floor(1000), rel=1e-3)
    for steps in (5, 10):
        beta = ddpm.qualities[step_kinds.BETA][steps]
        assert beta.accuracy < 0.6
        for name in (step_kinds.POSTERIOR, step_kinds.DDIM):
            other = ddpm.qualities[name][steps]
            assert other.accuracy >= 0.99
            assert other.frechet < 1 < 30 * other.frechet < beta.frechet
        assert ddpm.floor < flow.qualities[step_quality.EULER][steps].frechet < 1
    two = flow.qualities[step_quality.EULER][2].frechet
    assert two < 2 < 10 < ddpm.qualities[step_kinds.DDIM][2].frechet


@pytest.mark.parametrize(
    ("recipe", "name"), [("class-ddpm", step_kinds.DDIM), ("class-flow", step_quality.EULER)]
)
def test_what_is_shipped_is_what_the_command_measures(recipe: str, name: str) -> None:
    """A hundred samples of the same seed come close to the thousand that are kept."""
    stored = step_quality.measured(shipped(recipe))
    assert stored
    sampler = step_kinds.SAMPLERS[step_kinds.DDIM]
    images, labels = many(shipped(recipe), 100, step_quality.GAMMA, 2, sampler=sampler)
    again = quality(images, labels, step_quality.GAMMA)
    kept = stored.qualities[name][2]
    assert again.accuracy == pytest.approx(kept.accuracy, abs=0.02)
    assert again.mean_intensity == pytest.approx(kept.mean_intensity, rel=0.05)


def test_a_run_that_was_not_measured_has_no_measurements() -> None:
    assert step_quality.measured(shipped("denoiser")) is None


@pytest.mark.parametrize("content", ["{", "[]", '{"qualities": [3]}', '{"count": 3}'])
def test_damaged_measurements_are_said_to_be_so(content: str, runs_folder: Path) -> None:
    (runs_folder / "class-flow-0").mkdir(parents=True)
    (runs_folder / "class-flow-0" / "steps.json").write_text(content)
    with pytest.raises(ValueError, match="damaged"):
        step_quality.measured("class-flow-0")
