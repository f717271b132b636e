"""The syllabus: every lesson has a note, the minutes add up, and progress is told as it is."""

import re

import pytest
from streamlit.testing.v1 import AppTest

from pages import _notes
from pages._notes import plan
from pages._ui import lessons

ROUTER = str((lessons.FOLDER / "_router.py").resolve())
LESSONS = [lesson for lesson in lessons.discover() if lesson.part]
GOOD = (_notes.FOLDER / "unet.md").read_text("utf-8")


def opened(file: str) -> AppTest:
    test = AppTest.from_file(ROUTER, default_timeout=100)
    test.switch_page(file)
    return test.run()


def said(test: AppTest) -> str:
    return "\n".join(text.value for text in test.markdown)


@pytest.mark.parametrize("file", [lesson.file for lesson in LESSONS])
def test_every_lesson_has_a_note_with_one_question(file: str) -> None:
    note = _notes.read(file)
    assert note is not None
    assert 0 < note.minutes <= note.alone
    assert note.show.startswith("1. ")
    assert note.ask.count("?") == 1


def test_no_note_is_left_over_from_a_lesson_that_is_gone() -> None:
    assert {path.stem for path in _notes.FOLDER.glob("*.md")} == {
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
        ("## Ask", "## Questions"),
        ("## Misconception", "## Misconception\n\n## Misconception"),
    ],
)
def test_a_note_that_is_not_as_it_should_be_is_refused(old: str, new: str) -> None:
    assert old in GOOD
    with pytest.raises(ValueError, match=r"note|lecture"):
        _notes.parse(GOOD.replace(old, new))


def test_every_lesson_is_taught_once_and_in_order_and_a_lecture_leaves_time_for_questions() -> None:
    noted = plan.with_notes(LESSONS)
    for blocks in (plan.lectures(noted), plan.sittings(noted)):
        assert [lesson for block in blocks for lesson in block.lessons] == LESSONS
    assert all(block.minutes < _notes.LECTURE for block in plan.lectures(noted))
    minutes = [note.alone for _, note in noted]
    assert sum(block.minutes for block in plan.sittings(noted)) == sum(minutes)
    assert all(
        block.minutes <= plan.SITTING or len(block.lessons) == 1 for block in plan.sittings(noted)
    )


def test_the_minutes_on_the_page_are_the_sum_of_those_in_the_notes() -> None:
    test = opened("syllabus.py")
    assert not test.exception
    notes = [_notes.read(lesson.file) for lesson in LESSONS]
    total = sum(note.minutes for note in notes if note)
    assert f"Together {total} minutes" in said(test)
    rows = re.findall(r"^\| Lecture \d.*\| (\d+) \+ (\d+) \|$", said(test), re.MULTILINE)
    assert sum(int(minutes) for minutes, _ in rows) == total
    assert all(int(minutes) + int(rest) == _notes.LECTURE for minutes, rest in rows)
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
