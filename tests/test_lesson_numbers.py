"""Numbers, labels and panels of single lessons, each against its own definition."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from test_sampled_digits import shipped
from torch import Tensor
from torch.testing import assert_close

from lessons.beyond import one_step, own_digit, rate_schedule, wider_or_longer
from lessons.beyond.rectified import measure, reflow
from lessons.check import report, verdict
from lessons.check.checks import CHECKS
from lessons.check.process import Report
from lessons.diffusion.noise import NoiseSource, stream
from lessons.images.captioned import to_pixels
from lessons.measure.sample_quality import mean_intensity
from lessons.measure.trained import results
from lessons.part_b import class_guidance
from lessons.trace import digit_traces, microscope
from lessons.training.networks import load_network
from lessons.training.previews import noise_like
from lessons.training.previews import test_digits as known_digits
from lessons.workshop.experiments import comparing, digit_networks
from models.catalog import finish
from models.text_to_image import ModelSpec
from pages._shared import measured_runs

FIRST = NoiseSource(7, one_step.COUNT, reflow.SHAPE)()
"""The noises that the lesson of one step begins with at seed 7."""


def decibels(image: Tensor, truth: Tensor) -> float:
    return -10 * math.log10(float((image - truth).square().mean()))


# B2.6 · One step


def test_how_far_rows_are_apart_is_a_mean_of_each_images_root_mean_square() -> None:
    x = torch.zeros(3, 1, 2, 2)
    x[0], x[1, 0, 0, 0] = 0.5, 1.0
    x[2] = -4.0  # is displayed as black
    assert one_step._apart(x, torch.zeros(3, 1, 2, 2)) == pytest.approx((0.5 + 0.5 + 0) / 3)


@pytest.fixture
def made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Velocities that are only numbers: 5 of the guided teacher, others of all others."""
    speeds = {one_step.TEACHER: 5.0, one_step.RECTIFIED: 3.0, one_step.DISTILLED: 2.0}

    def velocity(name: str, _run: str, _labels: Tensor) -> Any:
        bend = 4.0 if name == one_step.TEACHER else 0.0
        pixel = torch.zeros(1, 1, 28, 28)
        pixel[..., 20, 3] = 1.0

        def predict(x_t: Tensor, t: float) -> Tensor:
            return torch.full_like(x_t, speeds[name]) + bend * t * pixel

        return predict

    monkeypatch.setattr(one_step, "velocity", velocity)
    monkeypatch.setattr(one_step, "captioned", lambda x, _labels: x)


@pytest.mark.usefixtures("made_up")
def test_every_row_of_one_step_is_made_by_whom_and_in_as_many_steps_as_it_says() -> None:
    found = finish(one_step.demo("a run", one_step.ALL_DIGITS, 4, 7))
    speeds = {"teacher": 5.0, "rectified student": 3.0, "distilled student": 2.0}
    assert list(found.rows) == [
        "teacher, 1 step",
        "distilled student, 1 step",
        "rectified student, 1 step",
        "rectified student, 4 steps",
        "teacher, 4 steps",
        "teacher, 50 steps",
    ]
    for name, x in found.rows.items():
        moved: Any = x - FIRST  # type: ignore[operator]
        assert float(moved.median()) == pytest.approx(speeds[name.split(",")[0]], abs=1e-4)
    assert list(found.calls.values()) == [2, 1, 1, 4, 8, 100]
    assert found.apart["teacher, 50 steps"] == 0


@pytest.mark.usefixtures("made_up")
def test_bends_begin_at_t_0_and_name_the_row_and_the_column_that_bend() -> None:
    found = finish(one_step.bends("a run", one_step.ALL_DIGITS, 7))
    assert found.times[0] == found.places[0] == 0
    assert (found.times[-1], found.places[-1]) == (0.98, 1)
    assert found.where[0] == (20, 3)
    first = found.pixels[one_step.TEACHER][0]
    assert (len(first), first[0]) == (51, pytest.approx(float(FIRST[0, 0, 20, 3]), abs=1e-5))
    teacher = found.departures[one_step.TEACHER]
    assert teacher[0] == pytest.approx((4 * 0.49) ** 2 / 784, rel=1e-3)
    assert teacher[25] < teacher[0]
    assert found.straightness[one_step.TEACHER] == pytest.approx(sum(teacher) / 50)
    assert max(found.departures[one_step.RECTIFIED]) < 1e-6


