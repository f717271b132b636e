"""Report

Everything that this session has produced, as one file to hand in.
"""

import streamlit as st

from pages import _report
from pages import _ui as ui


def entry(row: ui.Deliverable, result: ui.Produced) -> str:
    """One result; returns the reader's remark."""
    ui.say(f"## {row.id[0]} {row.id[1:]} · {row.name}")
    ui.kept_pictures(result)
    ui.caption(ui.plain_text(f"{result.caption}."))
    ui.label(" · ".join(f"{name}: {value}" for name, value in _report.settings(result)))
    ui.label(f"Address: {result.address}")
    remark = st.text_area(
        f"Your remark on {row.id[1:]}",
        key=f"report_remark_{row.id}",
        max_chars=_report.LONGEST_REMARK,
        persist_state="session",
    )
    with st.container(horizontal=True):
        st.button(
            f"Remove {row.id[1:]}",
            key=f"report_remove_{row.id}",
            on_click=ui.remove,
            args=(row.id,),
        )
    return str(remark or "")


ui.lesson_header(__doc__)
name = st.text_input(
    "Your name", key="report_name", max_chars=_report.LONGEST_NAME, persist_state="session"
)
found = ui.produced()
place = st.container()
rows = ui.deliverables()
remarks = {row.id: entry(row, found[row.id]) for row in rows if row.id in found}
with place:
    ui.say(
        f"**{len(found)}** of {len(rows)} deliverables are in it. A result comes here when you "
        "move a knob or press Start and another result comes out than the page showed by itself; "
        "the latest one of each lesson is kept, until the browser is reloaded."
    )
    if found:
        ui.downloads(
            {"report.html": lambda: _report.html(rows, found, str(name or ""), remarks)},
            key="report",
        )
        ui.caption("One HTML file with all pictures in it. It opens anywhere and prints on A4.")
    else:
        st.info("Nothing yet: open a lesson and turn a knob.")
