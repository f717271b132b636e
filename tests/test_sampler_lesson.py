"""The lesson of samplers: three rules for a step from the same noises, and what was measured."""

import warnings
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import DDIMScheduler, DPMSolverMultistepScheduler
from torch.testing import assert_close

from lessons.beyond import samplers as lesson
from lessons.diffusion.samplers import ddim, dpm_solver_2m, sampling_trajectory
from lessons.diffusion.schedules import CLEAN
from lessons.measure import classifier, sampler_quality
from lessons.part_a.perfect_denoiser import perfect
from lessons.text_to_image import spec
from models import catalog
from models.catalog import finish


@pytest.fixture(scope="module")
def ten() -> lesson.SampledBy:
    return finish(lesson.demo("digits", "a handwritten 4", 2.0, 10, 0.0, 276))


def test_each_sampler_has_a_row_that_is_captioned_by_its_name_and_cost(
    ten: lesson.SampledBy,
) -> None:
    assert list(ten.rows) == ["DDPM, σ² = β̃", "DDIM, η = 0", "DPM-Solver++(2M)"]
    for name, row in ten.rows.items():
        assert len(row) == lesson.COUNT
        assert {image.alt for image in row} == {f"{name}, 10 steps"}
    assert ten.calls == 10


def test_the_two_that_leave_nothing_to_chance_end_close_to_each_other(
    ten: lesson.SampledBy,
) -> None:
    assert list(ten.apart) == [
        "DDPM, σ² = β̃ and DDIM, η = 0",
        "DDPM, σ² = β̃ and DPM-Solver++(2M)",
        "DDIM, η = 0 and DPM-Solver++(2M)",
    ]
    *with_noise, without = ten.apart.values()
    assert 3 * without < min(with_noise)
    more = finish(lesson.demo("digits", "a handwritten 4", 2.0, 100, 0.0, 276))
    assert list(more.apart.values())[-1] < without / 3


def test_with_an_eta_of_one_ddim_makes_the_images_of_ddpm() -> None:
    found = finish(lesson.demo("digits", "a handwritten 4", 2.0, 20, 1.0, 276))
    ddpm, ddim, _ = found.rows.values()
    for one, other in zip(ddpm, ddim, strict=True):
        assert np.abs(one.pixels.astype(int) - other.pixels).max() <= 1


@pytest.mark.parametrize("steps", lesson.STEPS)
@pytest.mark.parametrize("model", ["digits", "pictures"])
def test_a_step_is_one_network_call_and_the_last_is_clean(model: str, steps: int) -> None:
    timesteps = lesson.few_timesteps(spec(model), steps)
    assert len(timesteps) == steps + 1
    assert timesteps[0] == {"digits": 297, "pictures": 990}[model]
    assert timesteps[-2:] == (0, CLEAN)


def test_one_noise_in_more_and_more_steps_has_an_image_for_each() -> None:
    found = finish(lesson.over_steps("digits", "a handwritten 4", 2.0, 276))
    assert list(found) == list(lesson.samplers())
    for name, row in found.items():
        assert [image.alt for image in row] == [f"{name}, {steps} steps" for steps in lesson.SHOWN]
    alone = finish(lesson.demo("digits", "a handwritten 4", 2.0, 10, 0.0, 276))
    for name, row in found.items():
        assert np.abs(row[1].pixels.astype(int) - alone.rows[name][0].pixels).max() <= 1


