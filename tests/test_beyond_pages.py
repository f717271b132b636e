"""What is read on the pages beyond the course: their own numbers, panels and curves, in order.

Every result is made up here, so that no two of its numbers are alike: a caption with another
number, a curve under another name or a panel in another place cannot look right by chance.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from page_reader import Page, images, read

from lessons.beyond import (
    attention_maps,
    attention_pairs,
    inversion,
    one_step,
    own_digit,
    paint_along,
    rate_schedule,
    samplers,
    wider_or_longer,
)
from lessons.beyond.attention_heat import Heat
from lessons.beyond.rectified import measure, train, velocities
from lessons.images.captioned import CaptionedImage
from lessons.measure import sampler_quality
from lessons.measure.trained import results

DISTILLED, RECTIFIED, TEACHER = velocities.DISTILLED, velocities.RECTIFIED, velocities.TEACHER


def image(number: int) -> CaptionedImage:
    return CaptionedImage(
        np.full((2, 2), number, np.uint8), f"image {number}", f"an image {number}"
    )


def row(first: int, count: int = 3) -> tuple[CaptionedImage, ...]:
    return tuple(image(first + k) for k in range(count))


def captions(shown: Any) -> list[str]:
    return [one.caption for one in images(shown)]


def colours(page: Page, key: str) -> dict[str, Any]:
    return {name: trace.color for name, trace in page.curves(key).items()}


# B2.6 · One step


@pytest.fixture(scope="module")
def one_step_page() -> Page:
    names = (
        (TEACHER, 1),
        (DISTILLED, 1),
        (RECTIFIED, 1),
        (RECTIFIED, 4),
        (TEACHER, 4),
        (TEACHER, 50),
    )
    rows = {one_step.in_steps(*each): row(10 * k) for k, each in enumerate(names)}
    apart = dict(zip(rows, (0.51, 0.42, 0.33, 0.24, 0.15, 0.0), strict=True))
    calls = dict(zip(rows, (2, 1, 1, 4, 8, 100), strict=True))
    bends = one_step.Bends(
        (0.0, 0.5),
        {TEACHER: (0.7, 0.1), RECTIFIED: (0.02, 0.03)},
        {TEACHER: 0.456, RECTIFIED: 0.021},
        (0.0, 0.5, 1.0),
        {TEACHER: ((1, 2, 3), (4, 5, 6)), RECTIFIED: ((7, 8, 9), (10, 11, 12))},
        ((3, 17), (20, 5)),
    )
    mine = {"teacher, 1 step": row(70), "your student, 1 step": row(80), "teacher, 10": row(90)}
    own = one_step.OwnStudent((0.9, 0.4), mine, {"teacher, 1 step": 0.62, "your student": 0.48})
    found = {"demo": one_step.FewSteps(rows, calls, apart), "bends": bends, "learn": own}
    return read("one_step.py", found, {"b26_steps": 4})


def test_one_step_says_what_its_rows_cost_and_how_far_apart_they_are(one_step_page: Page) -> None:
    said = one_step_page.said
    assert "The same 10 noises in 50 steps. Left" in said
    measured = measure.measured()
    assert measured
    assert f"{measured.count} samples for each line, all classes alike" in said
    assert "γ = 2, which takes two predictions a step" in said
    assert "so its last row took 100; a student's step takes one" in said
    assert "teacher, 1 step **0.51**; distilled student, 1 step **0.42**" in said
    assert "teacher, 4 steps **0.15**." in said
    assert "teacher **0.456**; rectified student **0.021**. A straight line has 0" in said
    assert "last row: teacher, 1 step **0.62**; your student **0.48**." in said


def test_one_step_draws_the_teacher_solid_and_the_student_dashed(one_step_page: Page) -> None:
    traces = one_step_page.all_curves("b26_pixels")
    assert [(list(t.y), t.style, t.color) for t in traces] == [
        ([1, 2, 3], "solid", 0),
        ([4, 5, 6], "solid", 1),
        ([7, 8, 9], "dashed", 0),
        ([10, 11, 12], "dashed", 1),
    ]
    assert [t.name for t in traces[:2]] == ["row 3, column 17", "row 20, column 5"]
    bent = one_step_page.curves("b26_departures")
    assert {name: list(t.y) for name, t in bent.items()} == {
        TEACHER: [0.7, 0.1],
        RECTIFIED: [0.02, 0.03],
    }
    assert list(one_step_page.curves("b26_losses")["loss"].x) == [1, 2]


def test_one_step_puts_every_measured_number_into_its_column(one_step_page: Page) -> None:
    found = measure.measured()
    assert found
    head, *lines = one_step_page.table("Quality of teacher")
    assert head[1:] == ["predictions", "classified as requested", "Fréchet distance", "distance"]
    each = [(n, k, one) for n, by in found.qualities.items() for k, one in by.items()]
    for (name, steps, one), line in zip(each, lines[:-1], strict=True):
        assert line[0] == one_step.in_steps(name, steps)
        assert line[1] == str(steps * (2 if name == TEACHER else 1))
        right = f"{one.accuracy[0]:.3f} ± {one.accuracy[1]:.3f}"
        assert line[2] == ("all" if one.accuracy[0] == 1 else right)
        assert line[3] == f"{one.frechet[0]:.2f} ± {one.frechet[1]:.2f}"
        assert line[4] == f"{one.apart[0]:.3f} ± {one.apart[1]:.3f}"
    assert lines[-1][3] == f"{found.floor:.2f}"


def test_one_step_says_in_words_what_stands_in_the_table(one_step_page: Page) -> None:
    quality = measure.FewStepQuality

    def at(frechet: float) -> measure.FewStepQuality:
        return quality((0.9, 0.01), (frechet, frechet / 100), (0.2, 0.03))

    sweep = measure.OneStepSweep(
        {
            TEACHER: {1: at(9.0), 10: at(8.0), 50: at(7.0)},
            RECTIFIED: {1: at(6.0), 2: at(5.0)},
            DISTILLED: {1: at(4.0)},
        },
        {TEACHER: (0.3, 0.04), RECTIFIED: (0.2, 0.01)},
        300,
        276,
        0.4,
        12.5,
    )
    said = one_step_page.names["in_words"](sweep)
    assert "the teacher has a Fréchet distance of 9.00 ± 0.09, the rectified student 6.00" in said
    assert "the distilled one 4.00 ± 0.04; in two steps the rectified student has 5.00" in said
    assert "teacher's 50 steps have 7.00 ± 0.07; its 10, which" in said
    assert "learnt from, 8.00 ± 0.08." in said
    assert "S fell from 0.3000 ± 0.0400 to 0.2000 ± 0.0100." in said


def test_one_step_says_how_long_everything_took(one_step_page: Page) -> None:
    found, minutes = measure.measured(), measure.training_minutes()
    assert found
    assert len({minutes["pairs"], minutes["rectified"], minutes["distilled"]}) == 3
    steps = [train.PLANS[name].steps for name in (RECTIFIED, DISTILLED)]
    said = one_step_page.said
    assert f"in {found.minutes:g} minutes of one core, seed {found.seed}" in said
    assert f"{train.COUNT:,} pairs, each by {train.TEACHER_STEPS} steps" in said
    assert f"({minutes['pairs']:g} minutes of one core), then {steps[0]} training" in said
    assert f"weights on ({minutes['rectified']:g}), and {steps[1]:,} from" in said
    assert f"alone ({minutes['distilled']:g})" in said


def test_one_step_draws_one_standard_error_above_and_below(one_step_page: Page) -> None:
    found = measure.measured()
    assert found
    by = found.qualities[RECTIFIED]
    faint = [
        list(t.y)
        for t in one_step_page.all_curves("b26_frechet")
        if t.style == "faint" and t.color == one_step_page.names["COLORS"][RECTIFIED]
    ]
    floor = one_step_page.curves("b26_frechet")[f"{found.count} real digits"]
    assert (list(floor.x), list(floor.y)) == ([1, 50], [found.floor] * 2)
    assert faint == [[q.frechet[0] + sign * q.frechet[1] for q in by.values()] for sign in (-1, 1)]


# A1.5.2 · Samplers

RULES = list(samplers.samplers())


@pytest.fixture(scope="module")
def samplers_page() -> Page:
    rows = {name: row(10 * k) for k, name in enumerate(RULES)}
    found = samplers.SampledBy(rows, 37, {"a and b": 0.31, "a and c": 0.22})
    return read("samplers.py", {"demo": found, "over_steps": rows})


def test_samplers_says_the_calls_of_each_row_and_what_is_apart(samplers_page: Page) -> None:
    first, second = samplers_page.of("grid")
    assert list(first.given["row_labels"]) == [f"{name}: 37 network calls" for name in RULES]
    assert list(second.given["row_labels"]) == RULES
    assert list(second.given["column_labels"]) == [f"{n} steps" for n in samplers.SHOWN]
    assert f"the {samplers.COUNT} images. a and b: **0.31**; a and c: **0.22**." in (
        samplers_page.said
    )


@pytest.mark.parametrize("model", ["digits", "pictures"])
def test_samplers_draws_and_says_what_was_measured(model: str) -> None:
    found = sampler_quality.measured(model)
    assert found
    assert len({found.seed, found.count, found.cpu_minutes}) == 3
    page = read("samplers.py", model=model)
    said = page.said
    assert f"{found.count} samples for each point at γ = {found.gamma:g}" in said
    assert f"sampler_quality {model}` in {found.cpu_minutes:g} minutes of one core, " in said
    assert f"seed {found.seed}, in bfloat16" in said
    charts = {"accuracy": "a152_accuracy"}
    charts |= {"frechet": "a152_frechet"} if found.floor else {"probability": "a152_probability"}
    for measure_, key in charts.items():
        drawn = page.all_curves(key)
        for place, (name, by) in enumerate(found.qualities.items()):
            pairs = [getattr(one, measure_) for one in by.values()]
            line, below, above = drawn[3 * place : 3 * place + 3]
            assert (line.name, list(line.x)) == (name, list(by))
            assert list(line.y) == [value for value, _ in pairs]
            assert list(below.y) == [value - error for value, error in pairs]
            assert list(above.y) == [value + error for value, error in pairs]
            assert {line.color, below.color, above.color} == {line.color}
    if found.floor:
        floor = page.curves("a152_frechet")[f"{found.count} real digits"]
        assert (list(floor.x), list(floor.y)) == ([5, 100], [found.floor] * 2)


@pytest.mark.parametrize("digits", [True, False])
def test_samplers_names_the_best_and_the_worst_of_the_fewest_steps(
    samplers_page: Page, digits: bool
) -> None:
    def quality(value: float) -> sampler_quality.SamplerQuality:
        pair = (value, value / 100)
        return sampler_quality.SamplerQuality(
            (0.5, 0.1), None if digits else pair, pair if digits else None
        )

    by = {"low": 2.0, "high": 4.0, "middle": 3.0}
    qualities = {name: {5: quality(v), 50: quality(v + 5)} for name, v in by.items()}
    floor = 0.3 if digits else None
    sweep = sampler_quality.SamplerSweep(qualities, 2.0, 200, 276, floor, 9.5)
    said = samplers_page.names["in_words"](sweep)
    best, worst = ("low", "high") if digits else ("high", "low")
    assert f"With 5 steps the best value is that of **{best}**, the worst that of **{worst}**" in (
        said
    )
    assert "| low | 2.00 ± 0.02 | 7.00 ± 0.07 |" in said
    assert "| 5 steps | 50 steps |" in said


# A1.5.3 · Inversion


@pytest.fixture(scope="module")
def inversion_page() -> Page:
    ways = (inversion.SLERP, inversion.STRAIGHT, inversion.PROMPTS)
    rows = {name: row(10 * k, 5) for k, name in enumerate(ways)}
    norms = {name: tuple(k + w for w in inversion.WEIGHTS) for k, name in enumerate(ways)}
    found = {
        "demo": inversion.RoundTrip(row(90, 4), 34.56, 0.78),
        "between": inversion.Between(rows, norms),
    }
    return read("inversion.py", found, {"a153_rounds": 3, "a153_steps": 50})


def test_inversion_says_its_decibels_and_its_deviation(inversion_page: Page) -> None:
    said = inversion_page.said
    assert "same prompt in 50 steps each, the image comes back with a PSNR of **34.6 dB**" in said
    assert "standard deviation of **0.78**; the noise that sampling starts from has 1" in said
    [made] = inversion_page.of("made_with")
    assert (made.given["steps"], made.given["rounds"]) == (50, 3)


def test_inversion_labels_rows_columns_and_curves_by_what_they_are(inversion_page: Page) -> None:
    [grid] = inversion_page.of("grid")
    assert list(grid.given["column_labels"]) == [
        "w = 0",
        "w = 0.25",
        "w = 0.5",
        "w = 0.75",
        "w = 1",
    ]
    drawn = inversion_page.curves("a153_norms")
    assert list(drawn[inversion.SLERP].y) == [0, 0.25, 0.5, 0.75, 1]
    assert list(drawn[inversion.STRAIGHT].y) == [1, 1.25, 1.5, 1.75, 2]
    assert all(list(trace.x) == list(inversion.WEIGHTS) for trace in drawn.values())


# A1.6.1 · Attention maps


def word_maps() -> attention_maps.WordMaps:
    heats = [Heat(tuple(row(30 * k + 3 * s) for s in range(3)), (90, 60, 30)) for k in range(3)]
    return attention_maps.WordMaps(
        image(200),
        *heats,
        (row(210), row(220)),
        ((0.62, 0.31, 0.44), (0.15, 0.11, 0.13)),
    )


def test_attention_shows_the_heat_that_is_chosen_and_says_its_range() -> None:
    found = word_maps()
    for under, heat in (("the clean estimate", found.looked), ("the current sample", None)):
        page = read("attention_maps.py", {"demo": found}, {"a161_under": under})
        looked, changed = page.of("scrubber")
        assert looked.args[0] == (heat or found.looked_now).frames
        assert changed.args[0] == found.changed.frames
        assert looked.given["labels"] == ["t = 90", "t = 60", "t = 30"]
    assert "Words get 31 to 62 % of it" in page.said
    drawn = page.curves("a161_words")
    assert list(drawn["with the prompt"].y) == [0.62, 0.31, 0.44]
    assert list(drawn["with the empty prompt"].y) == [0.15, 0.11, 0.13]
    assert colours(page, "a161_words") == {
        "with the prompt": "eps_c",
        "with the empty prompt": "eps_u",
    }
    [files] = page.of("downloads")
    assert captions(files.args[0]) == captions((row(210), row(220)))
    attention, change = page.of("strip")[1:3]
    assert captions(attention.args) == captions(row(210))
    assert captions(change.args) == captions(row(220))


def test_attention_says_of_how_many_pairs_each_answer_holds() -> None:
    page = read("attention_maps.py")
    pairs = attention_pairs.measured()
    looked = sum(pair.attention > 0.5 for pair in pairs.pairs)
    changed = sum(pair.change > 0.5 for pair in pairs.pairs)
    assert looked != changed
    said = page.said
    assert f"That holds for {looked} of ten with attention, and for {changed} of ten with" in said
    for pair in pairs.pairs:
        line = f"{pair.half} half: {pair.prompt} | {100 * pair.attention:.1f} | "
        assert f"{line}{100 * pair.change:.1f} |" in said
    there = [100 * pair.attention for pair in pairs.pairs]
    assert f"lie between {min(there):.0f} and {max(there):.0f} %" in said
    assert f"Means of {pairs.count} samples" in said


# B1.2.4 · Your own digit; A1.7.4 · Paint along


def test_own_digit_turns_ink_white_and_keeps_the_digit_at_28_by_28() -> None:
    kept: list[Any] = []
    drawn = np.full((320, 320, 3), 255, np.uint8)
    drawn[10, 20] = (0, 50, 60)
    shares = {"28×28": (0.9,), "with noise": (0.5,), "denoised": (0.7,)}
    found = own_digit.OwnDigit(row(10, 4), shares)
    with pytest.MonkeyPatch.context() as patch:
        from pages._shared import own_data

        patch.setattr(own_data, "offer_to_collect", kept.append)
        page = read("own_digit.py", {"demo": found}, {"b124_drawing": drawn})
    given = page.live("demo").given["drawing"]
    assert given.shape == (320, 320)
    assert (given[10, 20], given[11, 20]) == (255, 0)
    assert [one[0, 0] for one in kept] == [11]
    grid = page.of("grid")[0]
    assert captions(grid.args) == captions(row(10, 4))
    [delivered] = page.of("deliver")
    files = next(c for c in page.of("downloads") if c.given["key"] == "b124_files")
    for call in (delivered.args[0], files.args[0]):
        assert captions(call) == captions(row(11))
    assert page.table("Probabilities")[0] == ["image", *"0123456789"]
    assert page.table("Probabilities")[1:] == [
        ["28×28", "90%"],
        ["with noise", "50%"],
        ["denoised", "70%"],
    ]


def test_paint_along_shows_drawing_noise_and_answers_and_counts_what_is_guided() -> None:
    found = paint_along.Painted(image(1), image(2), row(3, 4), (600, 400, 301, 300, 120, 0))
    answers = {"a174_t": 600, "a174_steps": 6, "a174_half": True}
    page = read("paint_along.py", {"demo": found}, answers)
    assert page.of("made_with")[0].given["guided steps"] == 3
    [shown] = page.of("strip")
    assert captions(shown.args) == ["image 1", "image 2"]
    [files] = page.of("downloads")
    assert captions(files.args) == captions(row(1, 6))
    [grid] = page.of("grid")
    assert captions(grid.args) == captions(row(3, 4))
    assert page.live("demo").given["guided_half"] is True
    assert "An example, until your first stroke." in page.said
    drawn = np.zeros((2, 2, 3), np.uint8)
    stroke = read("paint_along.py", {"demo": found}, {**answers, "a174_drawing": drawn})
    assert "An example" not in stroke.said
    assert "s from the stroke's arrival here" in stroke.said
    page = read("paint_along.py", {"demo": found}, {**answers, "a174_half": False})
    assert page.of("made_with")[0].given["guided steps"] == 6
    assert page.live("demo").given["guided_half"] is False


# B2.5.1 · The learning-rate schedule


def rate_sweep() -> results.RateSweep:
    """The measured one, with numbers of which no two are alike."""
    sweep = results.rates()
    runs: dict[str, dict[int, results.RateRun]] = {}
    number = 1.0
    for name, by in sweep.runs.items():
        runs[name] = {}
        for seed, one in by.items():
            reached = {}
            for which, kept in one.reached.items():
                number += 1
                reached[which] = replace(
                    kept, frechet=(number, number / 50), test_loss=number / 300
                )
            tested = {x: (number / 70 + x, number / 90 + x) for x in one.tested}
            loss = tuple(number / 40 + k for k in range(len(one.loss)))
            runs[name][seed] = replace(
                one, reached=reached, tested=tested, loss=loss, cpu_minutes=number
            )
    return replace(sweep, runs=runs)


@pytest.fixture(scope="module")
def rates_page() -> tuple[Page, results.RateSweep]:
    sweep = rate_sweep()
    falls = {
        name: rate_schedule.NoisyDescent(
            (0, 8),
            {
                results.LAST: (1.0, 0.21 + k),
                results.AVERAGED: (1.0, 0.11 + k),
            },
            (0.1, 0.1),
        )
        for k, name in enumerate((rate_schedule.CONSTANT, rate_schedule.DECAYING))
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(results, "rates", lambda: sweep)
        page = read("rate_schedule.py", {"bowls": falls}, {"b251_weights": "last"})
    return page, sweep


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


def test_rates_are_drawn_dashed_for_the_last_weights_and_solid_for_their_average(
    rates_page: tuple[Page, results.RateSweep],
) -> None:
    page, sweep = rates_page
    drawn = page.all_curves("b251_tested")
    for place, (name, by) in enumerate(sweep.runs.items()):
        last, average = drawn[2 * place : 2 * place + 2]
        for trace, which, style in ((last, 0, "dashed"), (average, 1, "solid")):
            own = list(by.values())
            expected = [mean([one.tested[x][which] for one in own]) for x in own[0].tested]
            assert (list(trace.y), trace.style) == (expected, style)
        assert (last.name, average.name, last.color) == ("", name, average.color)
    assert "Solid: the averaged weights. Dashed: the last weights" in page.said


def test_rates_table_has_every_number_in_its_row(
    rates_page: tuple[Page, results.RateSweep],
) -> None:
    page, sweep = rates_page
    _, *lines = page.table("Learning rates")
    for line, (name, by, which) in zip(
        lines,
        [(n, by, w) for n, by in sweep.runs.items() for w in (results.AVERAGED, results.LAST)],
        strict=False,
    ):
        reached = [one.reached[which] for one in by.values()]
        assert line[0].startswith(f"{name}, ")
        distance = mean([one.frechet[0] for one in reached])
        error = sum(one.frechet[1] ** 2 for one in reached) ** 0.5 / len(reached)
        assert line[1] == f"{distance:.2f} ± {error:.2f}"
        assert line[2] == ", ".join(f"{one.frechet[0]:.2f}" for one in reached)
        share = mean([one.accuracy[0] for one in reached])
        error = sum(one.accuracy[1] ** 2 for one in reached) ** 0.5 / len(reached)
        assert line[3] == f"{share:.1%} ± {error:.1%}"
        assert line[4] == f"{mean([one.test_loss for one in reached]):.4f}"
        batch = f"{mean([one.loss[-1] for one in by.values()]):.4f}"
        assert line[5] == (batch if which == results.LAST else "–")
    assert lines[-1][:2] == [f"{sweep.count} real digits", f"{sweep.floor:.2f}"]


def test_rates_answer_is_in_the_tables_own_numbers(
    rates_page: tuple[Page, results.RateSweep],
) -> None:
    page, sweep = rates_page

    def reached(name: str, which: str, what: str) -> float:
        own = [one.reached[which] for one in sweep.runs[name].values()]
        return mean([one.frechet[0] if what == "frechet" else one.test_loss for one in own])

    small, middle, large, decaying = sweep.runs
    A, L, said = results.AVERAGED, results.LAST, page.said
    ends = [f"{reached(name, A, 'frechet'):.1f}" for name in (middle, large, decaying)]
    assert f"distances of **{ends[0]}** and **{ends[1]}**, the decaying one at **{ends[2]}**" in (
        said
    )
    last = [f"{reached(name, L, 'frechet'):.1f}" for name in (middle, large, decaying)]
    assert f"Without averaging they are {last[0]}, {last[1]} and {last[2]}" in said
    assert f"farthest away, at {reached(small, A, 'frechet'):.1f}" in said
    off = [reached(n, L, "loss") - reached(n, A, "loss") for n in (large, decaying)]
    assert f"takes {off[0]:.4f} off the test loss of the constant 0.01, and {off[1]:.4f} off" in (
        said
    )
    kept = sweep.settings
    course = read_course("class-flow")
    total = kept["epochs"] * kept["images_per_epoch"]
    assert f"course sees {course.total_images / total:.0f} times as many images" in said
    assert f"is {course.num_hiddens / kept['num_hiddens']:.0f} times as wide" in said
    minutes = mean([one.cpu_minutes for by in sweep.runs.values() for one in by.values()])
    assert f"{minutes:.1f} minutes of one processor for a run" in said
    assert f"{total:,} images in {kept['epochs']} epochs, batches of {kept['batch_size']}" in said
    assert f"EMA with μ = {kept['ema']:g}, {kept['precision']}; seeds " in said
    assert f"γ = {kept['gamma']:g}, {kept['sample_steps']} steps of Euler's method" in said
    assert f"D = {kept['num_hiddens']}, {total:,} images" in said
    assert f"{sweep.count} samples for each set of weights" in said


def read_course(recipe: str) -> Any:
    from lessons.training.runs.recipes import recipe as kind

    return kind(recipe).presets["Course"]


def test_the_bowl_says_which_weights_end_where(rates_page: tuple[Page, results.RateSweep]) -> None:
    page, _ = rates_page
    assert "constant rate are **0.2100** from the minimum, their average **0.1100**; with" in (
        page.said
    )
    assert "last weights are **1.2100** from it, their average **1.1100**." in page.said
    drawn = page.curves("b251_bowl")
    ends = {name: (trace.y[-1], trace.style) for name, trace in drawn.items()}
    assert ends == {
        "constant rate, averaged weights": (0.11, "solid"),
        "constant rate, last weights": (0.21, "dashed"),
        "decaying rate, averaged weights": (1.11, "solid"),
        "decaying rate, last weights": (1.21, "dashed"),
    }


def test_the_weights_that_are_chosen_are_sampled(
    rates_page: tuple[Page, results.RateSweep],
) -> None:
    page, sweep = rates_page
    assert page.live("ten_digits").given["which"] == results.LAST
    rows = {name: row(10 * k) for k, name in enumerate(results.RATES)}
    for chosen in ("last", "averaged"):
        shown = read("rate_schedule.py", {"ten_digits": rows}, {"b251_weights": chosen})
        [delivered] = shown.of("deliver")
        assert delivered.args[1] == f"The digits 0 to 9 by learning rate, {chosen} weights"
    again = read("rate_schedule.py", {}, {"b251_weights": "averaged"})
    assert again.live("ten_digits").given["which"] == results.AVERAGED
    [link] = page.of("to_page")
    assert link.given["train_seed"] == str(min(next(iter(sweep.runs.values()))))


# B2.2.1 · Wider or longer


def points() -> dict[int, list[wider_or_longer.MeanPoint]]:
    point = wider_or_longer.MeanPoint
    return {
        8: [
            point(8, 1000, 1.0, ((90.0, 3.0), (70.0, 4.0)), 0.5),
            point(8, 3000, 3.0, ((40.0, 2.0),), 0.3),
        ],
        16: [
            point(16, 1000, 3.1, ((30.0, 1.5),), 0.4),
            point(16, 4000, 12.4, ((11.0, 1.0),), 0.2),
        ],
    }


@pytest.fixture(scope="module")
def widths_page() -> Page:
    def found(call: Any) -> Any:
        return wider_or_longer.cost(call.given["width"]) if call.function == "cost" else None

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wider_or_longer, "over_seeds", lambda width, _: points().get(width, []))
        patch.setattr(results, "widths", narrow)
        return read("wider_or_longer.py", found)


def narrow() -> results.WidthSweep:
    sweep = WIDTHS
    return replace(sweep, runs={width: by for width, by in sweep.runs.items() if width in points()})


WIDTHS = results.widths()


def test_widths_table_says_what_every_minute_bought(widths_page: Page) -> None:
    _, *lines = widths_page.table("Widths, lengths")
    cells = [line[:5] for line in lines[:4]]
    assert cells == [
        ["D = 8, 1,000 images", "1.0", "80.00 ± 2.50", "90.00, 70.00", "–"],
        ["D = 8, 3,000 images", "3.0", "40.00 ± 2.00", "40.00", "20.0"],
        ["D = 16, 1,000 images", "3.1", "30.00 ± 1.50", "30.00", "–"],
        ["D = 16, 4,000 images", "12.4", "11.00 ± 1.00", "11.00", "2.0"],
    ]
    assert [line[5] for line in lines[:4]] == ["0.5000", "0.3000", "0.4000", "0.2000"]


def test_widths_of_equal_minutes_name_the_one_that_is_ahead(widths_page: Page) -> None:
    [line] = widths_page.table("Neighbouring widths")[1:]
    assert line == [
        "about 3.1 minutes",
        "D = 8, 3,000 images: 40.0 ± 2.0",
        "D = 16, 1,000 images: 30.0 ± 1.5",
        "D = 16",
    ]
    assert "it differs by up to 20.0 from the first" in widths_page.said


def test_widths_lie_along_the_bottom_where_they_belong(widths_page: Page) -> None:
    places, eight = widths_page.names["places"], points()[8]
    assert places(8, eight, "images seen") == [1000, 3000]
    assert places(8, eight, "processor minutes") == [1.0, 3.0]
    work = wider_or_longer.cost(8).multiply_adds
    assert places(8, eight, "multiply-adds") == [3000 * work, 9000 * work]
    drawn = widths_page.all_curves("b221_frechet")
    assert [list(trace.y) for trace in drawn[:3]] == [[80, 40], [77.5, 38], [82.5, 42]]
    assert {trace.color for trace in drawn[:3]} == {drawn[0].color} != {drawn[3].color}
    assert [list(t.y) for t in widths_page.all_curves("b221_loss")] == [[0.5, 0.3], [0.4, 0.2]]


def test_widths_say_how_they_were_trained_and_label_their_samples(widths_page: Page) -> None:
    kept, said = WIDTHS.settings, widths_page.said
    assert f"Batches of {kept['batch_size']}, a constant rate of {kept['learning_rate']:g}" in said
    assert f"(EMA, μ = {kept['ema']:g}), {kept['precision']}; seeds" in said
    assert f"{WIDTHS.count} samples for each point and seed, {kept['sample_steps']} steps" in said
    assert f"what {WIDTHS.count} real digits have, {WIDTHS.floor:.2f}: none" in said
    kept_rows = widths_page.of("grid")[0]
    for label, images_ in zip(kept_rows.given["row_labels"], kept_rows.args[0], strict=True):
        words = f"a sample of {label.replace(', ', ' after ', 1)}"
        assert {one.alt for one in images_} == {words}


def test_widths_cost_what_their_layers_cost(widths_page: Page) -> None:
    one, double = wider_or_longer.cost(16), wider_or_longer.cost(32)
    said = widths_page.said
    assert f"**{one.parameters:,}** parameters, **{one.multiply_adds / 1e6:.1f}** million" in said
    assert f"there would be {double.parameters / one.parameters:.2f} times as many param" in said
    assert f"and {double.multiply_adds / one.multiply_adds:.2f} times as many multiply-adds" in said
    _, *lines = widths_page.table("The layers")
    assert sum(float(line[6][:-1]) for line in lines) == pytest.approx(100, abs=1)
    for line, layer in zip(lines, one.layers, strict=True):
        assert line[1] == f"{layer.channels[0]} → {layer.channels[1]}"
        assert line[3:6] == [str(layer.places), f"{layer.parameters:,}", f"{layer.multiply_adds:,}"]
        assert line[6] == f"{layer.multiply_adds / one.multiply_adds:.1%}"
    speed = (12.4 / 4000) / (3.0 / 3000)
    work = one.multiply_adds / wider_or_longer.cost(8).multiply_adds
    assert f"D = 16 took {speed:.1f} times as long for an image as D = 8, with {work:.1f}" in said
