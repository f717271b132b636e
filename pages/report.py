"""Report

The results that you have produced, with seed and settings, as one HTML file to hand in. You can add
your name and a remark to each result.
"""

from collections.abc import Sequence

import streamlit as st

from pages import _teaching
from pages import _ui as ui
from pages._service import report


def entry(row: ui.Deliverable, results: Sequence[ui.Produced]) -> str:
    """One deliverable with its results; returns the reader's remark."""
    ui.say(f"## {row.id[0]} {row.id[1:]} · {row.name}")
    for place, result in enumerate(results, 1):
        one_result(row, result, place, len(results))
    remark = st.text_area(
        f"Your remark on {row.id[1:]}",
        key=f"report_remark_{row.id}",
        max_chars=report.LONGEST_REMARK,
        persist_state="session",
    )
    return str(remark or "")


def one_result(row: ui.Deliverable, result: ui.Produced, place: int, count: int) -> None:
    """A result as the report shows it, and a button that removes it."""
    ui.kept_images(result)
    name = f"Result {place}: " if count > 1 else ""
    ui.caption(ui.plain_text(f"{name}{result.caption}."))
    if result.curve:
        loss_curve(row, result, place)
    ui.label(" · ".join(f"{name}: {value}" for name, value in report.settings(result)))
    ui.label(f"Address: {origin}{result.address}")
    which = f"{row.id[1:]}, result {place}" if count > 1 else row.id[1:]
    st.button(
        f"Remove {which}",
        key=f"report_remove_{row.id}_{place}",
        on_click=ui.remove,
        args=(row.id, result),
    )


def loss_curve(row: ui.Deliverable, result: ui.Produced, place: int) -> None:
    """The loss of the training run behind a result."""
    steps, losses = zip(*result.curve, strict=True)
    ui.live_plot(
        [ui.Trace("training loss", steps, losses)],
        key=f"report_loss_{row.id}_{place}",
        x_title="step",
        y_title="loss",
        log_y=True,
    )


def how_long() -> None:
    """How long all this is kept, and a way to begin anew, which a shared computer needs."""
    if not ui.is_kept():
        ui.caption("This browser keeps no cookie of this server: a reload begins anew.")
        return
    ui.caption(
        "This browser gets it all back after a reload: lessons opened, answers, results, remarks. "
        f"The server keeps it for {ui.days_kept()} days after the last visit, for this browser "
        "alone."
    )
    with st.popover("Begin anew"):
        ui.say("Forget this browser's progress, answers, results and remarks, also on the server?")
        st.button("Forget all of it", key="report_forget", on_click=ui.forget_all)


ui.lesson_header(__doc__)
name = st.text_input(
    "Your name", key="report_name", max_chars=report.LONGEST_NAME, persist_state="session"
)
origin = (st.context.url or "").rpartition("/")[0]
origin = f"{origin}/" if origin else ""
found = ui.produced()
place = st.container()
year = ui.named_choice(
    "Assignment", {"": "all courses", **_teaching.YEARS}, key="report_year", left_out=""
)
rows = [row for row in ui.deliverables() if (year in row.years if year else row.years)]
beyond = [row for row in ui.deliverables() if row not in rows]
remarks = {row.id: entry(row, found[row.id]) for row in rows if row.id in found}
more = [row for row in beyond if row.id in found]
if more:
    ui.say("## Beyond the assignment")
remarks |= {row.id: entry(row, found[row.id]) for row in more}
ui.save_remarks(str(name or ""), remarks)
with place:
    ui.say(
        f"**{len(found) - len(more)}** of {len(rows)} deliverables are included"
        f"{f', and {len(more)} beyond the assignment' if more else ''}. A result is added when you "
        "change a control or press Start and get a different result from the one that the page "
        "opened with: the latest one of each lesson, and those that you chose to keep."
    )
    how_long()
    if found:
        ui.downloads(
            {
                "report.html": lambda: report.html(
                    rows, found, str(name or ""), remarks, origin, beyond
                )
            },
            key="report",
        )
        ui.caption(
            "One HTML file that contains all images. It opens in any browser and prints on A4."
        )
    else:
        ui.info("Nothing yet: open a lesson and change a control.")