@pytest.mark.usefixtures("made_up")
def test_ones_own_student_stands_beside_the_guided_teacher(monkeypatch: pytest.MonkeyPatch) -> None:
    labels = torch.arange(10)
    network = torch.nn.Identity()

    def pairs_of(*given: Any) -> Iterator[reflow.Pairs]:
        assert given[1:] == (10, one_step.GAMMA, one_step.TEACHER_STEPS, 7)
        yield reflow.Pairs(FIRST, FIRST, labels)

    def train(_teacher: Any, _pairs: Any, plan: reflow.Plan) -> Iterator[reflow.Student]:
        assert plan.one_step
        for step in (1, 2):
            yield reflow.Student(step, network, step / 10)

    monkeypatch.setattr(one_step.networks, "load_network", lambda _run: network)
    monkeypatch.setattr(one_step, "pairs_of", pairs_of)
    monkeypatch.setattr(one_step, "train", train)
    monkeypatch.setattr(one_step, "velocity_of", lambda _n, _l: lambda x, _t: torch.full_like(x, 9))
    found = finish(one_step.learn("a run", 10, 2, 7))
    rows: Any = found.rows
    assert list(rows) == ["teacher, 1 step", "your student, 1 step", "teacher, 10 steps"]
    assert_close(rows["teacher, 1 step"], FIRST + 5)
    assert_close(rows["your student, 1 step"], FIRST + 9)
    assert float((rows["teacher, 10 steps"] - FIRST).median()) == pytest.approx(5, abs=1e-4)
    assert found.losses == (0.1, 0.2)
    assert list(found.apart) == ["teacher, 1 step", "your student, 1 step"]


def test_quality_measures_the_distance_as_the_page_does() -> None:
    images, many = torch.rand(100, 1, 28, 28), torch.rand(100, 1, 28, 28)
    found = measure.quality(images, many)
    each = (images - many).square().flatten(1).mean(1).sqrt()
    assert found.apart[0] == pytest.approx(float(each.mean()), rel=1e-5)
    groups = torch.stack([part.mean() for part in each.double().chunk(10)])
    assert found.apart[1] == pytest.approx(float(groups.std() / 10**0.5), rel=1e-4)


