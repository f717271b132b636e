"""B2.6 · One step: straight lines need one, and what the page says about those that are not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

from lessons.beyond import one_step as lesson
from lessons.beyond.rectified import measure, reflow, straightness, velocities
from lessons.diffusion.flow import PredictVelocity, euler
from lessons.diffusion.noise import NoiseSource
from lessons.images.captioned import Progress
from lessons.measure import classifier
from models.catalog import finish
from models.unet import ClassConditionalUNet

# What stands behind the sentences of the lesson that say a number: a test, or a definition.
CLAIMS = {
    "_teaching/one_step.md": {
        "the student's hardly do": (
            "test_the_student_bends_less_than_its_teacher_and_pixels_end_where_the_digit_does"
        ),
        "so it can't become better": "by definition",
        "bend because the lines cross": "by definition",
    },
    "_teaching/one_step.py": {
        "lines between those can be learnt far better": (
            "test_what_the_page_says_in_words_is_what_was_measured"
        ),
        "what it once knew of that time is forgotten": (
            "test_a_second_step_spoils_what_the_distilled_student_drew"
        ),
        "measured on 300 samples": "test_a_second_step_spoils_what_the_distilled_student_drew",
        "trained at t = 0 alone": "test_a_student_for_one_step_is_asked_at_t_0_alone",
        "one prediction a step": "test_a_step_of_the_teacher_takes_two_predictions",
    },
    "one_step.py": {
        "can't be told apart": "by definition",
        "Hardly anything that the classifier could see": (
            "test_what_the_page_says_in_words_is_what_was_measured"
        ),
        "yet has the better Fréchet distance": (
            "test_what_the_page_says_in_words_is_what_was_measured"
        ),
        "that bend most with the teacher": (
            "test_the_student_bends_less_than_its_teacher_and_pixels_end_where_the_digit_does"
        ),
        "takes two predictions a step": "test_a_step_of_the_teacher_takes_two_predictions",
        "minutes of one core, seed": "by definition",
        "white minus black being 1": "by definition",
        "A straight line has 0": "test_a_constant_velocity_has_a_straightness_of_zero",
        "at t = 0 alone": "test_a_student_for_one_step_is_asked_at_t_0_alone",
    },
}
TARGET = torch.linspace(-1, 1, 784).view(1, 1, 28, 28)
LABELS = torch.tensor([3, 4])
NOISE = NoiseSource(5, 2, reflow.SHAPE)()
"""Two noises, and the digits requested from them."""


class Linear(nn.Module):
    """A teacher that leads every noise x_0 to A x_0 + b, along a straight line."""

    def forward(self, x_t: Tensor, t: float) -> Tensor:
        x_0 = (x_t - t * TARGET) / (1 - t / 2)
        return TARGET - x_0 / 2


def places(predict: PredictVelocity, steps: int, x_0: Tensor = NOISE) -> Tensor:
    return torch.stack([x_0, *(frame.x_t for frame in euler(x_0, predict, steps))])


def small(seed: int = 1) -> nn.Module:
    """A narrow network that was never trained."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = ClassConditionalUNet(1, 10, 8)
    return network.eval().requires_grad_(False)


@pytest.mark.parametrize("steps", [1, 2, 7, 50])
def test_a_teacher_with_straight_trajectories_is_exact_in_any_number_of_steps(steps: int) -> None:
    teacher = Linear()
    end = reflow.end_point(NOISE, teacher, steps)
    assert_close(end, NOISE / 2 + TARGET, atol=1e-5, rtol=0)
    assert_close(end, reflow.one_step(NOISE, teacher), atol=1e-5, rtol=0)


def test_a_student_that_learnt_the_pairs_of_a_linear_teacher_is_exact_in_one_step() -> None:
    """The least squares of the reflow loss at t = 0, for a student that is linear itself."""
    x_0 = NoiseSource(6, 40, reflow.SHAPE)()
    x_1 = reflow.end_point(x_0, Linear(), 3)
    inputs = torch.stack([x_0.flatten(), torch.ones(x_0.numel()), TARGET.expand_as(x_0).flatten()])
    wanted = (x_1 - x_0).flatten()[:, None]
    weights = torch.linalg.lstsq(inputs.T.double(), wanted.double()).solution.float().flatten()
    assert_close(weights, torch.tensor([-0.5, 0.0, 1.0]), atol=1e-4, rtol=0)
    learnt = reflow.one_step(NOISE, lambda x, _t: weights[0] * x + weights[1] + weights[2] * TARGET)
    assert_close(learnt, reflow.end_point(NOISE, Linear(), 50), atol=1e-4, rtol=0)


