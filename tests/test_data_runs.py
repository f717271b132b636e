"""Runs that are trained on other data than MNIST: named by it, resumed, refused, measured."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from small_data import IMAGES, LABELS, drop
from small_runs import columns, folder_of, prepared, tiny, trained_here, wait_for
from streamlit.testing.v1 import AppTest

from lessons.classroom.readers import Reader
from lessons.own_data import keeping, parts, sets
from lessons.own_data.uploads import Uploaded
from lessons.training import runs
from lessons.training.loop import TrainingState, train
from lessons.training.runs import files, options
from models.checkpoints import load_tensors
from pages._shared.training import code, rows
from pages._ui.session import lessons

CLASSES = ("bag", "boot", "coat")
OWNER, OTHER = Reader("a" * 64), Reader("b" * 64)
KEY = "a teacher's key"


def kept(name: str = "things", labelled: bool = True, count: int = 24, by: Reader = OWNER) -> str:
    labels = LABELS[:count] if labelled else None
    return keeping.keep(name, Uploaded(IMAGES[:count], labels, CLASSES), by=by)


def test_settings_of_mnist_have_their_old_names_and_other_data_gives_another() -> None:
    data = kept()
    assert tiny().fingerprint() == tiny(data="mnist").fingerprint()
    assert tiny(data=data).fingerprint() != tiny().fingerprint()
    shipped = [run for name in ("denoiser", "class-flow") for run in runs.all_runs(name)]
    for run in shipped:
        assert run.settings is not None
        assert run.id.endswith(run.settings.fingerprint())


def test_a_name_that_no_data_set_can_have_gives_way_to_mnist_and_says_so() -> None:
    settings, said = runs.nearest_settings("denoiser", {"data": "../../etc"})
    assert settings.model_dump()["data"] == "mnist"
    assert said == ("Training data can't be ../../etc; mnist is used instead.",)


def test_an_epoch_of_a_small_set_goes_through_it_again_and_again() -> None:
    order = parts.order(24, 1000, torch.Generator().manual_seed(1))
    assert order.shape == (1000,)
    for whole in order[:984].split(24):
        assert sorted(whole.tolist()) == list(range(24))
    one = torch.Generator().manual_seed(1)
    same = torch.randperm(60_000, generator=one)[:500]
    assert torch.equal(parts.order(60_000, 500, torch.Generator().manual_seed(1)), same)


def test_training_sees_the_images_of_the_set_alone_and_none_that_are_held_out() -> None:
    data = kept()
    training = TrainingState.begin(runs_recipe := options.recipe("denoiser"), tiny(data=data))
    seen = []
    loss = runs_recipe.loss
    object.__setattr__(runs_recipe, "loss", lambda *a: (seen.append(a[1]), loss(*a))[1])
    try:
        for _, _ in zip(range(3), train(training), strict=False):
            pass
    finally:
        object.__setattr__(runs_recipe, "loss", loss)
    images = {(x * 255).round().byte().numpy().tobytes() for batch in seen for x in batch.images}
    allowed = {image.tobytes() for i, image in enumerate(IMAGES) if i % 10 != 9}
    assert images == allowed


@pytest.mark.timeout(300)
def test_a_run_that_is_resumed_by_its_worker_draws_the_curve_of_one_that_was_not() -> None:
    data = kept()
    whole = trained_here("denoiser", {**tiny().model_dump(), "data": data})
    expected, weights = columns(runs.view(whole)), load_tensors(runs.weights_file(whole))[0]  # type: ignore[arg-type]
    shutil.rmtree(folder_of(whole))
    run_id = prepared(tiny(data=data), 7)
    assert run_id == whole
    runs.resume(run_id)
    assert columns(wait_for(run_id, "finished")) == expected
    again = load_tensors(runs.weights_file(run_id))[0]  # type: ignore[arg-type]
    assert all(torch.equal(again[name], weights[name]) for name in weights)
    said = files.read_json(folder_of(run_id) / "settings.json")["settings"]["data"]
    assert said == data


def test_without_its_data_a_run_neither_starts_nor_goes_on_and_says_why() -> None:
    data = kept()
    run_id = prepared(tiny(data=data), 3)
    shutil.rmtree(sets.root() / data)
    with pytest.raises(ValueError, match=f"The data set “{data}” is not on this server"):
        runs.start("denoiser", tiny(data=data))
    runs.resume(run_id)
    assert wait_for(run_id, "failed").reason == sets.NOT_HERE.format(data)
    assert columns(runs.view(run_id))[0] == [1, 2, 3]


def test_a_class_conditioned_network_needs_labels() -> None:
    data = kept(labelled=False)
    settings, _ = runs.nearest_settings("class-ddpm", {"data": data})
    with pytest.raises(ValueError, match="“things” has no labels, which"):
        runs.start("class-ddpm", settings)
    options.check_data("ddpm", settings)


@pytest.mark.parametrize("recipe", ["denoiser", "ddpm", "class-ddpm", "flow", "class-flow"])
def test_every_recipe_trains_on_it_and_what_it_shows_is_of_this_data(recipe: str) -> None:
    small = {"num_hiddens": 8, "images_per_epoch": 1000, "epochs": 1, "batch_size": 128}
    data = kept()
    run_id = trained_here(recipe, {**small, "sample_steps": 2, "data": data})
    run = runs.view(run_id)
    assert run.state == "finished"
    assert f"data {data}" in run.label
    numbers = run.epochs[-1].numbers
    assert numbers["test_loss"] > 0
    assert not {"frechet", "accuracy", "confidence"} & set(numbers)
    shown = runs.samples(run_id, 1)
    if recipe == "denoiser":
        assert [image.pixels.tolist() for image in shown[0][:2]] == IMAGES[[9, 19]].tolist()
        assert not any(image.pixels.any() for row in shown for image in row[2:])
    else:
        assert len(shown) == 4
    assert {len(row) for row in shown} == {10}
    words = rows.wide(run_id, run.epochs[-1], [("{frechet:.1f}", "x_0_hat")])
    assert words[0].caption == rows.OTHER_DATA
    assert f'"data": "{data}"' in code.files(run)[f"{run_id}.py"]().decode()


def test_samples_are_requested_of_the_classes_that_there_are() -> None:
    found = Uploaded(IMAGES, np.where(LABELS == 0, 8, 3).astype(np.uint8), tuple("0123456789"))
    data = keeping.keep("threes and eights", found)
    assert parts.in_turn(data, 5).tolist() == [3, 8, 3, 8, 3]


def test_a_shipped_run_can_be_fine_tuned_on_it() -> None:
    data = kept()
    shipped = next(run for run in runs.all_runs("ddpm") if run.shipped)
    fork = runs.fork_at(shipped.id, 5)
    going_on = {**runs.continuation(shipped.id, 5), "data": data, "precision": "float32"}
    settings, changes = runs.nearest_settings("ddpm", going_on)
    assert changes == ()
    run_id = runs.start("ddpm", settings, fork)
    assert runs.view(run_id).fork == fork
    runs.stop(run_id)


def test_only_its_owner_and_the_teacher_delete_a_set_and_only_while_no_run_needs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DIFFUSION_TEACHER_KEY", KEY)
    data = kept()
    with pytest.raises(ValueError, match="belongs to another reader"):
        keeping.delete(data, by=OTHER)
    run_id = prepared(tiny(data=data), 1)
    with pytest.raises(ValueError, match=f"The run {run_id} is not over"):
        keeping.delete(data, by=OWNER)
    shutil.rmtree(folder_of(run_id))
    keeping.delete(data, by=OWNER)
    assert [one.name for one in sets.all_sets()] == ["mnist"]
    keeping.delete(kept("again"), by=Reader("c" * 64, teacher=True))
    with pytest.raises(ValueError, match="part of the server"):
        keeping.delete("mnist", by=OWNER)


def test_limits_hold_for_sets_as_for_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIFFUSION_TEACHER_KEY", KEY)
    for i in range(keeping.MOST_EACH):
        kept(f"set {i}")
    with pytest.raises(ValueError, match="as many as allowed"):
        kept("one more")
    kept("of another", by=OTHER)
    monkeypatch.setenv("DIFFUSION_RUNS_MEGABYTES", "1")
    (files.root() / "large").mkdir()
    (files.root() / "large" / "file").write_bytes(bytes(1_000_001))
    with pytest.raises(ValueError, match="are allowed on this server"):
        kept("too much", by=OTHER)


def opened(page: str, **address: str) -> AppTest:
    test = AppTest.from_file(str(lessons.FOLDER / "_router.py"), default_timeout=120)
    for name, value in address.items():
        test.query_params[name] = value
    return test.switch_page(page).run()


def test_a_link_chooses_the_data_and_one_to_a_set_that_is_gone_says_so_in_one_sentence() -> None:
    data = kept()
    page = opened("train_denoiser.py", data=data)
    assert not page.exception
    assert page.selectbox(key="denoiser: data").value == data
    page = opened("train_denoiser.py", data="gone-0123456789ab")
    assert page.selectbox(key="denoiser: data").value == "mnist"
    said = [one.value for one in page.warning]
    assert said == [f"{sets.NOT_HERE.format('gone-0123456789ab')} MNIST is used instead."]


def test_a_page_with_classes_offers_no_set_without_labels() -> None:
    labelled, unlabelled = kept(), kept("bare", labelled=False)
    page = opened("train_class_ddpm.py", data=unlabelled)
    box = page.selectbox(key="class-ddpm: data")
    assert box.value == "mnist"
    assert len(box.options) == 2
    assert labelled[-12:] in box.options[1]
    assert "has no labels" in page.warning[0].value


def test_the_own_digit_page_shows_a_dropped_set(tmp_path: Path) -> None:
    drop(tmp_path / "data" / "fashion-mnist")
    [_, found] = sets.all_sets()
    page = opened("own_digit.py", b124_set=found.name)
    assert not page.exception
    assert page.selectbox(key="b124_set").value == found.name
