"""The training doctor names the cause of a planted fault, and is quiet about healthy runs."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from small_runs import folder_of, prepared, tiny, trained_here
from test_pages import assert_fine, opened

from benchmarks.planted_faults import FAULTS
from benchmarks.training_doctor import KEPT, cases, healthy, verdict
from lessons.measure.training_records import load, record
from lessons.measure.training_usual import RATES, shipped, usual, usual_levels
from lessons.training import costs, doctor, runs
from lessons.training.doctor import TrainingRecord, examine
from lessons.training.health.noise_levels import NoiseLevels
from lessons.training.health.probe import RunProbe, due
from lessons.training.loop import TrainingState, train
from lessons.training.runs import files, processes
from lessons.training.runs.recipes import recipe
from lessons.training.runs.recorder import Recorder

RECORDS = load(KEPT)
HEALTHY = {case: one for case, one in RECORDS.items() if case.startswith("healthy")}
FAULTY = {case: one for case, one in RECORDS.items() if case.startswith("fault")}
ONE = [one for one in HEALTHY.values() if one.recipe == "class-flow"][-1]

MISSED: Mapping[str, str] = {}
"""Faults of the kept records whose cause is not named first, and what is named instead."""


def changed(kept: TrainingRecord, **values: Any) -> TrainingRecord:
    """A record all of whose probes but the first say something else."""
    first, *others = kept.probes
    return replace(kept, probes=[first, *({**probe, **values} for probe in others)])


def key_of(kept: TrainingRecord) -> str:
    finding = examine(kept).finding
    return finding.key if finding else ""


def test_the_kept_records_are_those_of_the_benchmark() -> None:
    assert list(RECORDS) == list(cases())
    assert len(FAULTS) >= 20
    assert len(HEALTHY) == 10


def test_the_right_cause_is_named_first_of_all_faults_but_those_that_are_known_to_be_missed() -> (
    None
):
    said = {case: verdict(case, one) for case, one in FAULTY.items()}
    assert {case: name for case, (right, name) in said.items() if not right} == MISSED


def test_of_healthy_runs_of_other_widths_and_seeds_nothing_is_said() -> None:
    assert {
        case: verdict(case, one)[1] for case, one in HEALTHY.items() if not verdict(case, one)[0]
    } == {}
    for one in HEALTHY.values():
        assert "Likely" not in examine(one).words
        assert ": as usual after" in examine(one).words


def test_no_healthy_run_is_one_of_those_that_the_usual_losses_come_from() -> None:
    from lessons.measure.training_usual import healthy as measured

    seeds = {settings["seed"] for rate in RATES.values() for settings in measured(rate)}
    assert not seeds & {settings["seed"] for _, settings in healthy()}


def test_a_fault_that_is_planted_now_is_named_too() -> None:
    fault = next(one for one in FAULTS if one.cause == "batch-small")
    short = {"num_hiddens": 8, "batch_size": 32, "epochs": 1, "images_per_epoch": 3_200}
    found = record("ddpm", {**short, "learning_rate": 5e-3}, fault.inside, fault.data)
    assert key_of(found) == "batch-small"


RULES: Mapping[str, Mapping[str, Any]] = {
    "data-range": {"image_max": 255.0},
    "data-inverted": {"image_mean": 0.87},
    "batch-small": {"batch": 1},
    "one-image": {"alike": 1.0},
    "sorted": {"digits": 1},
    "labels": {"labels_fit": 0.1},
    "labels-dropped": {"labels_kept": 0.1},
    "noise-shared": {"edge_alike": 0.99},
    "noise-fixed": {"edge_signs": "+-" * 12},
    "noise-scale": {"edge": 1.2},
    "time-range": {"t_max": 300.0},
    "time-same": {"t_min": 0.5, "t_max": 0.5},
    "time-scale": {"t_min": 0.0, "t_max": 0.3},
    "levels-few": {"t_min": 0.7, "t_max": 1.0, "edge": 0.3},
    "other-noise": {"levels": [0.3, 0.15, 0.15, 1.5]},
    "eval-mode": {"train_mode": False},
    "no-steps": {"weight": "16.5"},
    "rate-fallen": {"rate": 1e-7},
    "weights-decay": {"weight": "0.25"},
    "skips": {"no_gradient_in": {"up1": 0.4, "up2": 0.4, "merge": 0.3}},
    "no-gradient": {"no_gradient": 0.5},
    "target": {"right": 0.1, "others": {"the clean digit": 0.8}},
    "one-sided": {"answer_min": -0.17, "answer_max": 3.0},
    "average": {"averaged": 6.0},
}


@pytest.mark.parametrize("key", RULES)
def test_one_number_that_stands_out_reveals_its_cause(key: str) -> None:
    ill = changed(ONE, **RULES[key])
    if key in ("no-steps", "noise-fixed"):  # what should change does not, from the first step on
        ill = replace(ill, probes=[{**probe, **RULES[key]} for probe in ONE.probes])
    assert key_of(ONE) == ""
    assert key_of(ill) == key


def test_what_stands_out_only_once_is_not_named() -> None:
    *before, last = ONE.probes
    assert key_of(replace(ONE, probes=[*before, {**last, "t_max": 300.0}])) == ""


def test_a_loss_that_is_off_without_a_cause_says_that_none_stands_out() -> None:
    words = examine(replace(ONE, losses=[4 * loss for loss in ONE.losses])).words
    assert "times what is usual after" in words
    assert words.endswith("Nothing else that is measured here stands out.")


def test_a_low_rate_is_named_only_where_the_loss_is_off() -> None:
    slow = replace(ONE, probes=[{**probe, "rate": 1e-6} for probe in ONE.probes])
    slow = replace(slow, settings={**ONE.settings, "learning_rate": 1e-6})
    assert key_of(slow) == ""
    assert key_of(replace(slow, losses=[9 * loss for loss in ONE.losses])) == "rate-low"


def test_between_two_probes_the_words_stand_still() -> None:
    at = [probe["step"] for probe in ONE.probes]
    words = {
        examine(replace(ONE, losses=ONE.losses[:n], images=ONE.images[:n])).words
        for n in range(at[-2], at[-1])
    }
    assert len(words) == 1


def test_a_young_run_and_one_of_another_kind_and_an_empty_one_say_nothing() -> None:
    young = replace(ONE, losses=ONE.losses[:30], images=ONE.images[:30], probes=ONE.probes[:1])
    assert examine(young).words == ""
    assert examine(replace(ONE, recipe="judge", probes=())).words == ""
    assert examine(replace(ONE, losses=(), images=())).words == ""


def test_a_run_of_an_earlier_version_is_compared_by_its_curve_alone() -> None:
    words = examine(replace(ONE, probes=())).words
    assert words.startswith("Loss ")
    assert words.endswith("images).")


def test_a_denoiser_of_another_noise_is_not_compared() -> None:
    one = next(one for one in HEALTHY.values() if one.recipe == "denoiser")
    assert examine(one).standing
    assert examine(replace(one, settings={**one.settings, "sigma": 1.0})).standing is None


def test_a_run_on_other_data_is_not_compared() -> None:
    settings = {**ONE.settings, "data": "shapes-0123456789ab"}
    assert examine(replace(ONE, settings=settings, probes=())).words == ""


@pytest.mark.parametrize(
    "probe", [{}, {"weight": None}, {"others": {}}, {"batch": "many"}, {"levels": ["x"]}]
)
def test_nonsense_in_a_probe_breaks_nothing(probe: dict[str, Any]) -> None:
    assert isinstance(examine(changed(ONE, **probe)).words, str)
    bare = [{"step": p["step"], **probe} for p in ONE.probes]
    assert isinstance(examine(replace(ONE, probes=bare)).words, str)


def test_the_reference_runs_are_as_usual_at_every_length() -> None:
    for name in ("denoiser", "ddpm", "class-ddpm", "class-flow"):
        for losses in shipped(name):
            for step in (40, 100, 470, len(losses)):
                images = [0] * len(losses)
                young = TrainingRecord(name, {}, images, losses[:step], ())
                found = doctor.stand(young, step)
                assert found
                assert found.loss < 1.05 * found.most


def test_by_noise_level_healthy_runs_are_as_usual_everywhere() -> None:
    for one in HEALTHY.values():
        said = "On test digits: as usual at every noise level." in examine(one).words
        assert said == (one.recipe != "denoiser")  # which knows one noise level alone


def test_the_line_says_at_which_noise_levels_a_run_is_off() -> None:
    usual_there = doctor.levels(ONE, ONE.probes[-1])
    assert usual_there
    low, second, third, high = usual_there.usual
    ill = changed(ONE, levels=[low, second, 3 * third, 30 * high])
    words = examine(ill).words
    assert (
        "On test digits: as usual at low noise, 3.0 to 30 times the usual at high noise." in words
    )


@pytest.mark.parametrize(
    ("off", "words"),
    [
        ("....", "as usual at every noise level"),
        ("####", "8.0 times the usual at every noise level"),
        ("...#", "as usual at all but the highest noise, 8.0 times the usual at the highest noise"),
        (
            "#..#",
            "8.0 times the usual at the lowest noise, as usual at medium noise, "
            "8.0 times the usual at the highest noise",
        ),
        ("###.", "8.0 times the usual at all but the highest noise, as usual at the highest noise"),
    ],
)
def test_neighbouring_noise_levels_are_named_together(off: str, words: str) -> None:
    losses = tuple(8.0 if mark == "#" else 1.2 for mark in off)
    assert NoiseLevels(losses, (1.0,) * 4, (1.5,) * 4).words == words


def test_a_run_without_losses_by_noise_level_is_compared_as_before() -> None:
    probes = [{k: v for k, v in probe.items() if k != "levels"} for probe in ONE.probes]
    words = examine(replace(ONE, probes=probes)).words
    assert ": as usual after" in words
    assert "test digits" not in words


def test_usual_losses_by_noise_level_are_those_of_runs_that_reach_so_far() -> None:
    flat = [(20, [0.1] * 4), (200, [0.1] * 4)]
    short = [(20, [0.4, 0.1, 0.1, 0.1]), (60, [0.4, 0.1, 0.1, 0.1])]
    found = usual_levels([flat, short, short])
    assert found["steps"] == [40, 55, 70, 100, 140, 200]
    assert found["usual"][0] == pytest.approx([0.252, 0.1, 0.1, 0.1])
    assert found["most"][0] == pytest.approx([0.4, 0.1, 0.1, 0.1])
    assert found["usual"][-1] == [0.1] * 4
    assert found["most"][-1] == pytest.approx([0.159, 0.1, 0.1, 0.1])


def test_a_loss_far_below_the_usual_is_not_called_usual() -> None:
    low = replace(ONE, losses=[loss / 9 for loss in ONE.losses])
    assert ": lower than usual after" in examine(low).words


def test_usual_is_the_geometric_mean_and_the_highest() -> None:
    found = usual([[0.1] * 200, [0.4] * 200, [0.2] * 50])
    assert found["usual"][:2] == [0.2, 0.2]
    assert found["most"][0] == 0.4
    assert found["steps"][-1] == 200


def test_numbers_that_the_words_quote_are_those_of_healthy_runs() -> None:
    probes = [probe for one in HEALTHY.values() for probe in one.probes]
    shares = [p["rate"] / p["weight_size"] for one in HEALTHY.values() for p in one.probes[:1]]
    assert max(shares) < 0.25
    fits = [probe["labels_fit"] for probe in probes if "labels_fit" in probe]
    assert sum(fits) / len(fits) == pytest.approx(0.75, abs=0.05)
    alike = [probe["alike"] for probe in probes]
    assert sum(alike) / len(alike) == pytest.approx(0.3, abs=0.05)
    means = [probe["image_mean"] for probe in probes]
    assert sum(means) / len(means) == pytest.approx(0.13, abs=0.005)


def test_the_doctor_needs_no_torch() -> None:
    code = "import sys, lessons.training.doctor; sys.exit('torch' in sys.modules)"
    assert (
        subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[1]).returncode == 0
    )


def test_a_training_that_is_watched_is_the_same_to_the_last_bit() -> None:
    found = recipe("class-flow")
    settings = found.settings(
        num_hiddens=8, batch_size=64, images_per_epoch=1600, epochs=1, ema=0.9
    )
    seen = []
    for watched in (False, True):
        training = TrainingState.begin(found, settings, torch.device("cpu"))
        probe = RunProbe(training) if watched else None
        losses = []
        for step in train(training):
            losses.append(float(step.loss))
            if probe and due(settings, step.step):
                probe.read(step.step)
        seen.append((losses, training.tensors()))
    assert seen[0][0] == seen[1][0]
    assert seen[0][1].keys() == seen[1][1].keys()
    assert all(torch.equal(seen[0][1][name], t) for name, t in seen[1][1].items())


def test_probes_are_few_and_at_the_same_steps_in_every_run() -> None:
    settings = recipe("ddpm").settings()
    steps = [step for step in range(1, settings.total_steps + 1) if due(settings, step)]
    assert steps[0] == 1
    assert len(steps) < 100


def test_a_run_that_was_killed_and_goes_on_measures_the_same_again() -> None:
    settings = tiny(epochs=4)
    whole = folder_of(trained_here("denoiser", settings.model_dump()))
    expected = files.probes(whole)
    assert [probe["step"] for probe in expected] == [1, 24, 48]
    whole.rename(whole.with_name("denoiser-whole"))
    run_id = prepared(settings, steps=40)
    with (folder_of(run_id) / "probes.jsonl").open("a") as file:
        file.write(json.dumps({"step": 48, "batch": 1}) + "\n")  # behind the checkpoint
    recorder = Recorder(folder_of(run_id))
    with recorder.opened() as training:
        for step in train(training):
            recorder.note(step, seconds=0.01)
        recorder.finish("finished")
    assert files.probes(folder_of(run_id)) == expected
    assert runs.view(run_id).probes == expected


def test_damaged_probes_leave_the_run_whole() -> None:
    run_id = prepared(tiny(), steps=2)
    (folder_of(run_id) / "probes.jsonl").write_text("no JSON\n")
    assert runs.view(run_id).state != "damaged"
    assert runs.view(run_id).probes == ()
    with Recorder(folder_of(run_id)).opened():
        assert not (folder_of(run_id) / "probes.jsonl").exists()


def standing(page: Any) -> list[str]:
    bodies = [part.proto.body for part in page.main.get("html")]
    return [body for body in bodies if "ui-standing" in body]


def stored(kept: TrainingRecord) -> str:
    """Put a record into a run's folder, as a worker would have."""
    run_id = prepared(tiny(), steps=2)
    folder = folder_of(run_id)
    curve = enumerate(zip(kept.images, kept.losses, strict=True), start=1)
    lines = [{"step": n, "images": i, "loss": loss, "seconds": n} for n, (i, loss) in curve]
    for name, entries in (("metrics", lines), ("probes", list(kept.probes))):
        (folder / f"{name}.jsonl").unlink()
        files.append_lines(folder / f"{name}.jsonl", [dict(entry) for entry in entries])
    return run_id


