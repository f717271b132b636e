"""The lesson of width and length: what a layer costs, and what was measured."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest
from torch.utils.flop_counter import FlopCounterMode

from lessons.beyond import wider_or_longer as lesson
from lessons.measure import classifier
from lessons.measure.trained import results, wider_or_longer
from lessons.part_b.train_ddpm import DDPMSettings
from lessons.training import runs
from models.catalog import finish
from models.unet import TimeConditionalUNet
from pages._ui.session import lessons

SWEEP = results.widths()
ROUTER = str((lessons.FOLDER / "_router.py").resolve())

# What stands behind the sentences of the lesson that say a number: a test, or a definition.
CLAIMS = {
    "wider_or_longer.py": {
        "B2.2.1 · A better time-conditioned network": "by definition",
        "widths are measured after ever more images": "by definition",
        "you see which of the two buys more": "by definition",
        "D = 64 and sees 1,200,000 images in batches of 128": "test_the_course_trains_as_is_said",
        "three times those of a prediction": "by definition",
        "times as many parameters and": "test_twice_the_width_is_about_four_times_the_work",
        "is ahead or level": "test_after_equal_images_the_wider_is_ahead_or_level",
        "gains from its many images first": "test_the_order_depends_on_the_minutes",
        "a lead of that size may be chance": "test_seeds_differ_and_the_page_says_by_how_much",
        "Far above what {} real": "test_points_rise_and_are_measured_beside_their_floor",
        "Most of this is one run of each width": "test_seeds_differ_and_the_page_says_by_how_much",
        "The test loss need not agree": "test_the_test_loss_need_not_agree",
        "where the minutes are equal": "test_the_test_loss_need_not_agree",
    },
    "_teaching/wider_or_longer.py": {
        "ahead after 0.9 minutes and D = 16 after 1.8": "test_the_order_depends_on_the_minutes",
        "that is stopped early has had too few images": "test_the_order_depends_on_the_minutes",
    },
    "_teaching/wider_or_longer.md": {
        "Ten noises after ever more images": "by definition",
        "A wider network is a better network": "test_the_order_depends_on_the_minutes",
    },
}
EVERY = {width: lesson.over_seeds(width, by) for width, by in SWEEP.runs.items()}


def test_the_course_trains_as_is_said() -> None:
    course = DDPMSettings()
    said = (course.num_hiddens, course.total_images, course.batch_size)
    assert said == (64, 1_200_000, 128)


def test_after_equal_images_the_wider_is_ahead_or_level() -> None:
    for narrow, wide in pairwise(EVERY.values()):
        before = {one.images: one for one in narrow}
        for one in wide:
            if one.images in before:
                other = before[one.images]
                error = (one.error**2 + other.error**2) ** 0.5
                assert one.frechet < other.frechet + 2 * error


def test_the_order_depends_on_the_minutes() -> None:
    """What the page and its question say of D = 8 and D = 16."""
    pairs = [p for p in lesson.equal_minutes(EVERY) if (p[0].width, p[1].width) == (8, 16)]
    ahead = {f"{narrow.minutes:.1f}": narrow.frechet < wide.frechet for narrow, wide in pairs}
    assert ahead == {"0.5": True, "0.9": True, "1.8": False}
    for narrow, wide in pairs[1:]:  # those that are said in words
        assert f"{narrow.minutes:.1f}" == f"{wide.minutes:.1f}"
    for narrow, wide in pairs:
        error = (narrow.error**2 + wide.error**2) ** 0.5
        assert abs(narrow.frechet - wide.frechet) > 2 * error


def test_the_test_loss_need_not_agree() -> None:
    last = [p for p in lesson.equal_minutes(EVERY) if p[1].width == 16][-1]
    assert last[0].frechet > last[1].frechet
    assert last[0].test_loss < last[1].test_loss


@pytest.mark.parametrize("width", [8, 24])
def test_multiply_adds_are_those_that_torch_counts(width: int) -> None:
    network = TimeConditionalUNet(1, 10, width).eval()
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network(torch.zeros(1, 1, 28, 28), torch.zeros(1))
    found = lesson.cost(width)
    assert 2 * found.multiply_adds == counter.get_total_flops()
    assert found.parameters == sum(one.numel() for one in network.parameters())
    assert sum(one.multiply_adds for one in found.layers) == found.multiply_adds
    assert sum(one.parameters for one in found.layers) < found.parameters  # BatchNorm's are left


def test_twice_the_width_is_about_four_times_the_work() -> None:
    for width in (8, 16, 32, 64):
        one, two = lesson.cost(width), lesson.cost(2 * width)
        assert two.multiply_adds / one.multiply_adds == pytest.approx(4, abs=0.06)
        assert two.parameters / one.parameters == pytest.approx(4, abs=0.08)


def test_a_convolution_of_one_place_is_a_linear_layer() -> None:
    assert lesson.convolution_cost(5, 7, 1, 1) == (5 * 7 + 7, 5 * 7)
    layer = torch.nn.Conv2d(5, 7, 3)
    assert lesson.convolution_cost(5, 7, 3, 4)[0] == sum(p.numel() for p in layer.parameters())


def test_a_width_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        lesson.cost(0)


def test_every_width_samples_ten_digits_from_the_same_noises() -> None:
    rows = finish(lesson.ten_digits(2, 276))
    assert list(rows) == [f"D = {width}" for width in SWEEP.runs]
    assert {len(row) for row in rows.values()} == {10}
    other = finish(lesson.ten_digits(2, 277))
    for width, row in rows.items():
        assert not np.array_equal(row[0].pixels, other[width][0].pixels)
        assert all("classified as" in image.alt for image in row)


def test_a_width_that_was_not_trained_has_no_network() -> None:
    with pytest.raises(ValueError, match="can't be used"):
        lesson.network(40)


def test_the_weights_that_ship_are_those_that_were_measured() -> None:
    """In eight bits they have the test loss of their longest run, nearly."""
    for width, by in SWEEP.runs.items():
        seed = min(by)
        settings = DDPMSettings.model_validate({"num_hiddens": width, "seed": seed})
        own = wider_or_longer.test_loss(lesson.network(width), settings)
        assert own == pytest.approx(by[seed][-1].test_loss, rel=0.03), width


def test_seeds_differ_and_the_page_says_by_how_much() -> None:
    several = [one for points in EVERY.values() for one in points if len(one.frechets) > 1]
    assert several
    differences = [abs(one.frechets[0][0] - one.frechets[1][0]) for one in several]
    assert lesson.apart(EVERY) == pytest.approx(max(differences))
    assert lesson.apart({8: [replace(one, frechets=one.frechets[:1]) for one in several]}) == 0
    longer = [one for points in EVERY.values() for one in points if one not in several]
    assert longer
    assert {len(one.frechets) for one in longer} == {1}


def test_what_an_image_cost_is_compared_after_the_longest_runs_of_neighbouring_widths() -> None:
    def at(width: int, images: int, minutes: float) -> lesson.MeanPoint:
        return lesson.MeanPoint(width, images, minutes, ((1.0, 0.1),), 0.1)

    every = {8: [at(8, 10, 9.0), at(8, 100, 5.0)], 16: [at(16, 50, 10.0)], 32: [at(32, 10, 3.0)]}
    one, other = lesson.slower(every)
    assert (one.narrow, one.wide, other.narrow, other.wide) == (8, 16, 16, 32)
    assert (one.minutes, other.minutes) == (pytest.approx(4.0), pytest.approx(1.5))
    exact = lesson.cost(32).multiply_adds / lesson.cost(16).multiply_adds
    assert other.multiply_adds == exact


def test_every_measured_network_shows_ten_samples() -> None:
    rows = lesson.rows_on_the_way()
    first = {width: by[min(by)] for width, by in SWEEP.runs.items()}
    assert list(rows) == [(width, p.images) for width, points in first.items() for p in points]
    for (width, images), row in rows.items():
        assert len(row) == 10
        assert {one.alt for one in row} == {f"a sample of D = {width} after {images:,} images"}
        assert all(one.pixels.shape == (28, 28) for one in row)


def test_points_rise_and_are_measured_beside_their_floor() -> None:
    assert SWEEP.floor == pytest.approx(classifier.frechet_floor(SWEEP.count), rel=1e-3)
    for by in SWEEP.runs.values():
        for points in by.values():
            for before, after in pairwise(points):
                assert before.images < after.images
                assert before.cpu_minutes < after.cpu_minutes
            assert all(one.frechet[0] > 50 * SWEEP.floor for one in points)


def test_rows_are_settings_that_a_run_can_have() -> None:
    for width, by in SWEEP.runs.items():
        for one in by[min(by)]:
            wanted = lesson.settings_of(width, one.images, SWEEP.settings)
            settings, changes = runs.nearest_settings("ddpm", wanted)
            assert not changes
            assert (settings.num_hiddens, settings.total_images) == (width, one.images)
            assert (settings.precision, settings.decay) == ("float32", 1.0)


def opened(**address: str) -> AppTest:
    test = AppTest.from_file(ROUTER, default_timeout=300)
    test.query_params.update(address)
    test.switch_page("wider_or_longer.py")
    test.run()
    assert not test.exception
    return test


def test_the_table_and_the_link_say_what_was_measured() -> None:
    test = opened()
    bodies = [part.proto.body for part in test.main.get("html")]
    [table] = [body for body in bodies if "Widths, lengths and" in body]
    points = sum(len(by[min(by)]) for by in SWEEP.runs.values())
    assert table.count("<tr>") == 1 + points + 1
    for by in SWEEP.runs.values():
        for one in by[min(by)]:
            assert f"{one.frechet[0]:.2f}" in table
            assert f"{one.images:,} images" in table
    [link] = [part.proto for part in test.main.get("page_link") if part.proto.label[:5] == "Train"]
    width, first = next((width, by[min(by)][0]) for width, by in SWEEP.runs.items())
    kept = SWEEP.settings
    epochs = first.images // kept["images_per_epoch"]
    for words in (f"num_hiddens={width}", f"epochs={epochs}", "decay=1.0", "train_seed=276"):
        assert words in str(link), link