def test_the_jackknife_of_a_mean_is_its_standard_error() -> None:
    values = torch.randn(500, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    mean, error = sampler_quality.jackknife(values, lambda some: float(some.mean()), 500)
    assert mean == pytest.approx(float(values.mean()))
    assert error == pytest.approx(float(values.std()) / 500**0.5, rel=1e-6)


def test_a_statistic_that_never_varies_has_no_error() -> None:
    assert sampler_quality.jackknife(torch.ones(20), lambda some: float(some.mean()), 4) == (1, 0)


def test_what_is_asked_for_is_what_the_classifier_looks_for() -> None:
    prompts, classes = sampler_quality.requests("digits", 20)
    assert prompts[13] == "a handwritten 3"
    assert classes[13] == 3
    prompts, classes = sampler_quality.requests("pictures", 24)
    nouns = list(sampler_quality.NOUNS)
    assert len(set(prompts)) == 24
    for prompt, place in zip(prompts, classes.tolist(), strict=True):
        assert prompt == f"a photo of {sampler_quality.forms(nouns[place])[0]}"


@pytest.mark.parametrize("model", ["digits", "pictures"])
def test_every_sampler_was_measured_at_the_same_steps_with_errors(model: str) -> None:
    found = sampler_quality.measured(model)
    assert found
    assert found.count == sampler_quality.COUNTS[model]
    assert set(lesson.samplers()) <= set(found.qualities)
    steps = [one for one in lesson.STEPS if one <= sampler_quality.MOST[model]]
    for by in found.qualities.values():
        assert list(by) == steps
        for quality in by.values():
            assert 0 <= quality.accuracy[0] <= 1
            assert 0 <= quality.accuracy[1] < 0.15
            assert (quality.frechet is None) == (model != "digits")
            assert (quality.probability is None) == (model == "digits")
    if found.floor is not None:
        assert found.floor == pytest.approx(classifier.frechet_floor(found.count), rel=1e-3)


def test_what_was_measured_is_what_the_command_measures_again() -> None:
    found = sampler_quality.measured("digits")
    assert found
    prompts, classes = sampler_quality.requests("digits", found.count)
    again = sampler_quality.quality(
        "digits",
        sampler_quality.sampled(
            catalog.load("digits"), prompts, found.gamma, 5, lesson.samplers()[lesson.SECOND]
        ),
        classes,
    )
    kept = found.qualities[lesson.SECOND][5]
    assert again.accuracy[0] == pytest.approx(kept.accuracy[0], abs=0.02)
    assert again.frechet
    assert kept.frechet
    assert again.frechet[0] == pytest.approx(kept.frechet[0], rel=0.1)


@pytest.mark.parametrize("content", ["{", "[]", '{"digits": 3}', '{"digits": {"count": 3}}'])
def test_damaged_measurements_are_said_to_be_so(
    content: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sampler_quality, "FILE", tmp_path / "damaged.json")
    (tmp_path / "damaged.json").write_text(content)
    with pytest.raises(ValueError, match="damaged"):
        sampler_quality.measured("digits")


def test_a_model_that_was_not_measured_has_no_measurements() -> None:
    assert sampler_quality.measured("deepfloyd") is None


@pytest.mark.parametrize("steps", lesson.STEPS)
@pytest.mark.parametrize("second", [False, True], ids=["DDIM", "DPM-Solver++(2M)"])
def test_with_an_ideal_denoiser_every_step_is_that_of_diffusers(second: bool, steps: int) -> None:
    form = spec("pictures")
    known = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(1)) * 2 - 1
    predict = perfect(known, form.alpha_bars)
    timesteps = lesson.few_timesteps(form, steps)
    if second:
        scheduler = DPMSolverMultistepScheduler(1000, beta_schedule="squaredcos_cap_v2")
        with warnings.catch_warnings():  # theirs, of how NumPy will read a tensor one day
            warnings.simplefilter("ignore", DeprecationWarning)
            scheduler.set_timesteps(timesteps=list(timesteps[:-1]))
    else:
        scheduler = DDIMScheduler(1000, beta_schedule="squaredcos_cap_v2", clip_sample=False)
        scheduler.set_timesteps(1000)
    x_t = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(3))
    nothing = torch.zeros(())
    frames = sampling_trajectory(
        x_t,
        timesteps,
        form.alpha_bars,
        predict,
        lambda: nothing,
        dpm_solver_2m() if second else ddim(),
    )
    for (t, s), frame in zip(pairwise(timesteps), frames, strict=True):
        if not second:  # theirs takes its stride from how many steps of that length there are
            scheduler.num_inference_steps = Fraction(1000, t - s)
        x_t = scheduler.step(predict(x_t, t), t, x_t).prev_sample
        assert_close(frame.x_t, x_t, rtol=1e-5, atol=1e-5)
        x_t = frame.x_t