@pytest.fixture
def _nobody_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "spawn", lambda _: None)
    monkeypatch.setattr(costs, "measure_soon", lambda _: None)


@pytest.mark.usefixtures("_nobody_works")
def test_the_page_says_in_one_quiet_line_how_the_run_does() -> None:
    healthy_one = next(one for one in HEALTHY.values() if one.recipe == "denoiser")
    page = opened("train_denoiser.py", run=stored(healthy_one))
    [line] = standing(page)
    assert ": as usual after" in line
    assert "Likely" not in line


@pytest.mark.usefixtures("_nobody_works")
def test_the_page_names_a_cause_as_plain_text() -> None:
    one = next(one for one in HEALTHY.values() if one.recipe == "denoiser")
    ill = changed(one, right=0.1, others={"<b>*the* noise": 0.9})
    page = opened("train_denoiser.py", run=stored(ill))
    [line] = standing(page)
    assert "Likely: the network learns another target, &lt;b&gt;*the* noise." in line
    assert not page.error
    assert_fine(page)


@pytest.mark.usefixtures("_nobody_works")
def test_the_line_has_its_place_before_it_says_anything_and_reference_runs_have_none() -> None:
    page = opened("train_denoiser.py", run=prepared(tiny(), steps=2))
    assert standing(page) == ['<p class="ui-standing"></p>']
    assert not standing(opened("train_denoiser.py", run="denoiser-703a881740"))
