"""The microscope: the terms are those of the loop, and they add up to what it reached."""

from __future__ import annotations

import functools
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from lessons import text_to_image as t2i
from lessons.diffusion.denoise import Limit
from lessons.diffusion.noise import NoiseSource
from lessons.diffusion.samplers import (
    ANCESTRAL,
    Sampler,
    ddim,
    ddpm,
    dpm_solver_2m,
    sampling_trajectory,
)
from lessons.diffusion.schedules import CLEAN, course_timesteps, squaredcos_cap_v2
from lessons.part_a import sampling
from lessons.part_b import sampled_digits
from lessons.trace import digit_traces, image_traces
from lessons.trace.microscope import SHOWN, SamplingTrace, TermSum, curves, look
from lessons.trace.trace import step_equation, trace
from lessons.training import runs
from models.catalog import finish

COSINE = squaredcos_cap_v2().alpha_bars


def shipped(recipe: str) -> str:
    return next(run.id for run in runs.all_runs(recipe) if run.shipped)


@functools.cache
def trace_named(name: str) -> SamplingTrace:
    """One trajectory of each kind."""
    kind, _, what = name.partition(" ")
    if kind == "one-step":
        return finish(image_traces.one_step(what, source_image_of(what), "", 276))
    if kind == "image":
        return finish(image_traces.from_image(what, source_image_of(what), "", 10, 276))
    if kind == "sample":
        prompt = "a photo of a dog" if what.startswith("pictures") else "3"
        return finish(image_traces.sample_from_noise(what, prompt, 276, 2, 7.0))
    steps = 10 if "flow" in kind else 20
    return finish(digit_traces.digit(shipped(kind), 276, steps, 3.0, 4))


def source_image_of(model: str) -> str:
    return "digit-3" if model == "digits" else "tower"


TRACES = (
    "one-step digits",
    "image digits",
    "image pictures",
    "sample digits",
    "sample pictures",
    "sample pictures+threshold",
    "ddpm",
    "class-ddpm",
    "class-flow",
)


def added_up(equation: TermSum) -> np.ndarray:
    return sum(term.factors * term.values for term in equation.terms)  # type: ignore[return-value]


@pytest.mark.parametrize("name", TRACES)
def test_the_terms_of_every_equation_add_up_at_every_step(name: str) -> None:
    found = trace_named(name)
    assert len(found.labels) == len(found.estimates)
    for equation in found.equations:
        largest = max(np.abs(term.factors * term.values).max() for term in equation.terms)
        np.testing.assert_allclose(
            added_up(equation), equation.result.values, rtol=0, atol=2e-6 * max(1, largest)
        )


@pytest.mark.parametrize("name", [name for name in TRACES if "one-step" not in name])
def test_a_step_begins_where_the_one_before_ended(name: str) -> None:
    found = trace_named(name)
    [step] = [equation for equation in found.equations if equation.title.startswith("The step")]
    here = next(term for term in step.terms if term.symbol == "x_t")
    np.testing.assert_array_equal(here.values, found.places[:-1])
    np.testing.assert_array_equal(step.result.values, found.places[1:])


@pytest.mark.parametrize("name", ["image digits", "sample pictures", "ddpm", "class-ddpm"])
def test_the_estimate_that_is_shown_is_the_one_that_the_step_goes_to(name: str) -> None:
    found = trace_named(name)
    *_, estimate, step = found.equations
    np.testing.assert_array_equal(step.terms[0].values, found.estimates)
    assert not found.limited
    scale = np.abs(estimate.result.values).max()
    np.testing.assert_allclose(estimate.result.values, found.estimates, rtol=0, atol=2e-6 * scale)


def test_a_threshold_changes_the_estimate_before_the_step_goes_to_it() -> None:
    found = trace_named("sample pictures+threshold")
    *_, estimate, step = found.equations
    assert found.limited
    assert np.abs(estimate.result.values).max() > 1.2
    assert np.abs(step.terms[0].values).max() <= 1


@pytest.mark.parametrize("name", ["image digits", "sample pictures", "ddpm", "class-ddpm"])
def test_fresh_noise_comes_at_every_step_but_the_last(name: str) -> None:
    z = trace_named(name).equations[-1].terms[2]
    assert (z.factors[:-1] > 0).all()
    assert z.factors[-1] == 0
    assert not z.values[-1].any()
    assert 0.9 < z.values[:-1].std() < 1.1


def test_the_numbers_are_those_of_the_published_schedule() -> None:
    found = trace_named("image pictures")
    assert found.labels[0] == "t = 690 → 660"
    estimate, from_here, z = (term.factors[0].item() for term in found.equations[-1].terms)
    assert estimate == pytest.approx(0.099953, abs=1e-6)
    assert from_here == pytest.approx(0.872536, abs=1e-6)
    assert z == pytest.approx(0.147903**0.5, abs=1e-6)


def learnt(x_t: Tensor, t: int) -> Tensor:
    """Noise, and a variance that differs from pixel to pixel."""
    between = torch.linspace(-1, 1, x_t[0].numel()).view(x_t.shape)
    return torch.cat([x_t * (1 - COSINE[t].float()).sqrt(), between], dim=1)