def test_the_loss_is_0_for_the_right_velocity_and_that_of_the_lines_for_none() -> None:
    pairs = reflow.Pairs(NOISE, reflow.end_point(NOISE, Linear(), 1), LABELS)

    def right(_x: Tensor, _labels: Tensor, _t: Tensor) -> Tensor:
        return pairs.x_1 - pairs.x_0

    def none(x: Tensor, _labels: Tensor, _t: Tensor) -> Tensor:
        return torch.zeros_like(x)

    t = torch.tensor([0.2, 0.7])
    assert reflow.reflow_loss(as_network(right), pairs, t) == 0
    expected = (pairs.x_1 - pairs.x_0).square().mean()
    assert_close(reflow.reflow_loss(as_network(none), pairs, t), expected)


def as_network(function: Callable[[Tensor, Tensor, Tensor], Tensor]) -> nn.Module:
    network = nn.Module()
    network.forward = function  # type: ignore[method-assign]
    return network


def test_the_network_is_asked_on_the_line_at_its_time_with_its_label() -> None:
    pairs, t = reflow.Pairs(NOISE, TARGET.expand_as(NOISE), LABELS), torch.tensor([0.0, 0.75])
    asked: list[tuple[Tensor, Tensor, Tensor]] = []

    def noted(x: Tensor, labels: Tensor, times: Tensor) -> Tensor:
        asked.append((x, labels, times))
        return torch.zeros_like(x)

    reflow.reflow_loss(as_network(noted), pairs, t)
    [(x_t, labels, times)] = asked
    assert_close(x_t[0], NOISE[0])
    assert_close(x_t[1], 0.25 * NOISE[1] + 0.75 * TARGET[0])
    assert (labels.tolist(), times.tolist()) == ([3, 4], [0.0, 0.75])


def test_a_constant_velocity_has_a_straightness_of_zero() -> None:
    straight = places(lambda x, _t: torch.ones_like(x), 20)
    assert_close(straightness.straightness(straight), torch.zeros(2), atol=1e-9, rtol=0)
    assert float(straightness.straightness(places(Linear(), 20)).max()) < 1e-8