def test_a_straightness_has_the_standard_error_of_its_mean(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept: dict[str, Any] = {}
    bent = torch.linspace(0, 1, 300)
    monkeypatch.setattr(measure, "sampled", lambda *_: (torch.rand(300, 1, 28, 28), bent))
    monkeypatch.setattr(
        measure, "quality", lambda *_: measure.FewStepQuality((1, 0), (1, 0), (0, 0))
    )
    monkeypatch.setattr(measure.classifier, "frechet_floor", lambda _: 0.4)
    monkeypatch.setattr(measure.files, "write_json", lambda _, about: kept.update(about))
    monkeypatch.setattr("sys.argv", ["measure", "--count", "300"])
    measure.main()
    for mean, error in kept["straightness"].values():
        assert (mean, error) == (
            pytest.approx(0.5),
            pytest.approx(float(bent.std()) / 300**0.5, rel=1e-5),
        )
    assert (kept["count"], kept["floor"]) == (300, 0.4)


# B2.2.1 and B2.5.1 · What was measured of trainings


def test_a_point_is_the_mean_of_its_seeds_and_keeps_each_distance() -> None:
    def point(images: int, minutes: float, frechet: float, loss: float) -> results.LengthPoint:
        return results.LengthPoint(images, minutes, (frechet, 3.0), loss)

    by = {
        5: (point(100, 2.0, 9.0, 0.2), point(300, 7.0, 5.0, 0.1)),
        6: (point(100, 4.0, 6.0, 0.5),),
    }
    one, other = wider_or_longer.over_seeds(8, by)
    assert (one.images, one.minutes, one.test_loss) == (100, 3.0, pytest.approx(0.35))
    assert (one.frechets, one.frechet) == (((9.0, 3.0), (6.0, 3.0)), 7.5)
    assert one.error == pytest.approx(18**0.5 / 2)
    assert (other.images, other.minutes, other.test_loss) == (300, 7.0, pytest.approx(0.1))
    assert wider_or_longer.apart({8: [one, other]}) == 3.0


def test_rates_are_sampled_with_the_guidance_and_steps_that_are_chosen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given: list[tuple[Any, ...]] = []

    def following(network: str, labels: Tensor, gamma: float) -> Any:
        assert labels.tolist() == list(range(10))
        given.append((network, gamma))
        place = len(given)
        return lambda x_t, _t: torch.full_like(x_t, place)

    monkeypatch.setattr(rate_schedule, "network", lambda rate, which: f"{which} of {rate}")
    monkeypatch.setattr(rate_schedule, "following", following)
    monkeypatch.setattr(rate_schedule, "captioned", lambda x, _labels: x)
    found: Any = finish(rate_schedule.ten_digits(results.LAST, 3.5, 4, 7))
    assert given == [(f"{results.LAST} of {rate}", 3.5) for rate in results.RATES]
    noise = NoiseSource(7, 10, reflow.SHAPE)()
    for place, x in enumerate(found.values(), start=1):
        assert_close(x, noise + place, atol=1e-4, rtol=0)


# B1.2.4 · Your own digit


def test_the_decibels_of_ones_own_digit_are_against_the_digit_at_28_by_28() -> None:
    run = shipped("denoiser")
    found = own_digit.demo(run, 0.4, 5)
    x = own_digit.centred(own_digit.fit_in_box(own_digit.example()))
    z = x + 0.4 * torch.randn(x.shape, generator=stream(5, "own digit"))
    with torch.no_grad():
        x_hat = load_network(run)(z)
    _, clean, noisy, denoised = found.images
    assert noisy.caption.startswith(f"{decibels(z, x):.1f} dB · classified ")
    assert denoised.caption.startswith(f"{decibels(x_hat, x):.1f} dB · classified ")
    for image, one in ((clean, x), (noisy, z), (denoised, x_hat)):
        assert (image.pixels == to_pixels(one[0])).all()
    for image, name in zip((clean, noisy, denoised), found.probabilities, strict=True):
        shares = found.probabilities[name]
        assert image.caption.endswith(f"classified {shares.index(max(shares))}")


# The microscope


def test_a_factor_of_each_pixel_is_shown_as_its_mean_and_read_at_the_pixel() -> None:
    factors = np.arange(12, dtype=np.float64).reshape(1, 3, 4, 1) ** 2
    values = np.linspace(-1, 1, 12, dtype=np.float32).reshape(1, 3, 4, 1)
    term = microscope.Term("x_t", "x_t", "x_t", "a", factors, values)
    equation = microscope.TermSum("title", (term,), microscope.total("x_t", "x", "x", values))
    trace = microscope.SamplingTrace(("t = 2 → 1",), (2.0,), values, values, None, (equation,))
    [[part, result]] = microscope.look(trace, 0, 2, 1, 0, weighted=False)
    assert part.factor == pytest.approx(float(factors.mean()))
    assert part.at_pixel == 81
    assert part.value == pytest.approx(float(values[0, 2, 1, 0]))
    assert (result.factor, result.at_pixel) == (1, 1)
    assert part.image.alt == "x_t, at step t = 2 → 1"


def test_steps_of_a_flow_go_from_noise_to_the_image() -> None:
    found = finish(digit_traces.digit(shipped("class-flow"), 1, 2, 2.0, digit=4))
    assert found.labels == ("t = 0.00 → 0.50", "t = 0.50 → 1.00")
    assert found.times == (0, 0.5, 1)
    assert_close(found.places[0], NoiseSource(1, 5, (1, 28, 28))()[4].movedim(0, -1).numpy())


# Check my code


def test_the_report_says_errors_in_percent_and_shows_what_is_expected_first() -> None:
    number = verdict.Number("result", "2.5", "3.1", 0.2437)
    assert report._compared(number) == "expected 2.5, got 3.1 (relative error 24.4%)"
    assert report._share(verdict.Number("a", "0", "1", 1.0)) == "–"
    assert report._share(verdict.Number("a", "3", "9", 12.0)) == "≥ 1,000 %"
    check = next(one for one in CHECKS if one.name == "forward")
    expected, got = torch.full((3, 8, 8), -1.0), torch.full((3, 8, 8), 0.0)
    shown = report.picture(verdict.Verdict(check, "wrong", images=(expected, got)))
    assert shown
    third = shown.pixels.shape[1] // 3
    left, middle = shown.pixels[:, :third], shown.pixels[:, third : 2 * third]
    assert (int(left[2, 2].max()), int(middle[2, 2].max())) == (0, 128)
    assert shown.caption.startswith("Image at t = 0, 250, 500, 750: expected, got, and their")


# Lessons on digits


def test_where_the_label_makes_pixels_brighter_the_difference_is_brighter_than_grey() -> None:
    images = class_guidance.anatomy(shipped("class-ddpm"), 3, 5.0, seed=1, t=250)
    _, without, with_label, change, guided = images
    apart = with_label.pixels.astype(int) - without.pixels
    assert (apart > 20).any()
    assert (apart < -20).any()
    assert change.pixels[apart > 20].min() > 128 > change.pixels[apart < -20].max()
    assert [one.caption for one in images] == [
        "x_t at t = 250",
        "estimate without the label",
        "estimate with the label 3",
        "what the label changes",
        "estimate at γ = 5",
    ]
    assert [one.symbol for one in images] == ["x_t", "x_0_hat", "x_0_hat", "", "x_0_hat"]
    brighter = guided.pixels.astype(int) - with_label.pixels
    assert brighter[apart > 20].mean() > brighter[apart < -20].mean()


def test_denoising_twice_is_measured_over_thirty_digits() -> None:
    run = shipped("denoiser")
    found = digit_networks.twice(run, 5)
    network, x = load_network(run), known_digits(30)
    z = x + digit_networks.SIGMA * noise_like(x, 5)
    with torch.no_grad():
        once = network(z)
        again = network(once)

    def mean(y: Tensor) -> float:
        return sum(decibels(a, b) for a, b in zip(y, x, strict=True)) / 30

    assert found.words == (
        f"input: {mean(z):.1f} dB",
        f"once: {mean(once):.1f} dB",
        f"twice: {mean(again):.1f} dB",
    )
    for row, y in zip(found.rows, (z, once, again), strict=True):
        assert len(row) == 10
        assert (row[3].pixels == to_pixels(y[3])).all()


# What several lessons share


def test_two_sides_are_apart_by_a_share_of_white_minus_black() -> None:
    form = ModelSpec((3, 2, 2), -1.0, 1.0, torch.ones(3).double())
    first, other = torch.zeros(2, 3, 2, 2), torch.zeros(2, 3, 2, 2)
    other[1, 2, 0, 1] = -0.5
    found = comparing.compare(form, (("one", first), ("other", other)))
    assert (found.apart, found.words) == (0.25, ("one", "other"))


def test_intensity_is_that_of_what_is_displayed() -> None:
    assert mean_intensity(torch.tensor([[[[-3.0, 0.5], [1.0, 5.0]]]])) == pytest.approx(0.625)


def test_a_remark_counts_as_right() -> None:
    check = CHECKS[0]
    every = [verdict.Verdict(check, status) for status in ("right", "remark", "remark", "wrong")]
    found = Report("mine.py", tuple(every))
    assert report.summary(found) == "3 right, 1 wrong, 0 not there."


def test_a_stretch_of_a_curve_stands_at_its_middle() -> None:
    assert measured_runs.places(1000, 4) == [125, 375, 625, 875]
