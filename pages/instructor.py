"""Instructor's room

For the holder of the teacher's key: who is on which lesson, all runs of the server, and what you
say to the class.
"""

from collections.abc import Callable

import streamlit as st

from lessons.classroom import board, limits, presence, state
from lessons.training import runs
from lessons.training.runs import files
from pages import _ui as ui
from pages._shared import class_board as shared
from pages._shared.training.controls import ACTIONS, OFFERED
from pages._ui.session import classroom, lessons
from pages._ui.session.reader import reader

FOR_TEACHERS = True
EVERY = 2.0
"""Seconds between two looks."""

MOST = 24
"""Runs in one chart; the newest are drawn."""

PLACE = "the instructor's room"


def who_is_where() -> None:
    """Browsers by lesson, with no names."""
    counts = presence.counts()
    shown = "browser shows" if counts.total() == 1 else "browsers show"
    st.markdown(f"**{counts.total()}** {shown} a page now.")
    titles = {"": "Home"} | lessons.titles()
    lines = [f"| {titles[page]} | {count} |" for page, count in counts.most_common()]
    if lines:
        st.markdown("\n".join(["| page | browsers |", "|:--|--:|", *lines]))
    ui.caption("A browser is counted by the page that it shows in front; nobody is named.")


def say_to_the_class() -> None:
    """The link that everybody sees, and Start for all."""
    now = state.read(files.root())
    if now.look:
        title = lessons.title_of(now.look.page)
        st.markdown(f"Everybody sees a link to **{title}** now. {ui.plain_text(now.look.words)}")
    else:
        st.markdown("Everybody sees no link now.")
    address = st.text_input(
        "Address of a page of this app",
        key="room_address",
        max_chars=state.LONGEST_QUERY,
        help="Copy link in the sidebar of any page copies it. A shorter way: For teachers, in the "
        "sidebar of the page itself, has Look here now.",
    )
    words = st.text_input("Remark", key="room_words", max_chars=state.LONGEST_WORDS)
    with st.container(horizontal=True):
        st.button("Show it to everybody", key="room_look", on_click=look, args=(address, words))
        if now.look:
            st.button("Take it away", key="room_away", on_click=ask, args=(state.look_away,))
    what = "on" if now.frozen else "off"
    st.button(
        f"Switch Start {what} for all",
        key="room_freeze",
        on_click=ask,
        args=(state.freeze, not now.frozen),
    )
    if now.frozen:
        ui.info("Start is switched off: only you can start runs or let them go on.")
    ui.caption(limits.limits().words)
    ui.problems(PLACE)


def look(address: str, words: str) -> None:
    """Show everybody a page."""
    with ui.telling(PLACE):
        classroom.look_at(address, words)


def ask(what: Callable[..., None], *rest: object) -> None:
    """Do something for the class, as the teacher."""
    with ui.telling(PLACE):
        what(files.root(), reader(), *rest)


def steer(name: str, run: runs.RunView) -> None:
    """Ask something of a run, as the teacher."""
    with ui.telling(PLACE):
        ACTIONS[name][1](run.id, by=reader())


def all_runs() -> None:
    """The runs of every lesson: curves in one chart, and buttons for those at work."""
    given = state.read(files.root()).class_runs
    none = True
    for recipe, title in shared.trained().items():
        rows = [row for row in board.rows(recipe, "newest") if not row.run.shipped][:MOST]
        if not rows:
            continue
        none = False
        st.markdown(f"### {title}")
        shared.curves(rows, key=f"room_{recipe}", log_y=True, height=320)
        for row in rows:
            one_run(row, is_given=given.get(recipe) == row.run.id)
    if none:
        ui.info("No run yet: what readers start appears here by itself.")
    ui.problems(PLACE)


def one_run(row: board.BoardRow, *, is_given: bool) -> None:
    """A run in a line, with what can be asked of it."""
    run = row.run
    words, buttons = st.columns([3, 2], vertical_alignment="center")
    with words:
        whose = "**The class's run** · " if is_given else ""
        loss = shared.said(row.loss, "loss {:.4f}")
        total = run.settings.total_steps if run.settings else 0
        at = f"step {run.step:,} of {total:,}"
        st.markdown(f"{whose}{ui.plain_text(row.name)} · {run.state} · {at} · {loss}")
    with buttons, st.container(horizontal=True):
        for name in OFFERED.get(run.state, ()):
            if name in ("Pause", "Resume", "Stop"):
                key = f"room: {run.id}: {name}"
                st.button(name, key=key, on_click=steer, args=(name, run))
        st.button(
            "Take it back" if is_given else "Hand to the class",
            key=f"room: {run.id}: class",
            on_click=ask,
            args=(state.hand_over, run.recipe, None if is_given else run.id),
        )


ui.lesson_header(__doc__)
if not reader().teacher:
    ui.say("This page is for the holder of the teacher's key.")
    classroom.key_input("room")
else:
    left, right = st.columns(2, gap="large")
    with left:
        ui.say("## Who is where")
        st.fragment(who_is_where, run_every=EVERY)()
    with right:
        ui.say("## To the class")
        say_to_the_class()
    ui.say("## All runs")
    st.fragment(all_runs, run_every=EVERY)()
    classroom.key_input("room")