def test_straightness_of_a_velocity_that_grows_with_time_is_its_variance() -> None:
    """u = 2 t: the line has velocity 1, and the integral of (1 − 2t)² is 1/3."""
    steps = 400
    bent = places(lambda x, t: torch.full_like(x, 2 * t), steps)
    assert_close(straightness.straightness(bent), torch.full((2,), 1 / 3), atol=1e-4, rtol=1e-3)
    over_time = straightness.departures(bent)
    assert over_time.shape == (steps, 2)
    assert float(over_time[0, 0]) == pytest.approx(1, abs=0.01)
    assert float(over_time[steps // 2, 0]) == pytest.approx(0, abs=0.01)


def test_the_path_that_goes_straight_with_stops_has_not_straightness_0() -> None:
    stops = places(lambda x, t: torch.full_like(x, 2.0 * (t < 0.5)), 10)
    assert_close(straightness.straightness(stops), torch.ones(2), atol=1e-5, rtol=0)


def test_one_step_of_the_teacher_is_a_step_of_eulers_method() -> None:
    predict = velocities.velocity(velocities.TEACHER, velocities.teacher_run(), LABELS)
    [frame] = euler(NOISE, predict, 1)
    assert_close(reflow.one_step(NOISE, predict), frame.x_t, rtol=0, atol=1e-6)
    assert_close(reflow.end_point(NOISE, predict, 1), frame.x_t, rtol=0, atol=1e-6)


def test_a_step_of_the_teacher_takes_two_predictions() -> None:
    for name, calls in velocities.CALLS.items():
        asked: list[int] = []
        network = small()
        network.register_forward_pre_hook(
            lambda _n, given, asked=asked: asked.append(len(given[0]))
        )
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(
                velocities.networks, "load_network", lambda _run, network=network: network
            )
            patch.setattr(velocities.students, "_load", lambda _name, network=network: network)
            reflow.one_step(NOISE, velocities.velocity(name, "a-run", LABELS))
        assert sum(asked) == calls * len(NOISE), name


def test_the_same_seed_makes_the_same_pairs_and_the_same_student() -> None:
    teacher = small()

    def trained() -> list[float]:
        pairs = reflow.collected(list(reflow.pairs_of(teacher, 60, 2.0, 2, 3)))
        plan = reflow.Plan(steps=3, one_step=False, batch_size=8)
        return [student.loss for student in reflow.train(teacher, pairs, plan)]

    assert trained() == trained()


def test_pairs_are_noises_with_their_own_ends_all_digits_alike() -> None:
    teacher = small()
    parts = list(reflow.pairs_of(teacher, 70, 2.0, 2, 3))
    assert [len(part.labels) for part in parts] == [50, 20]
    pairs = reflow.collected(parts)
    assert pairs.labels.bincount().tolist() == [7] * 10
    guided = velocities.following(teacher, pairs.labels[60:], 2.0)
    assert_close(reflow.end_point(pairs.x_0[60:], guided, 2), pairs.x_1[60:], atol=1e-5, rtol=0)
    shown = NoiseSource(3, 70, reflow.SHAPE)()
    assert not torch.isclose(shown, pairs.x_0).flatten(1).all(1).any(), "the page's own noises"


def test_training_changes_the_student_and_not_the_teacher() -> None:
    teacher = small()
    before = {name: weight.clone() for name, weight in teacher.state_dict().items()}
    pairs = reflow.collected(list(reflow.pairs_of(teacher, 20, 2.0, 2, 3)))
    *_, student = reflow.train(teacher, pairs, reflow.Plan(3, one_step=True, batch_size=8))
    assert all(torch.equal(before[name], weight) for name, weight in teacher.state_dict().items())
    assert not torch.equal(student.network.state_dict()["out.weight"], before["out.weight"])


def test_a_student_learns_its_pairs() -> None:
    teacher = small()
    x_0 = NoiseSource(8, 32, reflow.SHAPE)()
    pairs = reflow.Pairs(x_0, torch.zeros_like(x_0), torch.arange(32) % 10)
    plan = reflow.Plan(40, one_step=True, batch_size=16, learning_rate=1e-2)
    losses = [student.loss for student in reflow.train(teacher, pairs, plan)]
    assert losses[-1] < losses[0] / 3


@pytest.mark.parametrize("one_step", [True, False])
def test_a_student_for_one_step_is_asked_at_t_0_alone(
    one_step: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Tensor] = []
    real = reflow.reflow_loss

    def noted(network: nn.Module, pairs: reflow.Pairs, t: Tensor) -> Tensor:
        asked.append(t)
        return real(network, pairs, t)

    monkeypatch.setattr(reflow, "reflow_loss", noted)
    teacher = small()
    pairs = reflow.collected(list(reflow.pairs_of(teacher, 20, 2.0, 1, 3)))
    list(reflow.train(teacher, pairs, reflow.Plan(4, one_step=one_step, batch_size=16)))
    times = torch.cat(asked)
    assert len(times) == 64
    assert bool((times == 0).all()) == one_step
    assert one_step or (times.min() < 0.2 and times.max() > 0.8)


def teacher() -> str:
    return velocities.teacher_run()


def test_the_page_shows_who_sampled_in_how_many_steps_and_what_it_took() -> None:
    found = finish(lesson.demo(teacher(), lesson.ALL_DIGITS, 2, seed=276))
    assert found.calls == {
        "teacher, 1 step": 2,
        "distilled student, 1 step": 1,
        "rectified student, 1 step": 1,
        "rectified student, 2 steps": 2,
        "teacher, 2 steps": 4,
        "teacher, 50 steps": 100,
    }
    assert list(found.rows) == list(found.calls) == list(found.apart)
    assert found.apart["teacher, 50 steps"] == 0
    for place, image in enumerate(found.rows["teacher, 50 steps"]):
        assert image.alt.startswith(f"a sample of a {place}")
    first = found.apart["teacher, 1 step"]
    assert found.apart["distilled student, 1 step"] < first
    assert found.apart["rectified student, 1 step"] < first


def test_one_digit_for_all_columns_and_the_same_noises_at_any_number_of_steps() -> None:
    few = finish(lesson.demo(teacher(), "7", 2, seed=5))
    more = finish(lesson.demo(teacher(), "7", 4, seed=5))
    assert all("a sample of a 7" in image.alt for row in few.rows.values() for image in row)
    for row in ("teacher, 1 step", "distilled student, 1 step", "teacher, 50 steps"):
        for one, other in zip(few.rows[row], more.rows[row], strict=True):
            assert np.abs(one.pixels.astype(int) - other.pixels).max() <= 1
    with pytest.raises(ValueError, match="digits 0 to 9"):
        finish(lesson.demo(teacher(), "x", 2, seed=5))


def test_the_student_bends_less_than_its_teacher_and_pixels_end_where_the_digit_does() -> None:
    found = finish(lesson.bends(teacher(), lesson.ALL_DIGITS, seed=276))
    assert found.straightness[velocities.RECTIFIED] < found.straightness[velocities.TEACHER]
    for name, values in found.departures.items():
        assert len(values) == len(found.times) == lesson.MANY
        assert sum(values) / len(values) == pytest.approx(found.straightness[name], rel=1e-4)
    x_0 = NoiseSource(276, lesson.COUNT, reflow.SHAPE)()[0, 0]
    for paths in found.pixels.values():
        for (row, column), path in zip(found.where, paths, strict=True):
            assert len(path) == len(found.places) == lesson.MANY + 1
            assert path[0] == pytest.approx(float(x_0[row, column]), abs=1e-6)


def test_a_readers_student_is_seen_while_it_trains_and_ends_nearer_to_its_teacher() -> None:
    seen: list[Progress] = []
    run = lesson.learn(teacher(), 20, 10, 276)
    while True:
        try:
            seen.append(next(run))
        except StopIteration as end:
            found = end.value
            break
    assert [one.done for one in seen] == [20, *range(21, 31)]
    assert all(one.total == 30 for one in seen)
    assert seen[0].note == "the teacher makes pairs: 20 of 20"
    assert seen[-1].note.startswith("loss ")
    assert [one.done for one in seen if one.frame] == [30]
    assert len(found.losses) == 10
    assert list(found.rows) == [
        "teacher, 1 step",
        "your student, 1 step",
        "teacher, 10 steps",
    ]
    assert list(found.apart) == list(found.rows)[:2]


def test_the_students_are_as_wide_as_their_teacher_and_others_are_refused() -> None:
    for name in velocities.STUDENTS:
        weights = velocities.students.load(velocities.STUDENTS[name]).state_dict()
        theirs = velocities.networks.load_network(teacher()).state_dict()
        assert {key: w.shape for key, w in weights.items()} == {
            key: w.shape for key, w in theirs.items()
        }
    with pytest.raises(ValueError, match="no student 'x'"):
        velocities.students.load("x")


def test_weights_that_are_missing_or_cut_off_are_told_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    students = velocities.students
    (tmp_path / "distilled.safetensors").write_bytes(b"cut off")
    monkeypatch.setattr(students, "FOLDER", tmp_path)
    students._load.cache_clear()
    try:
        assert students.weights_hash() == ""
        for name in students.NAMES:
            with pytest.raises(ValueError, match=f"the {name} student is damaged"):
                students.load(name)
    finally:
        students._load.cache_clear()


def test_the_measured_table_is_of_the_shipped_students() -> None:
    """One cheap line of it again: the distilled student, which takes one prediction a digit."""
    found = measure.measured()
    assert found is not None
    images, _ = measure.sampled(velocities.DISTILLED, 1, found.count)
    labels = torch.arange(found.count) % 10
    one = found.qualities[velocities.DISTILLED][1]
    right = (classifier.read(images).labels == labels).double().mean()
    assert float(right) == pytest.approx(one.accuracy[0], abs=0.01)
    assert classifier.frechet(images) == pytest.approx(one.frechet[0], rel=0.02)
    assert classifier.frechet_floor(found.count) == pytest.approx(found.floor, rel=0.01)


def test_what_the_page_says_in_words_is_what_was_measured() -> None:
    found = measure.measured()
    assert found is not None
    by, student = found.qualities, found.qualities[velocities.RECTIFIED]
    first, many = by[velocities.TEACHER][1].frechet, by[velocities.TEACHER][50].frechet
    assert by[velocities.TEACHER][50].apart[0] == 0
    for one in (student[1].frechet, by[velocities.DISTILLED][1].frechet):
        assert one[0] + 3 * (one[1] + first[1]) < first[0], "a student's one step is far better"
    assert many[0] < first[0]
    bent = found.straightness
    assert (
        bent[velocities.RECTIFIED][0] + 3 * bent[velocities.RECTIFIED][1]
        < bent[velocities.TEACHER][0]
    )
    assert list(student) == sorted(student)
    one = by[velocities.DISTILLED][1]
    four = by[velocities.TEACHER][4]
    assert one.apart[0] - 3 * one.apart[1] > four.apart[0] + 3 * four.apart[1], "what was lost"
    assert one.frechet[0] + one.frechet[1] < four.frechet[0] - four.frechet[1]
    assert student[1].apart[0] > four.apart[0]
    assert all(of.accuracy[0] > 0.99 for each in by.values() for of in each.values())


def test_a_second_step_spoils_what_the_distilled_student_drew() -> None:
    found = measure.measured()
    assert found is not None
    assert found.count == 300
    assert f"{found.qualities[velocities.DISTILLED][1].frechet[0]:.1f}" == "0.7"
    images, _ = measure.sampled(velocities.DISTILLED, 2, found.count)
    assert classifier.frechet(images) > 20
