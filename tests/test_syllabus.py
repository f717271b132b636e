"""The syllabus: every lesson has a note, the minutes add up, and progress is told as it is."""

import re

import pytest
from streamlit.testing.v1 import AppTest

from pages import _teaching
from pages._teaching import _plan as plan
from pages._ui.session import lessons

ROUTER = str((lessons.FOLDER / "_router.py").resolve())
LESSONS = [lesson for lesson in lessons.discover() if lesson.part]
GOOD = (_teaching.FOLDER / "unet.md").read_text("utf-8")


def opened(file: str) -> AppTest:
    test = AppTest.from_file(ROUTER, default_timeout=100)
    test.switch_page(file)
    return test.run()


def said(test: AppTest) -> str:
    return "\n".join(text.value for text in test.markdown)


@pytest.mark.parametrize("file", [lesson.file for lesson in LESSONS])
def test_every_lesson_has_a_note_with_one_question(file: str) -> None:
    note = _teaching.read(file)
    assert note is not None
    assert 0 < note.minutes <= note.alone
    assert note.show.startswith("1. ")
    assert note.ask.count("?") == 1


def test_no_note_is_left_over_from_a_lesson_that_is_gone() -> None:
    assert {path.stem for path in _teaching.FOLDER.glob("*.md")} == {
        lesson.file.removesuffix(".py") for lesson in LESSONS
    }


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("minutes: 12", "minutes: twelve"),
        ("minutes: 12", "minutes: 0"),
        ("minutes: 12\n", ""),
        ("lecture: 2", "lecture: 9"),
        ("lecture: 2", "lecture: 2\nroom: 5"),
        ("lecture: 2", "lecture 2"),
        ("## Ask", "## Questions"),
        ("## Misconception", "## Misconception\n\n## Misconception"),
    ],
)
def test_a_note_that_is_not_as_it_should_be_is_refused(old: str, new: str) -> None:
    assert old in GOOD
    with pytest.raises(ValueError, match=r"note|lecture"):
        _teaching.parse(GOOD.replace(old, new))


def test_every_lesson_is_taught_once_and_in_order_and_a_lecture_leaves_time_for_questions() -> None:
    noted = plan.with_notes(LESSONS)
    for blocks in (plan.lectures(noted), plan.sittings(noted)):
        planned = [lesson for block in blocks for lesson in block.lessons]
        assert planned == [lesson for lesson in LESSONS if lesson in planned]
    assert planned == LESSONS  # alone, all of them
    taught = {lesson for block in plan.lectures(noted) for lesson in block.lessons}
    assert taught == {lesson for lesson, note in noted if note.lecture}
    assert all(block.minutes < _teaching.LECTURE for block in plan.lectures(noted))
    minutes = [note.alone for _, note in noted]
    assert sum(block.minutes for block in plan.sittings(noted)) == sum(minutes)
    assert all(
        block.minutes <= plan.SITTING or len(block.lessons) == 1 for block in plan.sittings(noted)
    )


def test_each_course_reads_what_it_assigns_first_and_every_lesson_once() -> None:
    noted = plan.with_notes(LESSONS)
    for year in _teaching.YEARS:
        blocks = plan.reading(noted, year)
        assert [block.title for block in blocks] == ["Part A", "Part B", "Beyond it"]
        planned = [lesson for block in blocks for lesson in block.lessons]
        assert sorted(planned, key=lambda x: x.order) == LESSONS
    numbers = {
        year: {x.number for x in plan.reading(noted, year)[1].lessons} for year in _teaching.YEARS
    }
    assert numbers["fa24"] - numbers["fa25"] == {"2.1", "2.2", "2.3", "2.4"}
    assert "2.5" in numbers["fa25"] - numbers["fa24"]


@pytest.mark.parametrize(("words", "years"), [("none", ()), ("fa25", ("fa25",))])
def test_a_note_says_which_courses_have_its_lesson(words: str, years: tuple[str, ...]) -> None:
    assert _teaching.parse(GOOD).years == tuple(_teaching.YEARS)
    assert _teaching.parse(GOOD.replace("\n\n", f"\nyears: {words}\n\n", 1)).years == years


def test_a_course_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ValueError, match="years are fa24, fa25, or none"):
        _teaching.parse(GOOD.replace("\n\n", "\nyears: fa99\n\n", 1))


def test_the_minutes_on_the_page_are_the_sum_of_those_in_the_notes() -> None:
    test = opened("syllabus.py")
    assert not test.exception
    notes = [_teaching.read(lesson.file) for lesson in LESSONS]
    total = sum(note.minutes for note in notes if note and note.lecture)
    assert f"{total} minutes in all" in said(test)
    rows = re.findall(r"^\| Lecture \d.*\| (\d+) \+ (\d+) \|$", said(test), re.MULTILINE)
    assert sum(int(minutes) for minutes, _ in rows) == total
    assert all(int(minutes) + int(rest) == _teaching.LECTURE for minutes, rest in rows)
    notes = [one for one in test.expander if one.label.startswith("Teaching note")]
    assert len(notes) == len(LESSONS)
    assert not any(expander.proto.expanded for expander in test.expander)


def test_progress_counts_what_this_session_has_opened_and_produced() -> None:
    test = opened("syllabus.py")
    assert f"**0** of {len(LESSONS)} lessons opened, **0** of" in said(test)
    test.switch_page("forward_process.py").run()
    test.switch_page("syllabus.py").run()
    assert f"**1** of {len(LESSONS)} lessons opened, **0** of" in said(test)
    test.switch_page("forward_process.py").run()
    test.slider(key="a11_t_pictures").set_value(200).run()
    test.switch_page("syllabus.py").run()
    assert f"**1** of {len(LESSONS)} lessons opened, **1** of" in said(test)


def test_a_page_without_a_number_is_in_the_workshop_after_all_lessons() -> None:
    found = lessons.discover()
    workshop = [lesson for lesson in found if not lesson.part]
    assert {"report.py", "syllabus.py"} <= {lesson.file for lesson in workshop}
    assert found == LESSONS + workshop
    assert lessons.after(LESSONS[-1].file, found) is None
    assert all(lessons.after(lesson.file, found) is None for lesson in workshop)
