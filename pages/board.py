"""Board of runs

All training runs of this server side by side, by settings, loss and the quality of their samples.
Choose up to eight of them to compare their curves; everybody sees the same board.
"""

import streamlit as st

from lessons.classroom import board
from pages import _ui as ui
from pages._shared import class_board as shared
from pages._shared.training import focus
from pages._ui.session.address import arriving

MOST = 8
EVERY = 5.0
"""Seconds between two looks while a run is at work."""


def chosen_runs(rows: list[board.BoardRow], recipe: str) -> list[str]:
    """The runs whose curves are drawn; at first those of the link, or the first few."""
    key, names = f"board_runs_{recipe}", {row.run.id: row.name for row in rows}
    asked = st.query_params.get("runs")
    usual = list(names)[:4]
    wanted = st.session_state.get(key, usual)
    if arriving(key) and asked is not None:
        wanted = asked.split(",")
    allowed = [run_id for run_id in dict.fromkeys(wanted) if run_id in names][:MOST]
    if st.session_state.get(key) != allowed:
        st.session_state[key] = allowed
    with ui.place_of("runs"):
        chosen = st.multiselect(
            "Curves",
            list(names),
            max_selections=MOST,
            format_func=lambda run_id: names.get(run_id, run_id),
            key=key,
            persist_state="session",
        )
    ui.keep({"runs": None if chosen == usual else ",".join(chosen) or "none"})
    return chosen


def shown(recipe: str, by: str, chosen: list[str], log_y: bool) -> None:
    """The table and the curves as they stand now."""
    rows = board.rows(recipe, by, focus.own())
    shared.table(rows)
    ui.caption(
        f"Loss: the mean of the last {board.RECENT} batches. The rest was measured after the last "
        "epoch: PSNR of the output on test digits; for samples, the share that a classifier reads "
        "as the digit requested, and their Fréchet distance to test digits. A dash: not measured."
    )
    drawn = [row for row in rows if row.run.id in chosen]
    shared.curves(drawn, key=f"board_{recipe}", log_y=log_y)
    with st.container(horizontal=True):
        for row in drawn:
            if st.button(f"Watch {row.name}", key=f"board: {row.run.id}: watch"):
                shared.watch(row)


ui.lesson_header(__doc__)
recipe = ui.named_choice("Lesson", shared.trained(), key="board_lesson", left_out="denoiser")
by = ui.select("Sorted by", list(board.SORTED_BY), "loss", key="board_by")
rows = board.rows(recipe, by, focus.own())
chosen = chosen_runs(rows, recipe)
log_y = ui.toggle("Logarithmic scale", True, key="board_log")
moves = any(row.run.state in ("running", "queued") for row in rows)
st.fragment(shown, run_every=EVERY if moves else None)(recipe, by, chosen, log_y)