@pytest.mark.parametrize("predict", [learnt, lambda x_t, t: learnt(x_t, t)[:, :3]])
@pytest.mark.parametrize("end", [0, CLEAN])
def test_what_was_seen_is_the_loop_to_the_last_bit(predict, end: int) -> None:  # type: ignore[no-untyped-def]
    times = (*course_timesteps(1000)[:-1], end)
    noise, again = NoiseSource(5, 1, (3, 8, 8)), NoiseSource(5, 1, (3, 8, 8))
    seen = list(trace(noise(), times, COSINE, predict, noise))
    frames = list(sampling_trajectory(again(), times, COSINE, predict, again))
    assert [one.s for one in seen] == [frame.t for frame in frames] == list(times[1:])
    for one, frame in zip(seen, frames, strict=True):
        mean, sigma = ANCESTRAL.step(one.state)
        assert torch.equal(one.x_s, frame.x_t)
        assert (one.z is None) == (one.s == end)
        assert torch.equal(mean if one.z is None else mean + sigma * one.z, frame.x_t)


def test_a_learned_variance_gives_every_pixel_a_number_of_its_own() -> None:
    noise = NoiseSource(5, 1, (3, 8, 8))
    seen = list(trace(noise(), (690, 660, 630, 0), COSINE, learnt, noise))
    equation = step_equation(seen)
    sigma = equation.terms[2].factors
    assert sigma.shape == (3, 8, 8, 3)
    assert sigma[0].min() < sigma[0].max()
    assert not sigma[-1].any()
    np.testing.assert_allclose(added_up(equation), equation.result.values, rtol=0, atol=1e-5)


def test_the_trace_is_that_of_the_image_on_the_page() -> None:
    samples = finish(sampling.demo("digits", "3", 276, count=2, gamma=7.0))
    end = torch.from_numpy(trace_named("sample digits").places[-1]).movedim(-1, 0)
    shown = t2i.captioned(end, t2i.spec("digits"))
    assert np.abs(shown.pixels.astype(int) - samples.images[1].pixels).max() <= 1


@pytest.mark.parametrize("recipe", ["ddpm", "class-ddpm", "class-flow"])
def test_the_trace_of_a_digit_is_that_of_the_trajectory(recipe: str) -> None:
    found = trace_named(recipe)
    steps = len(found.labels)
    frames = list(sampled_digits.sampled(shipped(recipe), torch.arange(10), 276, steps, 3.0))
    for place, frame in zip(found.places[1:], frames, strict=True):
        theirs = frame.x_t[4].movedim(0, -1).numpy()
        np.testing.assert_allclose(place, theirs, rtol=0, atol=1e-3)


def test_a_digit_of_an_evaluation_is_the_first_of_its_class() -> None:
    run = shipped("class-ddpm")
    found = finish(digit_traces.digit(run, 1, 2, 5.0, 3, among=100))
    labels = torch.arange(10).repeat_interleave(10)
    *_, frame = sampled_digits.sampled(run, labels, 1, 2, 5.0)
    np.testing.assert_allclose(
        found.places[-1], frame.x_t[30].movedim(0, -1).numpy(), rtol=0, atol=1e-3
    )


@pytest.mark.parametrize(("gamma", "place"), [(0.0, 0), (1.0, 1)])
def test_guidance_of_0_and_1_follows_one_of_the_two_answers(gamma: float, place: int) -> None:
    found = finish(digit_traces.digit(shipped("class-flow"), 1, 3, gamma, 7))
    guidance = found.equations[0]
    without, change = (term.values for term in guidance.terms)
    answers = (without, without + change)
    assert_close(answers[place], guidance.result.values, rtol=0, atol=1e-5)
    assert np.abs(change).max() > 0.01


def test_without_guidance_there_is_nothing_to_guide() -> None:
    for name in ("image digits", "ddpm"):
        assert [one.title for one in trace_named(name).equations] == [
            "Clean estimate",
            "The step from t to s",
        ]
    assert trace_named("class-ddpm").equations[0].title == "Guidance"


def test_a_pixel_is_what_the_image_holds_there() -> None:
    found = trace_named("image pictures")
    x_t, estimate = curves(found, 5, 9, 2)
    for k in (0, 7, len(found.labels) - 1):
        *_, step = look(found, k, 5, 9, 2, weighted=False)
        assert step[0].value == estimate[k]
        assert (step[1].value, step[-1].value) == (x_t[k], x_t[k + 1])
        total = sum(part.at_pixel * part.value for part in step[:-1])
        assert total == pytest.approx(step[-1].value, abs=1e-5)


def test_images_are_shown_on_one_scale_and_never_stretched() -> None:
    found = trace_named("class-ddpm")
    for lines in (look(found, k, 0, 0, 0, weighted=False) for k in (0, 10)):
        for parts, equation in zip(lines, found.equations, strict=True):
            for part in parts:
                assert part.image.pixels.shape == (28, 28)
            assert [part.image.symbol for part in parts[:-1]] == [
                term.symbol for term in equation.terms
            ]
    z_at_the_end = look(found, 19, 0, 0, 0, weighted=False)[-1][2].image
    assert set(z_at_the_end.pixels.ravel()) == {128}
    low, high = SHOWN
    value = found.places[3, 14, 14, 0]
    grey = look(found, 3, 14, 14, 0, weighted=False)[-1][1].image.pixels[14, 14]
    assert grey == pytest.approx(255 * np.clip((value - low) / (high - low), 0, 1), abs=0.51)


