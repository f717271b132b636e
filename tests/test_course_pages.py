"""What is read on the course's own pages: their numbers, panels, rows and curves, in order.

As in `test_beyond_pages`, every result is made up, so that no two of its numbers are alike.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from page_reader import images, read
from test_beyond_pages import captions, image, row

from lessons.measure import perception, step_kinds, step_quality
from lessons.measure.sample_quality import Quality
from lessons.part_a import (
    classical_denoising,
    forward_process,
    guidance,
    hybrid_images,
    image_to_image,
    inpainting,
    iterative_denoising,
    one_step_denoising,
    perfect_denoiser,
    sampling,
    visual_anagrams,
)
from lessons.part_a.iterative_denoising import METHODS, Score
from lessons.part_b import (
    architecture,
    class_guidance,
    flow_paths,
    from_denoiser_to_ddpm,
    out_of_distribution,
    sampled_digits,
    unet,
)
from lessons.text_to_image import Trajectory

PATH = Trajectory((), ())


def test_the_forward_process_says_the_numbers_of_the_sliders_timestep() -> None:
    T = forward_process.last_timestep("pictures") + 1
    schedule = forward_process.NoiseSchedule(
        tuple(range(T)),
        tuple(0.2 + k / 10_000 for k in range(T)),
        tuple(0.3 + k / 10_000 for k in range(T)),
        tuple(7.0 + k for k in range(T)),
        543,
    )
    both = forward_process.StepsAndJump((image(1), image(2)), 5, 0.111, 0.222, 0.333)
    found = {"schedule": schedule, "steps_and_jump": both, "levels": row(1), "demo": row(4)}
    page = read("forward_process.py", found, {"a11_t": 50, "a11_steps": True})
    said = page.said
    assert "At $t$ = 50 this model has $\\beta_t$ = 0.205, $\\bar\\alpha_t$ = 0.305 and" in said
    assert "ratio of 57.0 dB. From $t$ = 543 on there is more noise" in said
    assert f"over {forward_process.COPIES} noises each: 0.111 by steps, 0.222 by the jump; the" in (
        said
    )
    assert "√(1 − ᾱ) = 0.333." in said
    for name, values in (("β", schedule.betas), ("ᾱ", schedule.alpha_bars), ("SNR", schedule.snr)):
        drawn = page.curves(f"a11_schedule_{name}")
        assert list(drawn[name].y) == list(values)
        assert tuple(drawn["the slider's t"].x) == (50, 50)
    assert captions(page.of("strip")[-1].args) == ["image 1", "image 2"]


def test_classical_denoising_draws_each_kernel_under_its_own_name() -> None:
    curves = tuple(tuple(100.0 * k + s for s in range(20)) for k in range(3))
    by_hand = classical_denoising.Comparison(image(1), image(2), 30, 20.0, curves)
    page = read("classical_denoising.py", {"best": (row(10, 4), row(20, 4)), "by_hand": by_hand})
    drawn = page.curves("a12_curves")
    names = [f"kernel {size}" for size in classical_denoising.KERNELS]
    assert {name: tuple(trace.y) for name, trace in drawn.items()} == dict(
        zip(names, curves, strict=True)
    )
    assert all(tuple(trace.x) == classical_denoising.SIGMAS for trace in drawn.values())
    [grid] = page.of("grid")
    assert list(grid.given["column_labels"]) == [
        "clean",
        "noisy",
        "best Gaussian",
        "Wiener filter",
    ]
    assert captions(page.of("strip")[0].args) == ["image 1", "image 2"]


def test_one_step_denoising_says_the_gain_of_each_level() -> None:
    rows = tuple(
        one_step_denoising.OneStep(t, row(10 * t, 5), 20.0, 20.0 + gain, gain)
        for t, gain in ((3, 1.2), (5, -0.7), (8, 3.4))
    )
    page = read("one_step_denoising.py", {"demo": rows})
    assert "t = 3: **+1.2 dB**, t = 5: **-0.7 dB**, t = 8: **+3.4 dB**." in page.said
    table, own = page.of("grid")
    names = ["clean", "noisy", "best Gaussian", "Wiener filter", "one step"]
    assert list(table.given["column_labels"]) == list(own.given["column_labels"]) == names
    assert captions(own.args) == captions(row(30, 5))
    assert list(one_step_denoising.columns(row(1, 4))) == [*names[:3], "one step"]


def sweep() -> perception.StartSweep:
    scores = tuple(
        tuple(Score(10.0 * k + m, (k + m) / 10, 0.3 * m + k) for m in range(3)) for k in (1, 2)
    )
    return perception.StartSweep((4, 8), (600, 500), scores, 4)


def test_iterative_denoising_draws_each_method_under_its_own_name() -> None:
    three = iterative_denoising.ThreeWays(
        500,
        image(1),
        image(2),
        row(3),
        (Score(17.0, 0.8, 0.4), Score(21.0, 0.7, 0.7), Score(16.0, 0.6, 1.9)),
        PATH,
        row(10),
    )
    found = {"demo": three, "over_starts": sweep()}
    page = read("iterative_denoising.py", found, {"a14_sweep": True, "a14_start": 7})
    for measure in ("psnr", "ssim", "sharpness"):
        drawn = page.curves(f"a14_sweep_{measure}")
        for place, name in enumerate(METHODS):
            assert list(drawn[name].y) == [getattr(of[place], measure) for of in sweep().scores]
            assert tuple(drawn[name].x) == (4, 8)
    psnr = page.curves("a14_sweep_psnr")
    lower = [perception.psnr_of_a_sample(of[1].psnr) for of in sweep().scores]
    assert list(psnr["one step − 3 dB"].y) == lower
    assert list(page.curves("a14_sweep_sharpness")["clean image"].y) == [1, 1]
    assert "| one step | **21.0** | 0.70 | **0.70** |" in page.said
    assert "| best Gaussian | 17.0 | **0.80** | 0.40 |" in page.said
    assert "Means over 4 images" in page.said
    t = iterative_denoising.start_of("pictures", 7)
    assert f"i_start = 7 ($t$ = {t})" in page.said
    assert captions(page.of("grid")[0].args) == captions(row(10))
    compared = page.of("grid")[-1]
    assert captions(compared.args) == captions(row(1, 5))
    [path] = page.of("trajectory")
    assert captions(path.args[1]) == ["image 5"]


def test_the_perfect_denoiser_says_which_is_which() -> None:
    samples = perfect_denoiser.DenoiserSamples
    found = perfect_denoiser.Beside(
        samples(row(1), row(11), (0.01, 0.04, 0.02)),
        samples(row(21), row(31), (0.31, 0.17, 0.28)),
        PATH,
    )
    curves = perfect_denoiser.Curves(
        (0, 100, 200, 300),
        ((1.0, 2.0, 3.0, 4.0), (5.0, 6.0, 7.0, 8.0)),
        ((9.0, 9.0, 2.0, 2.0), (1.0, 3.0, 6.0, 7.0)),
        (0.1, 0.2, 0.3, 0.4),
        (10, 20, 30),
        (1.1, 1.6, 7.4),
    )
    page = read("perfect_denoiser.py", {"demo": found, "curves": curves})
    formula, network = "the perfect denoiser", "the network"
    first, second = page.of("grid")
    assert captions(first.args) == captions((row(1), row(11)))
    assert list(first.given["row_labels"]) == [formula, "nearest known"]
    assert list(second.given["row_labels"]) == [network, "nearest known"]
    assert captions(second.args) == captions((row(21), row(31)))
    assert "farther than 0.040 from a known image, none of the network nearer than 0.170." in (
        page.said
    )
    for key, (of_formula, of_network) in (("a151_known", curves.known), ("a151_new", curves.new)):
        drawn = page.curves(key)
        assert (tuple(drawn[formula].y), drawn[formula].color) == (of_formula, "x_0")
        assert (tuple(drawn[network].y), drawn[network].color) == (of_network, "x_0_hat")
    assert tuple(page.curves("a151_new")["difference between the two"].y) == curves.apart
    assert "smaller error at 2 of the 4 timesteps measured, up to $t$ = 100" in page.said
    assert "At $t$ = 30 the mean is 7.4; below 2 it falls at $t$ = 20 (1.6)." in page.said
    assert captions(page.of("trajectory")[0].args[1]) == captions((row(1), row(21)))


def test_guidance_labels_its_rows_by_gamma_from_small_to_large() -> None:
    rows = tuple(row(10 * k, 5) for k in range(len(guidance.GAMMAS)))
    page = read("guidance.py", {"gamma_grid": rows})
    [grid] = page.of("grid")
    assert list(grid.given["row_labels"]) == [f"γ = {gamma:g}" for gamma in guidance.GAMMAS]
    assert captions(grid.args) == captions(rows)
    files = next(c for c in page.of("downloads") if c.given["key"] == "a16_grid_files")
    assert captions(files.args) == captions(rows)


def test_with_a_negative_prompt_the_page_says_what_gamma_0_gives() -> None:
    answers = {"a16_negative": "fog", "a16_grid": True, "a16_q3": True}
    rows = (row(1, 5),)
    page = read("guidance.py", {"gamma_grid": rows}, answers)
    assert "Here γ = 0 is what the negative prompt alone gives." in page.said
    for function in ("demo", "gamma_grid", "negative_alone"):
        assert page.live(function).given["negative"] == "fog"
    assert page.of("microscope")[0].given["negative"] == "fog"
    alone = read("guidance.py", {}, {"a16_q1": True, "a16_q2": True})
    gammas = [c.given["gamma"] for c in alone.of("live") if c.function == "guidance_of"]
    asked = [call.args[0].text[:5] for call in alone.of("predict")]
    assert (gammas, asked[:2]) == ([0.0, 1.0], ["γ = 0", "And γ"])
    samples = {"demo": sampling.Samples(PATH, row(1, 5))}
    for prompt, negative, words in (
        ("fog", "fog", "Both prompts are the same"),
        ("", "", "Without a prompt both predictions are the same"),
        ("a cat", "fog", ""),
    ):
        answers = {"a16_prompt": prompt, "a16_negative": negative}
        said = read("guidance.py", samples, answers).said
        assert ("both predictions" in said.partition("##")[0]) is bool(words)
        assert words in said
    without = read("guidance.py", {"gamma_grid": rows})
    assert "Here γ = 0" not in without.said
    assert without.of("microscope")[0].given["negative"] == ""


def test_hybrids_stand_over_their_low_and_their_high_frequencies() -> None:
    found = hybrid_images.Hybrids(PATH, row(1, 4), row(11, 4), row(21, 4))
    page = read("hybrid_images.py", {"demo": found}, {"a110": ("far", "near")})
    [grid] = page.of("grid")
    assert list(grid.given["row_labels"]) == ["image", "low frequencies", "high frequencies"]
    assert captions(grid.args) == captions((row(1, 4), row(11, 4), row(21, 4)))
    [steps] = page.of("stepping_back")
    assert steps.given["words"] == ("far", "near")
    given = page.live("demo").given
    assert (given["low_frequency"], given["high_frequency"]) == ("far", "near")
    [delivered] = page.of("deliver")
    assert delivered.args[1] == "Low-frequency prompt: far; high-frequency prompt: near"


def test_anagrams_stand_beside_what_the_view_makes_of_them() -> None:
    found = visual_anagrams.Anagrams(PATH, row(1, 4), row(11, 4))
    page = read("visual_anagrams.py", {"demo": found}, {"a18": ("one", "two")})
    [turning] = page.of("turning")
    assert captions(turning.args) == captions((row(1, 4), row(11, 4)))
    assert turning.given["words"] == ("one", "two")
    [delivered] = page.of("deliver")
    assert delivered.args[1] == "Prompt 1: one; prompt 2, after the view: two"
    given = page.live("demo").given
    assert (given["first"], given["second"]) == ("one", "two")


def test_inpainting_and_edits_stand_in_their_order() -> None:
    painted = inpainting.Inpainted(image(1), image(2), image(3), PATH, row(4))
    page = read("inpainting.py", {"demo": painted}, {"a172_mask": np.eye(64)})
    for call in (page.of("grid")[0], page.of("deliver")[0]):
        assert captions(call.args) == captions((image(1), image(3), row(4)))
    edited = image_to_image.Edited(image(1), row(11, 6), row(21, 6), (PATH,) * 6)
    page = read("image_to_image.py", {"demo": edited})
    for call in (page.of("grid")[0], page.of("deliver")[0]):
        assert captions(call.args) == captions((row(21, 6), image(1)))
    assert captions(page.of("strip")[0].args) == ["image 1", "image 11", "image 21"]
    page = read("text_conditioned_editing.py", {"demo": edited}, {"a173_start": 5})
    assert captions(page.of("trajectory")[0].args[1]) == ["image 23"]


def test_a_denoisers_rows_are_input_output_and_error_and_its_curves_too() -> None:
    trial = out_of_distribution.DenoisedDigit
    trials = tuple(
        trial(s, image(10 * k), image(10 * k + 1), image(10 * k + 2), 11.0 + k, 21.5 + k)
        for k, s in enumerate((0.0, 0.4))
    )
    found = {
        "sweep": out_of_distribution.SigmaSweep(image(99), trials),
        "psnr_curve": out_of_distribution.PsnrCurve((0.1, 0.2), (30.0, 20.0), (25.0, 24.0)),
    }
    page = read("out_of_distribution.py", found)
    grid = page.of("grid")[0]
    assert list(grid.given["row_labels"]) == ["input", "output", "error"]
    assert list(grid.given["column_labels"]) == ["σ = 0", "σ = 0.4"]
    expected = [f"image {k}" for k in (0, 10, 1, 11, 2, 12)]
    assert captions(grid.args) == expected
    delivered = page.of("deliver")[0]
    assert captions(delivered.args) == [f"image {k}" for k in (0, 1, 10, 11)]
    drawn = page.curves("b122_curve")
    assert {n: (list(t.y), t.color) for n, t in drawn.items()} == {
        "output of the network": ([25.0, 24.0], "x_0_hat"),
        "input": ([30.0, 20.0], "x_t"),
    }
    assert "yet the output has a PSNR of only 21.5 dB" in page.said
    assert captions(page.of("strip")[0].args) == ["image 99", "image 0", "image 1", "image 2"]


def test_the_unet_says_which_value_is_black_and_which_is_white() -> None:
    maps = {name: unet.Maps(row(1), 17, -0.51, 0.83) for name in unet.BLOCKS}
    found: dict[str, Any] = {
        "trace": unet.ForwardPass(image(1), image(2), -0.71, maps),
        "gelu_floor": unet.Floor((0, 1), (2, 3), -0.17, -0.75, 0.43, image(3), image(4)),
        "architecture": architecture.architecture(16),
        "noising": row(5),
    }
    page = read("unet.py", found)
    blocks = found["architecture"].blocks
    most = sorted(blocks, key=lambda block: -block.parameters)[:2]
    said = ", ".join(f"{block.name} {block.parameters:,}" for block in most)
    [first, _] = page.of("predict")
    assert first.given["seen"] == f"The two largest here: {said}."
    down = read("unet.py", found)
    shape = " × ".join(map(str, blocks[0].shape_in))
    after = " × ".join(map(str, blocks[0].shape_out))
    assert shape != after
    assert f"{shape} in, from `input`; {after} out; {blocks[0].parameters:,} param" in down.said
    assert "Channels 1 to 3 of 17 for this digit; black is −0.51 or less, white 0.83 or" in (
        page.said
    )
    assert "never below **−0.17**" in page.said
    assert "**43%** of the values" in page.said
    assert "output in the figure above is −0.71." in page.said
    assert captions(page.of("strip")[-1].args) == ["image 3", "image 4"]
    assert list(page.curves("b11_gelu")["GELU"].y) == [2, 3]


def quality(gamma: float) -> Quality:
    return Quality(gamma, gamma / 11, gamma / 13, gamma / 17 + 0.2, gamma + 0.3, gamma / 90)


def test_guidance_on_digits_draws_and_says_what_was_measured() -> None:
    gammas = class_guidance.GAMMAS
    best = replace(quality(3.0), frechet=0.01)
    others = tuple(best if gamma == 3 else quality(gamma) for gamma in gammas)
    measured = class_guidance.GammaSweep(
        {"slow": tuple(map(quality, gammas)), "quick": others},
        {"slow": 50, "quick": 10},
        1000,
        0.46,
        0.131,
    )
    numbers = {"accuracy": 0.7, "mean_intensity": 0.123, "confidence": 0.9}
    digits = sampled_digits.SampledDigits((), (), row(1, 10), numbers, row(11, 10))
    found = {
        "measured": measured,
        "trajectory": digits,
        "gamma_grid": tuple(row(10 * k, 10) for k in range(len(gammas))),
        "anatomy": row(1, 5),
    }
    page = read("class_guidance.py", found)
    said = page.said
    assert "**70%** are classified as the digit requested; the mean intensity is 12.3% of" in said
    assert "Measured on 1,000 samples at each γ, in 50 steps" in said
    assert "1,000 real training digits have 0.46." in said
    assert "The mean intensity of test digits is 13.1%; that of samples is **0.0%** at γ = 0, " in (
        said
    )
    assert f"**{10 / 90:.1%}** at γ = 10." in said
    curves = {
        "b24_accuracy": ("accuracy", "accuracy"),
        "b24_diversity": ("samples", "diversity"),
        "b24_frechet": ("slow, 50 steps", "frechet"),
    }
    for key, (name, measure) in curves.items():
        drawn = page.curves(key)[name]
        assert list(drawn.x) == list(gammas)
        assert list(drawn.y) == [getattr(quality(gamma), measure) for gamma in gammas]
    assert list(page.curves("b24_frechet")["quick, 10 steps"].y) == [q.frechet for q in others]
    lowest = min(gammas, key=lambda gamma: quality(gamma).frechet)
    assert f"depends on the sampler: γ = {lowest:g} with slow; γ = 3 with quick." in said
    assert list(page.curves("b24_frechet")["1,000 real digits"].y) == [0.46, 0.46]
    assert list(page.curves("b24_diversity")["test digits"].y) == [1, 1]
    grid = page.of("grid")[0]
    assert list(grid.given["row_labels"]) == [f"γ = {gamma:g}" for gamma in gammas]
    strip = page.of("strip")[0]
    assert captions(strip.args) == captions(row(1, 5))


def test_samples_stand_above_the_training_digits_nearest_to_them() -> None:
    from pages import _ui as ui
    from pages._shared import sampling

    shown: list[tuple[Any, dict[str, Any]]] = []
    said: list[str] = []
    digits = sampled_digits.SampledDigits((), (), row(1, 10), {"accuracy": 0.8}, row(11, 10))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ui, "grid", lambda rows, **given: shown.append((rows, given)))
        patch.setattr(ui, "say", said.append)
        sampling.verdict(digits)
    [(rows, given)] = shown
    assert captions(rows) == captions((row(1, 10), row(11, 10)))
    assert given["row_labels"] == ("sampled", "nearest")
    assert "**80% as the digit requested**" in said[0]


def test_flow_matching_says_which_method_is_straight_and_how_the_ddpm_collapses() -> None:
    def path(ratio: float) -> flow_paths.PlanePath:
        return flow_paths.PlanePath((1.0, 2.0), (ratio, ratio), ratio)

    ways = {
        "flow matching": (path(1.0), path(1.2)),
        "DDIM": (path(2.0), path(2.2)),
        "DDPM": (path(3.0), path(3.2)),
    }
    paths = flow_paths.PathsByMethod(ways, ((1.0,), (2.0,)), ((3.0,), (4.0,)))
    page = read_flow(paths)
    for name, colour in (("flow matching", "x_0_hat"), ("DDIM", "x_t"), ("DDPM", "eps")):
        drawn = page.curves(f"b25_ways_{name.split()[0].lower()}")
        assert (list(drawn[name].y), drawn[name].color) == ([ways[name][0].y[0]] * 2, colour)
        assert list(drawn["test digits"].x) == [3.0]
        mean = sum(one.path_length_ratio for one in ways[name]) / 2
        assert f"{name}: path-length ratio **{mean:.2f}** on average." in page.said
    steps = {k: quality(k) for k in (1, 2, 5)}
    more = {k: quality(k + 40) for k in (1, 2, 5)}
    names = (step_kinds.BETA, step_kinds.POSTERIOR, step_kinds.DDIM)
    ddpm = step_quality.StepsSweep(
        {names[0]: more, names[1]: steps, names[2]: {k: quality(k + 7) for k in (1, 2, 5)}}, 9, 0.4
    )
    flow = step_quality.StepsSweep(
        {step_quality.EULER: {k: quality(k + 3) for k in (2, 5)}}, 9, 0.4
    )
    said = page.names["_collapse"](ddpm, flow)
    assert f"Fréchet distance **45**, {45 / 11:.0%} as requested" in said
    assert f"the distance is **5.30** and {5 / 11:.0%} are as requested" in said
    assert "DDIM, which adds none, has **12.30**, flow matching **8.30**; in two steps" in said
    assert "ahead, with 5.3 against DDIM's 9." in said


def test_flow_matching_draws_every_sampler_over_its_steps() -> None:
    from lessons.measure import step_quality as measures
    from pages._shared import sampling as shared

    def sweep_of(names: tuple[str, ...], more: int) -> step_quality.StepsSweep:
        by = {n: {k: quality(k + more + 9 * j) for k in (2, 5)} for j, n in enumerate(names)}
        return step_quality.StepsSweep(by, 1000, 0.46)

    flow = sweep_of((step_quality.EULER,), 0)
    ddpm = sweep_of((step_kinds.BETA, step_kinds.POSTERIOR, step_kinds.DDIM), 50)
    with pytest.MonkeyPatch.context() as patch:
        chosen = shared.shipped("class-flow")
        patch.setattr(measures, "measured", lambda run: flow if run == chosen else ddpm)
        page = read_flow(None)
    for key, measure in (("b25_frechet", "frechet"), ("b25_accuracy", "accuracy")):
        drawn = page.curves(key)
        for name, by in {**flow.qualities, **ddpm.qualities}.items():
            assert list(drawn[name].x) == [2, 5]
            assert list(drawn[name].y) == [getattr(one, measure) for one in by.values()]
    assert list(page.curves("b25_frechet")["1,000 real digits"].y) == [0.46, 0.46]
    assert "Measured on 1,000 samples for each number of steps at γ = 2;" in page.said


def read_flow(paths: flow_paths.PathsByMethod | None) -> Any:
    """The page of flow matching, without the part that trains."""
    from pages._shared import training

    with pytest.MonkeyPatch.context() as patch:
        for name in ("hero", "lab"):
            patch.setattr(training, name, lambda *_: None)
        return read("flow_matching.py", {"paths": paths})


def test_the_weights_of_digit_and_noise_have_their_own_curves() -> None:
    curves = from_denoiser_to_ddpm.ScheduleCurves((1, 2), (0.9, 0.25), (0.1, 0.8))
    page = read("from_denoiser_to_ddpm.py", {"schedule": curves, "levels": row(1)})
    drawn = page.curves("b21_schedule")
    assert {name: (tuple(trace.y), trace.color) for name, trace in drawn.items()} == {
        "weight of the digit, √ᾱ": ((0.9, 0.25), "x_0"),
        "weight of the noise, √(1 − ᾱ)": ((0.1, 0.8), "eps"),
    }
    assert "the weight √ᾱ = 0.25." in page.said
    assert images(page.of("grid")[0].args)[0].caption == "image 1"
