"""Trainings that are measured: left and taken up again, they end at the same numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from lessons.measure.trained import rate_schedule, results, resumable, wider_or_longer
from lessons.measure.trained.resumable import Resumable
from lessons.part_b import flow_matching, train_ddpm
from models import checkpoints

TINY: dict[str, Any] = {
    "num_hiddens": 8,
    "batch_size": 256,
    "epochs": 2,
    "images_per_epoch": 1000,
    "ema": 0.9,
    "learning_rate": 3e-3,
    "decay": 0.5,
}


def weights(network: nn.Module) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in network.state_dict().items()}


def test_a_training_that_was_cut_off_goes_on_to_the_same_losses_and_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Resumable(flow_matching.CLASS_RECIPE, TINY)
    whole.advance(2000)
    monkeypatch.setattr(resumable, "SAVE_EVERY", 3)
    path, real = tmp_path / "checkpoint.safetensors", checkpoints.save_tensors
    first = Resumable(flow_matching.CLASS_RECIPE, TINY, path)

    def cut_off(*given: Any) -> None:
        real(*given)
        raise KeyboardInterrupt

    monkeypatch.setattr(checkpoints, "save_tensors", cut_off)
    with pytest.raises(KeyboardInterrupt):
        first.advance(2000)
    monkeypatch.setattr(checkpoints, "save_tensors", real)
    second = Resumable(flow_matching.CLASS_RECIPE, TINY, path)
    assert second.state.step == 3
    assert second.seconds > 0
    second.advance(2000)
    assert second.losses == whole.losses
    assert len(whole.losses) == whole.state.settings.total_steps == 8
    for one, other in (
        (whole.state.network, second.state.network),
        (whole.state.shown, second.state.shown),
    ):
        assert_close(weights(one), weights(other), rtol=0, atol=0)


def test_it_takes_no_step_beyond_and_none_twice() -> None:
    run = Resumable(flow_matching.CLASS_RECIPE, TINY)
    run.advance(1000)
    assert (run.images, run.state.step) == (1000, 4)
    run.advance(1000)
    assert run.state.step == 4
    run.advance(10**6)
    assert (run.images, run.state.step) == (2000, 8)


def test_at_a_constant_rate_a_longer_run_is_on_its_way_the_shorter_run() -> None:
    """What lesson B2.2.1 says of its points."""
    ends = []
    for epochs in (1, 2):
        settings = {**TINY, "decay": 1.0, "epochs": epochs}
        run = Resumable(train_ddpm.RECIPE, settings)
        run.advance(1000)
        ends.append(weights(run.state.shown))
    assert_close(*ends, rtol=0, atol=0)


def test_both_sets_of_weights_are_of_one_run_and_its_test_loss_is_that_of_a_run() -> None:
    settings = {**TINY, "epochs": 1, "sample_steps": 1}
    run = Resumable(flow_matching.CLASS_RECIPE, settings)
    run.advance(1000)
    both = rate_schedule.both(run)
    assert list(both) == [results.LAST, results.AVERAGED]
    own = rate_schedule.test_loss(both[results.AVERAGED], run.state.settings.seed)
    assert own == pytest.approx(run.state.preview().numbers["test_loss"], rel=1e-5)
    assert own != rate_schedule.test_loss(both[results.LAST].eval(), run.state.settings.seed)


def test_the_test_loss_of_a_width_is_that_of_a_run() -> None:
    settings = {**TINY, "epochs": 1, "sample_steps": 1}
    run = Resumable(train_ddpm.RECIPE, settings)
    run.advance(1000)
    chosen = train_ddpm.DDPMSettings.model_validate(settings)
    own = wider_or_longer.test_loss(run.state.shown.eval(), chosen)
    assert own == pytest.approx(run.state.preview().numbers["test_loss"], rel=1e-5)


def test_a_sweep_of_rates_repeats_itself_and_nothing_that_was_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_schedule, "RATES", {"constant 0.003": (3e-3, 1.0)})
    monkeypatch.setattr(results, "RATES", {"constant 0.003": (3e-3, 1.0)})
    shared = {name: TINY[name] for name in ("num_hiddens", "batch_size", "images_per_epoch", "ema")}
    found = []
    for place in ("first", "second"):
        out = tmp_path / place / "out.json"
        out.parent.mkdir()
        given = ({**shared, "epochs": 1}, [1, 2], 20, tmp_path / place, out)
        rate_schedule.sweep(*given)
        found.append(results.rates(out))
    one, other = (sweep.runs["constant 0.003"] for sweep in found)
    assert list(one) == [1, 2]
    for seed in (1, 2):
        assert one[seed].reached == other[seed].reached
        assert (one[seed].loss, one[seed].tested) == (other[seed].loss, other[seed].tested)
    assert one[1].reached != one[2].reached
    again = tmp_path / "again.json"
    monkeypatch.setattr(rate_schedule, "measure", lambda *_: pytest.fail("measured twice"))
    rate_schedule.sweep(*given[:4], again)
    assert results.rates(again) == found[1]


def test_a_sweep_of_widths_repeats_itself_and_keeps_its_samples(tmp_path: Path) -> None:
    shared = {**TINY, "decay": 1.0}
    for name in ("num_hiddens", "epochs"):
        shared.pop(name)
    found = []
    for place in ("first", "second"):
        out = tmp_path / place / "out.json"
        out.parent.mkdir()
        wider_or_longer.sweep(shared, {8: 2}, [1], 20, tmp_path / place, out)
        found.append(results.widths(out).runs[8][1])
        rows = results.kept_images(out.with_suffix(".safetensors"), results.rows_name(8, 2000))
        assert rows.shape == (10, 1, 28, 28)
    one, other = found
    assert [point.images for point in one] == [1000, 2000]
    assert [p.frechet for p in one] == [p.frechet for p in other]
    assert [p.test_loss for p in one] == [p.test_loss for p in other]


@pytest.mark.parametrize(
    ("epochs", "expected"), [(1, (1,)), (2, (1, 2)), (8, (1, 2, 4, 8)), (6, (1, 2, 4, 6))]
)
def test_a_width_is_measured_after_one_epoch_two_four_and_the_last(
    epochs: int, expected: tuple[int, ...]
) -> None:
    assert wider_or_longer.lengths(epochs) == expected


def test_stretches_of_a_loss_hold_every_step_once() -> None:
    assert results.smoothed([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 3) == [1.5, 3.5, 5.5]
    losses = [float(i) for i in range(103)]
    assert results.smoothed(losses, 103) == losses
    assert len(results.smoothed(losses, 40)) == 40
    assert results.smoothed(losses, 1) == [51.0]


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"runs": 3}', '{"runs": {"a": {"b": {}}}}'])
def test_damaged_measurements_are_said_to_be_damaged(content: str, tmp_path: Path) -> None:
    path = tmp_path / "some.json"
    path.write_text(content)
    for read in (results.rates, results.widths):
        with pytest.raises(ValueError, match="damaged"):
            read(path)
        with pytest.raises(ValueError, match="damaged"):
            read(tmp_path / "none.json")


def test_weights_in_eight_bits_come_back_nearly_as_they_were(tmp_path: Path) -> None:
    path, before = tmp_path / "kept.safetensors", nn.Sequential(nn.Conv2d(3, 4, 3), nn.Linear(5, 6))
    images = torch.rand(2, 1, 4, 4, generator=torch.Generator().manual_seed(1))
    results.keep_weights(path, {"one": before, "two": nn.Linear(5, 6)}, {"rows.1": images})
    after = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Linear(5, 6))
    results.with_weights(path, "one", after)
    for name, tensor in before.state_dict().items():
        assert_close(after.state_dict()[name], tensor, rtol=0, atol=float(tensor.abs().max()) / 250)
    assert_close(results.kept_images(path, "rows.1"), images, rtol=0, atol=0.5 / 255 + 1e-6)
    for name in ("none", "on"):
        with pytest.raises(ValueError, match="can't be used"):
            results.with_weights(path, name, after)
        with pytest.raises(ValueError, match="can't be used"):
            results.kept_images(path, name)


def test_the_results_that_ship_hold_only_what_their_file_says(tmp_path: Path) -> None:
    for path in (results.RATE_SCHEDULE, results.WIDER_OR_LONGER):
        content = json.loads(path.read_text("utf-8"))
        assert set(content) == {"runs", "settings", "count", "floor"}
        assert path.with_suffix(".safetensors").stat().st_size < 1_000_000
    assert results.weights_hash(tmp_path / "none") == ""
    assert len(results.weights_hash(results.RATE_SCHEDULE.with_suffix(".safetensors"))) == 12


def test_results_are_found_from_an_exported_script_too() -> None:
    """Its functions stand in a file elsewhere, so their own place says nothing."""
    assert Path(results.__file__).parent == results.HERE
    assert "Path(__file__)" not in Path(results.__file__).read_text("utf-8")
