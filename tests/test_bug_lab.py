"""Mistakes made on purpose: each shows, each is betrayed by its number, and none gets out."""

from __future__ import annotations

import importlib
import inspect
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest
from test_pages import assert_fine, opened, widget_named

from lessons.part_a import sampling
from lessons.workshop.bug_lab import changed, displays, lab, mistakes, quiz
from lessons.workshop.bug_lab.bench import Bench, Mistake, Probe, Scene
from lessons.workshop.bug_lab.copies import Copies, Patch, patched
from models.catalog import finish

SEED = 276
TITLES = tuple(mistakes.BY_TITLE)
LAST_NOISE = "Sampling loop · noise on the last step"
EXCHANGED = "Guidance · the prompt and the empty prompt exchanged"
RIGHT = Bench(Copies(), "digits", SEED)
QUICK = [m for m in mistakes.MISTAKES if m.scene is None or m.scene in vars(displays).values()]
SEED_MISTAKES = ("Noise · the seed does not count", "Noise · one noise for all images of a batch")


@cache
def right_value(probe: Probe) -> float:
    return finish(probe.measure(RIGHT))


@cache
def right_pixels(scene: Scene) -> tuple[np.ndarray, ...]:
    return tuple(image.pixels for image in finish(scene.make(RIGHT)))


def bench_with(*mistakes: Mistake) -> Bench:
    return Bench(Copies([mistake.patch for mistake in mistakes]), "digits", SEED)


@pytest.mark.parametrize("mistake", mistakes.MISTAKES, ids=TITLES)
def test_every_mistake_shows_and_its_number_is_none_that_the_right_code_gives(
    mistake: Mistake,
) -> None:
    bench = bench_with(mistake)
    assert mistake.probe.fine(right_value(mistake.probe))
    assert not mistake.probe.fine(finish(mistake.probe.measure(bench)))
    if mistake.scene is not None:
        right = right_pixels(mistake.scene)
        wrong = tuple(image.pixels for image in finish(mistake.scene.make(bench)))
        assert [one.shape for one in wrong] == [one.shape for one in right]
        assert any((a != b).any() for a, b in zip(right, wrong, strict=True))


def test_there_are_more_than_thirty_mistakes_and_no_two_have_one_title() -> None:
    assert len(mistakes.MISTAKES) == len(TITLES) > 30
    assert len({mistake.patch for mistake in mistakes.MISTAKES}) == len(TITLES)


@pytest.mark.parametrize("mistake", mistakes.MISTAKES, ids=TITLES)
def test_the_test_that_is_said_to_notice_exists(mistake: Mistake) -> None:
    file, _, name = mistake.noticed_by.partition("::")
    assert f"def {name}(" in (Path(__file__).parent / file).read_text("utf-8")


def test_a_sample_is_the_same_to_the_last_bit_before_and_after_every_kind_of_mistake() -> None:
    def sample() -> np.ndarray:
        made = finish(sampling.demo("digits", "a handwritten 5", SEED, count=1, gamma=7.0))
        return made.images[0].pixels

    before, modules = sample(), dict(sys.modules)
    inside = {name: dict(vars(module)) for name, module in modules.items() if ours(name)}
    for title in (LAST_NOISE, EXCHANGED, "Network · a GELU behind the last layer"):
        mistake = mistakes.BY_TITLE[title]
        finish(mistake.probe.measure(bench_with(mistake)))
    assert (sample() == before).all()
    for name, old in inside.items():
        assert sys.modules[name] is modules[name]
        changed = [k for k, v in old.items() if vars(sys.modules[name])[k] is not v]
        assert not changed, name


def ours(name: str) -> bool:
    return name.partition(".")[0] in ("lessons", "models")


def test_what_uses_a_changed_module_is_a_copy_and_everything_else_is_real() -> None:
    code = Copies([mistakes.BY_TITLE[EXCHANGED].patch])
    real = importlib.import_module("lessons.part_a.sampling")
    assert code["lessons.part_a.sampling"] is not real
    assert code["lessons.part_a.sampling"].t2i.guided is code["lessons.diffusion.guidance"].guided
    assert code["lessons.part_a.sampling"].t2i.guided is not real.t2i.guided
    assert code["lessons.images.captioned"] is importlib.import_module("lessons.images.captioned")
    assert code["lessons.part_a.sampling"].CaptionedImage is real.CaptionedImage


