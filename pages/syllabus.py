"""Syllabus

What there is to teach, how long it takes, and how far this session has come.
"""

from itertools import groupby

import streamlit as st

from pages import _notes
from pages import _ui as ui
from pages._notes import plan


def plans() -> None:
    """Three lectures, or sittings alone."""
    ui.say("## A plan")
    taught, alone = st.tabs([f"Three lectures of {_notes.LECTURE} minutes", "Alone"])
    with taught:
        ui.say(table(plan.lectures(noted), _notes.LECTURE))
        ui.caption(
            f"Together {sum(note.minutes for _, note in noted)} minutes; what a lecture leaves "
            "over, behind the plus, is for questions. To train in class, start a run at the "
            "beginning of a lecture and look at it at the end."
        )
    with alone:
        ui.say(table(plan.sittings(noted)))
        hours = sum(note.alone for _, note in noted) / 60
        ui.caption(f"About {hours:.1f} hours, with time to turn the knobs and train one run each.")


def table(blocks: list[plan.Block], length: int = 0) -> str:
    """A plan as a table in Markdown."""
    rows = ["| | lessons | minutes |", "|:--|:--|--:|"]
    for block in blocks:
        parts = groupby(block.lessons, key=lambda lesson: lesson.part)
        which = "; ".join(f"{part} {', '.join(x.number for x in own)}" for part, own in parts)
        over = f" + {length - block.minutes}" if length else ""
        rows.append(f"| {block.title} | {which} | {block.minutes}{over} |")
    return "\n".join(rows)


def progress() -> None:
    """How far this session is."""
    rows = ui.deliverables()
    opened = ui.opened() & {row.id for row in rows}
    ui.say(
        "## This session\n"
        f"**{len(opened)}** of {len(noted)} lessons opened, **{len(ui.produced())}** of "
        f"{len(rows)} deliverables produced. A result that a page shows by itself is *seen*; it is "
        "*produced* once you have moved a knob or pressed Start and another result came out."
    )
    ui.caption("Kept in this session only: a reload of the browser begins anew.")


def state(number: str) -> str:
    """How far one deliverable is."""
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
                f"{state(row.id)} · {note.minutes} min in class, {note.alone} alone · "
                f"lecture {note.lecture}"
            )
            with st.expander(f"Teaching note {row.id[0]} {row.id[1:]}"):
                ui.say(f"**Show**\n\n{note.show}\n\n**Ask**\n\n{note.ask}")
                ui.say(f"**Misconception**\n\n{note.misconception}")


ui.lesson_header(__doc__)
noted = plan.with_notes(ui.all_lessons())
progress()
plans()
every_lesson()