def test_a_weighted_image_shows_the_term_with_its_number() -> None:
    found = trace_named("image pictures")
    plain, weighted = (look(found, 0, 0, 0, 0, weighted=w)[-1] for w in (False, True))
    values = plain[0].factor * found.estimates[0]
    expected = np.clip((values + 1) / 2, 0, 1) * 255
    assert np.abs(weighted[0].image.pixels - expected).max() <= 0.51
    assert (weighted[-1].image.pixels == plain[-1].image.pixels).all()


@pytest.mark.parametrize("where", [(-1, 0, 0, 0), (99, 0, 0, 0), (0, 28, 0, 0), (0, 0, -1, 0)])
def test_a_step_or_pixel_that_is_not_there_is_refused(where: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match="must be 0 to"):
        look(trace_named("ddpm"), *where, weighted=False)


def test_digits_and_steps_that_can_not_be_are_refused() -> None:
    with pytest.raises(ValueError, match="digits 0 to 9"):
        finish(digit_traces.digit(shipped("ddpm"), 1, 2, digit=10))
    with pytest.raises(ValueError, match="makes no digits"):
        finish(digit_traces.digit(shipped("denoiser"), 1, 2))
    for recipe in ("ddpm", "class-flow"):
        with pytest.raises(ValueError, match="between 1 and 300"):
            finish(digit_traces.digit(shipped(recipe), 1, 301))


def test_the_levels_of_one_step_share_one_noise() -> None:
    found = trace_named("one-step digits")
    assert len(found.places) == len(found.estimates) == len(found.labels) == 34
    assert found.truth is not None
    noises = []
    for x_t, t in zip(found.places, found.times, strict=True):
        left = float(t2i.spec("digits").alpha_bars[int(t)])
        noises.append((x_t - left**0.5 * found.truth) / (1 - left) ** 0.5)
    for one, other in pairwise(noises[:-1]):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-3)


SAMPLERS = {
    "ddpm": (ddpm(), ["x_0_hat", "x_t", "z"]),
    "ddim 0": (ddim(0.0), ["x_0_hat", "eps"]),
    "ddim 0.5": (ddim(0.5), ["x_0_hat", "eps", "z"]),
    "2m": (dpm_solver_2m(), ["x_0_hat", "x_0_hat", "x_t"]),
    "unwritten": (Sampler(ddim(0.5).step), ["x_0_hat", "eps", "z"]),
}


@pytest.mark.parametrize("limit", [None, lambda x: x.clamp(-0.5, 0.5)])
@pytest.mark.parametrize("end", [0, CLEAN])
@pytest.mark.parametrize("name", SAMPLERS)
def test_the_steps_of_every_sampler_can_be_looked_at(name: str, end: int, limit: Limit) -> None:
    sampler, symbols = SAMPLERS[name]
    noise = NoiseSource(5, 1, (3, 8, 8))
    times = (690, 500, 250, end)
    records = list(trace(noise(), times, COSINE, curved, noise, sampler, limit))
    equation = step_equation(records, sampler)
    assert [term.symbol for term in equation.terms] == symbols
    assert all(term.factor_tex for term in equation.terms)
    written = {term.factor_tex for term in equation.terms}
    assert any(tex.startswith("a_{") for tex in written) == (name == "unwritten")
    assert len(written) == len(symbols)
    np.testing.assert_allclose(added_up(equation), equation.result.values, rtol=0, atol=1e-5)
    for one, reached in zip(records, equation.result.values, strict=True):
        np.testing.assert_array_equal(one.x_s[0].movedim(0, -1).numpy(), reached)


def curved(x_t: Tensor, t: int) -> Tensor:
    """Some noise that no straight line explains."""
    return torch.tanh(2 * x_t) * (1 - COSINE[t].float()).sqrt()


def test_the_numbers_of_a_step_are_those_of_its_schedule() -> None:
    form = t2i.spec("digits")
    found = trace_named("image digits")
    for numbers, t, s in zip(found.numbers, found.times, found.times[1:], strict=False):
        assert numbers.alpha_bar_t == pytest.approx(float(form.alpha_bars[int(t)]))
        assert numbers.alpha_bar_s == pytest.approx(float(form.alpha_bars[int(s)]))
        assert numbers.alpha == pytest.approx(numbers.alpha_bar_t / numbers.alpha_bar_s)
        assert numbers.alpha + numbers.beta == pytest.approx(1)
    first, last = found.numbers[0], found.numbers[-1]
    spread = (1 - first.alpha_bar_s) / (1 - first.alpha_bar_t) * first.beta
    assert first.sigma == pytest.approx(spread**0.5)
    assert last.sigma == 0