def test_without_a_mistake_the_code_is_the_real_code() -> None:
    assert Copies()["lessons.part_a.sampling"] is sampling


@pytest.mark.parametrize("text", ["no such line", "eps"])
def test_a_text_that_does_not_stand_there_exactly_once_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="exactly once"):
        patched("lessons.diffusion.guidance", [Patch("lessons.diffusion.guidance", text, "pass")])


@pytest.mark.parametrize("mistake", mistakes.MISTAKES, ids=TITLES)
def test_the_lines_shown_are_those_of_the_real_file(mistake: Mistake) -> None:
    shown = changed.difference(mistake.title)
    source = inspect.getsource(importlib.import_module(mistake.patch.module))
    new = patched(mistake.patch.module, [mistake.patch])
    for marks, text in (" -", source), (" +", new):
        lines = [line.strip() for line in text.splitlines()]
        seen = [code.strip() for mark, code in shown.lines if mark in marks]
        assert any(lines[i : i + len(seen)] == seen for i in range(len(lines)))
    assert {mark for mark, _ in shown.lines} >= {"-", "+"}
    assert shown.where.startswith(mistake.patch.module.replace(".", "/"))


def test_two_mistakes_at_once_have_a_number_each() -> None:
    trial = finish(lab.demo("digits", (LAST_NOISE, EXCHANGED), SEED))
    assert len(trial.readings) == 2
    assert all(reading.betrays for reading in trial.readings)
    assert len(trial.right) == len(trial.wrong) == len(trial.difference) == 5


def test_mistakes_that_change_the_same_text_are_not_made_together() -> None:
    one, other = SEED_MISTAKES
    assert other not in lab.beside(one)
    assert lab.together(one, [other, "no mistake"]) == (one,)
    with pytest.raises(ValueError, match="exactly once"):
        finish(lab.demo("digits", SEED_MISTAKES, SEED))


def test_mistakes_that_fit_one_another_are_made_together() -> None:
    made = lab.together(LAST_NOISE, lab.beside(LAST_NOISE))
    assert EXCHANGED in made
    assert lab.chosen(made)


@pytest.mark.parametrize("titles", [(), ("no mistake",), (LAST_NOISE, "os.system")])
def test_a_mistake_that_is_none_is_refused(titles: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="no such mistake"):
        finish(lab.demo("digits", titles, SEED))


def test_a_difference_is_black_where_nothing_differs_and_enlarged_where_little_does() -> None:
    trial = finish(lab.demo("digits", (LAST_NOISE,), SEED))
    assert trial.gain > 1
    for right, wrong, apart in zip(trial.right, trial.wrong, trial.difference, strict=True):
        distance = np.abs(right.pixels.astype(int) - wrong.pixels)
        assert (apart.pixels == distance * trial.gain).all()


def test_what_shows_on_digits_alone_is_shown_on_digits_whatever_the_model() -> None:
    title = "Pictures · what is transparent turned black"
    assert finish(lab.demo("pictures", (title,), SEED)).on == "digits"


def test_a_mistake_of_the_loop_shows_on_the_images_of_the_miniature_too() -> None:
    trial = finish(lab.demo("pictures", (LAST_NOISE,), SEED))
    assert trial.on == "pictures"
    assert trial.right[0].pixels.shape == (64, 64, 3)
    assert any(one.pixels.any() for one in trial.difference)


def test_a_wrong_learning_rate_shows_as_a_curve() -> None:
    title = "Training · the learning rate falls to a tenth at every epoch"
    trial = finish(lab.demo("digits", (title,), SEED))
    assert trial.right == ()
    assert trial.curve
    assert trial.curve.right[:2] == pytest.approx((1, 0.1 ** (1 / 20)))
    assert trial.curve.wrong[:3] == pytest.approx((1, 0.1, 0.01))


def test_the_quiz_asks_for_every_mistake_once_before_it_repeats_one() -> None:
    count = len(quiz.ASKED)
    for turn in range(2):
        answers = [quiz.question(7, turn * count + i).answer for i in range(count)]
        assert sorted(answers) == sorted(quiz.ASKED)


