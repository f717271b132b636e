"""What was measured over the number of sampling steps, and that it is told when it is damaged."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_sampled_digits import shipped

from lessons import step_quality


def test_every_number_of_steps_is_measured_at_one_gamma(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(step_quality, "STEPS", (1, 2))
    for name in ("class-flow", "class-ddpm"):
        found = dict(step_quality.sweep(shipped(name), 70))
        assert list(found) == [1, 2]
        assert {quality.gamma for quality in found.values()} == {step_quality.GAMMA}
        assert found[1] != found[2]


def test_a_run_that_was_not_measured_has_no_measurements() -> None:
    assert step_quality.measured(shipped("denoiser")) is None


@pytest.mark.parametrize("content", ["{", "[]", '{"qualities": [3]}', '{"count": 3}'])
def test_damaged_measurements_are_said_to_be_so(content: str, runs_folder: Path) -> None:
    (runs_folder / "class-flow-0").mkdir(parents=True)
    (runs_folder / "class-flow-0" / "steps.json").write_text(content)
    with pytest.raises(ValueError, match="damaged"):
        step_quality.measured("class-flow-0")
