"""Branching a run off another: its weights, and from there on other settings."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from small_runs import folder_of, tiny, wait_for
from torch.testing import assert_close

from lessons.training import runs
from lessons.training.loop import learning_rate, train
from lessons.training.recipe import Settings
from lessons.training.runs import control, files, forks
from lessons.training.runs.recorder import Recorder
from models import checkpoints

PARENT = tiny(epochs=4, learning_rate=4e-3, decay=0.1)


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of four epochs, trained in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DIFFUSION_RUNS", str(tmp_path_factory.mktemp("grown")))
        folder = folder_of(f"denoiser-{PARENT.fingerprint()}")
        folder.mkdir(parents=True)
        control._set_up(folder, "denoiser", PARENT)
        worked(folder)
    return folder


def worked(folder: Path) -> None:
    """Do the worker's work on a run here and now."""
    recorder = Recorder(folder)
    with recorder.opened() as training:
        for step in train(training):
            recorder.note(step, seconds=0.01)
        recorder.finish("finished")


@pytest.fixture
def parent(grown: Path, runs_folder: Path) -> str:
    shutil.copytree(grown, runs_folder / grown.name)
    return grown.name


def continued(parent: str, epoch: int, **changes: Any) -> Settings:
    wanted = {**runs.continuation(parent, epoch), **changes}
    settings, refused = runs.nearest_settings("denoiser", wanted)
    assert refused == ()
    return settings


@pytest.mark.parametrize("schedule", ["by epoch", "linear"])
def test_a_fork_goes_on_with_the_learning_rates_that_its_parent_had(
    parent: str, schedule: str
) -> None:
    whole = PARENT.model_copy(update={"schedule": schedule})
    files.write_json(
        folder_of(parent) / "settings.json",
        {"recipe": "denoiser", "settings": whole.model_dump()},
    )
    rest = continued(parent, 1)
    assert rest.epochs == 3
    for step in range(rest.total_steps):
        theirs = learning_rate(whole, whole.steps_per_epoch + step)
        assert learning_rate(rest, step) == pytest.approx(theirs, rel=1e-4)


def test_after_the_last_epoch_a_fork_trains_as_long_again_at_the_last_rate(parent: str) -> None:
    again = continued(parent, 4)
    assert (again.epochs, again.decay) == (4, 1.0)
    assert again.learning_rate == pytest.approx(4e-4)


def test_a_fork_begins_with_its_parents_weights_and_counts_its_images_on(parent: str) -> None:
    run_id = runs.start("denoiser", continued(parent, 2, decay=1.0), runs.fork_at(parent, 2))
    run = wait_for(run_id, "finished")
    theirs = {epoch.epoch: epoch.numbers for epoch in runs.view(parent).epochs}
    assert run.epochs[0].numbers == pytest.approx(theirs[2], rel=2e-3)  # kept in float16
    assert run.epochs[0].numbers["psnr"] > theirs[0]["psnr"] + 1
    assert run.images_before == 2000
    assert run.step == 32
    assert f"fork of {parent[-4:]} after epoch 2" in run.label
    runs.delete(parent)
    assert runs.view(run_id).state == "finished"


def test_a_fork_of_a_fork_has_seen_the_images_of_both(parent: str) -> None:
    first = start_without_worker(continued(parent, 2, epochs=1), runs.fork_at(parent, 2))
    worked(folder_of(first))
    assert runs.fork_at(first, 1).images == 3000


def start_without_worker(settings: Settings, fork: runs.Fork) -> str:
    run_id = f"denoiser-{settings.fingerprint(f'{fork.run_id}@{fork.epoch}')}"
    folder_of(run_id).mkdir()
    control._set_up(folder_of(run_id), "denoiser", settings, fork)
    return run_id