def test_a_question_has_four_different_choices_and_the_answer_may_stand_anywhere() -> None:
    places = set()
    for number in range(len(quiz.ASKED)):
        asked = quiz.question(3, number)
        assert len(set(asked.choices)) == 4
        places.add(asked.choices.index(asked.answer))
    assert places == {0, 1, 2, 3}


def test_an_order_is_always_the_same_and_another_is_another() -> None:
    first = [quiz.question(1, number) for number in range(5)]
    assert first == [quiz.question(1, number) for number in range(5)]
    assert first != [quiz.question(2, number) for number in range(5)]


@pytest.mark.timeout(600)
def test_every_mistake_can_be_selected_and_its_page_shows_line_number_and_reason() -> None:
    page = opened("bug_lab.py", bug_mistake=QUICK[0].title)
    assert sorted(widget_named(page, "bug_mistake").options) == sorted(TITLES)
    for (
        mistake
    ) in QUICK:  # those without a trajectory; the others differ in what is calculated only
        widget_named(page, "bug_mistake").set_value(mistake.title).run()
        assert_fine(page, mistake.title)
        text = everything(page)
        for words in (mistake.story, mistake.plausible, mistake.probe.words):
            assert words in text, mistake.title
        assert "<ins>" in text


def test_a_mistake_in_the_address_is_shown() -> None:
    page = opened("bug_lab.py", bug_mistake="Pictures · squashed into a square")
    assert mistakes.BY_TITLE["Pictures · squashed into a square"].story in everything(page)


def everything(page: AppTest) -> str:
    """All that the browser is sent: words, labels, keys, images, HTML."""
    parts = [node.proto for node in page._tree if getattr(node, "proto", None) is not None]
    return "\n".join(text for part in parts for text in strings(part))


def strings(proto: object) -> list[str]:
    """Every text in a message, as it is."""
    found: list[str] = []
    for field, value in proto.ListFields():  # type: ignore[attr-defined]
        values = value if field.is_repeated else [value]
        for one in values:
            if isinstance(one, str):
                found.append(one)
            elif hasattr(one, "ListFields"):
                found += strings(one)
    return found


def asked_page() -> tuple[AppTest, quiz.QuizQuestion]:
    page = opened("bug_lab.py", bug_mode="Which one is on?")
    assert_fine(page)
    return page, current(page)


def current(page: AppTest) -> quiz.QuizQuestion:
    state = page.session_state["bug_quiz"]
    return quiz.question(state["order"], state["number"])


def press(page: AppTest, key: str) -> None:
    page.button(key=key).click().run()
    assert_fine(page)


def give(page: AppTest, title: str) -> None:
    number = page.session_state["bug_quiz"]["number"]
    widget_named(page, f"bug_quiz_{number}").set_value(title).run()
    press(page, "bug_answer")


def test_the_quiz_does_not_tell_the_answer_before_it_is_given() -> None:
    page, asked = asked_page()
    before = everything(page)
    answer = mistakes.BY_TITLE[asked.answer]
    assert {before.count(title) for title in asked.choices} == {1}
    for hint in (
        answer.probe.words,  # the number measured would name the mistake
        answer.story,
        answer.plausible,
        answer.patch.wrong,
        answer.noticed_by,
        "<ins>",
    ):
        assert hint not in before
    assert not any("bug_quiz" in name for name in page.query_params)
    give(page, asked.choices[0])
    after = everything(page)
    assert answer.story in after
    assert answer.probe.words in after
    assert "− is the right line, + the wrong one" in after
    assert "<ins>" in after


def test_a_right_answer_counts_once_and_a_wrong_one_not() -> None:
    page, asked = asked_page()
    press(page, "bug_answer")  # nothing is chosen yet
    assert page.session_state["bug_quiz"]["asked"] == 0
    give(page, asked.answer)
    assert "1 of 1 found" in everything(page)
    press(page, "bug_next")
    asked = current(page)
    give(page, next(title for title in asked.choices if title != asked.answer))
    assert "1 of 2 found" in everything(page)
