"""Syllabus

For those who teach with this app, or study it alone: all lessons with their minutes and teaching
notes, a plan for three lectures, and your own progress.
"""

from itertools import groupby

import streamlit as st

from pages import _teaching
from pages import _ui as ui
from pages._teaching import _plan as plan


def plans() -> None:
    """Three lectures, self-study, or the order of a course."""
    ui.say("## A plan")
    taught, alone, *courses = st.tabs(
        [
            f"Three lectures of {_teaching.LECTURE} minutes",
            "Self-study",
            *(title.partition(":")[0] for title in _teaching.YEARS.values()),
        ]
    )
    with taught:
        ui.say(table(plan.lectures(noted), _teaching.LECTURE))
        minutes = sum(note.minutes for _, note in noted if note.lecture)
        ui.caption(
            f"{minutes} minutes in all; the minutes after the plus sign are left for questions. To "
            "train in class, start a run at the beginning of a lecture and look at it at the end."
        )
    with alone:
        ui.say(table(plan.sittings(noted)))
        hours = sum(note.alone for _, note in noted) / 60
        ui.caption(
            f"About {hours:.1f} hours, with time to try the controls and to train a run in each "
            "lesson."
        )
    for tab, year in zip(courses, _teaching.YEARS, strict=True):
        with tab:
            course(year)


def course(year: str) -> None:
    """What one year of the course assigns, in its order."""
    ui.say(f"**{_teaching.YEARS[year]}** in Part B. Minutes are those of self-study.")
    ui.say(table(plan.reading(noted, year)))
    if year == "fa25":
        ui.caption(
            "Part A uses prompts of the students' own. A machine with DeepFloyd's text encoder "
            "encodes them once for all: `python -m models.deepfloyd --encode prompts.txt --out "
            "class.pth`."
        )


def table(blocks: list[plan.PlanUnit], length: int = 0) -> str:
    """A plan as a table in Markdown."""
    rows = ["| | lessons | minutes |", "|:--|:--|--:|"]
    for block in blocks:
        parts = groupby(block.lessons, key=lambda lesson: lesson.part)
        which = "; ".join(f"{part} {', '.join(x.number for x in own)}" for part, own in parts)
        over = f" + {length - block.minutes}" if length else ""
        rows.append(f"| {block.title} | {which} | {block.minutes}{over} |")
    return "\n".join(rows)


def progress() -> None:
    """What this reader has opened and produced."""
    rows = [row for row in ui.deliverables() if row.years]
    made = sum(row.id in ui.produced() for row in rows)
    opened = ui.opened() & {lesson.part + lesson.number for lesson, _ in noted}
    ui.say(
        "## Your progress\n"
        f"**{len(opened)}** of {len(noted)} lessons opened, **{made}** of {len(rows)} deliverables "
        "of the courses produced. A result that a page shows on opening is *seen*; it is "
        "*produced* once you have changed a control or pressed Start and got a different one."
    )
    if not ui.is_kept():
        ui.caption("This browser keeps no cookie of this server: a reload resets the progress.")


def state(number: str) -> str:
    """The state of one deliverable."""
    if number in ui.produced():
        return "produced"
    if number in ui.seen():
        return "seen"
    return "opened" if number in ui.opened() else "not opened yet"


def every_lesson() -> None:
    """Every lesson with its minutes and its note."""
    notes = dict(noted)
    for part, rows in groupby(ui.deliverables(), key=lambda row: row.id[0]):
        ui.say(f"## {ui.part_title(part)}")
        for row in rows:
            lesson = next((x for x in notes if x.file == row.file), None)
            own = lesson is not None and row.id == lesson.part + lesson.number
            ui.to_page(row.file, f"{row.id[1:]} {row.name}")
            if lesson is None or not own:
                ui.label(f"{state(row.id)} · part of the lesson above")
                continue
            note = notes[lesson]
            ui.label(
                f"{state(row.id)} · {note.minutes} min in class, {note.alone} in self-study · "
                f"{f'lecture {note.lecture}' if note.lecture else 'beyond the lectures'}"
            )
            with st.expander(f"Teaching note {row.id[0]} {row.id[1:]}"):
                ui.say(f"**Show**\n\n{note.show}\n\n**Ask**\n\n{note.ask}")
                ui.say(f"**Misconception**\n\n{note.misconception}")


ui.lesson_header(__doc__)
noted = plan.with_notes(ui.all_lessons())
progress()
plans()
every_lesson()