def test_a_fork_that_was_killed_goes_on_from_its_own_checkpoint(parent: str) -> None:
    settings, fork = continued(parent, 2, seed=5), runs.fork_at(parent, 2)
    run_id = start_without_worker(settings, fork)
    recorder = Recorder(folder_of(run_id))
    with recorder.opened() as training:
        stepping = train(training)
        losses = [next(stepping).loss.item() for _ in range(3)]
        recorder.pause()
        losses += [step.loss.item() for step in stepping]
    with Recorder(folder_of(run_id)).opened() as resumed:
        assert resumed.step == 3
        assert [step.loss.item() for step in train(resumed)] == losses[3:]


def test_forks_of_different_places_and_a_start_from_scratch_are_different_runs() -> None:
    settings = tiny()
    names = {settings.fingerprint(origin) for origin in ("", "a@1", "a@2", "b@1")}
    assert len(names) == 4


def test_averaged_weights_begin_where_the_fork_does(parent: str) -> None:
    run_id = start_without_worker(continued(parent, 2, ema=0.9), runs.fork_at(parent, 2))
    stored, _ = checkpoints.load_tensors(forks.epoch_weights(parent, 2))
    with Recorder(folder_of(run_id)).opened() as training:
        for network in (training.network, training.shown):
            for name, weight in network.named_parameters():
                assert_close(weight.detach(), stored[name].float())


def test_another_width_or_kind_is_refused_in_one_sentence(parent: str) -> None:
    fork = runs.fork_at(parent, 2)
    with pytest.raises(ValueError, match=r"width 8; width 16 has to start from scratch"):
        runs.start("denoiser", continued(parent, 2, num_hiddens=16), fork)
    pure, _ = runs.nearest_settings("pure-noise", {"num_hiddens": 8})
    with pytest.raises(ValueError, match="can't go on with the weights of denoiser"):
        runs.start("pure-noise", pure, fork)


@pytest.mark.parametrize("epoch", [-1, 0, 5, 10**9])
def test_an_epoch_whose_weights_were_not_kept_can_not_be_forked(parent: str, epoch: int) -> None:
    with pytest.raises(ValueError, match="were not kept"):
        runs.fork_at(parent, epoch)


@pytest.mark.parametrize("run_id", ["../x", "", "denoiser-0000000000"])
def test_a_name_from_outside_reaches_nothing(run_id: str) -> None:
    with pytest.raises(ValueError, match=r"not the name of a run|were not kept"):
        runs.fork_at(run_id, 1)


def test_shipped_runs_can_be_forked_where_their_weights_are() -> None:
    [shipped] = [run for run in runs.all_runs("class-ddpm") if run.shipped]
    assert runs.fork_at(shipped.id, 5).images == 300_000
    assert runs.fork_at(shipped.id, 20).images == 1_200_000
    with pytest.raises(ValueError, match="were not kept"):
        runs.fork_at(shipped.id, 10)
    assert runs.continuation(shipped.id, 5)["epochs"] == 15


@pytest.mark.parametrize("fork", [3, [1], {"run_id": "x"}, {"epoch": 1, "colour": "red"}])
def test_a_damaged_origin_makes_a_damaged_run_and_no_failure(parent: str, fork: Any) -> None:
    path = folder_of(parent) / "settings.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "fork": fork}))
    assert runs.view(parent).state == "damaged"


def test_names_of_runs_without_younger_settings_are_the_old_ones() -> None:
    """The shipped runs would be strangers otherwise."""
    for run in runs.all_runs("ddpm") + runs.all_runs("class-ddpm"):
        if run.shipped and run.settings:
            assert run.id.endswith(run.settings.fingerprint())
    settings, _ = runs.nearest_settings("ddpm", {"sample_steps": 299})
    assert settings.fingerprint() != runs.nearest_settings("ddpm", {})[0].fingerprint()


def test_weights_are_taken_over_in_full_precision(parent: str) -> None:
    run_id = start_without_worker(continued(parent, 2), runs.fork_at(parent, 2))
    with Recorder(folder_of(run_id)).opened() as training:
        assert {p.dtype for p in training.network.parameters()} == {torch.float32}
