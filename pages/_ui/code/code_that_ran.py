"""Beside a result the function that made it, its equations, and both to take home."""

from __future__ import annotations

import hashlib
import inspect
from html import escape

import streamlit as st

from pages._service import export as export
from pages._ui.code.source import colour_markdown, coloured_html
from pages._ui.display.live import made
from pages._ui.inputs.downloads import downloads
from pages._ui.text.plain_text import plain_text


def code_that_ran(result: object) -> None:
    """Offer the code behind a result: shown with its equations, and as a file that runs it again.

    Nothing is shown for what `live` didn't return in this run of the page.

    Args:
        result: what `live` returned.
    """
    how = made(result) if result else None
    if how is None:
        return
    call = export.Call(how.function, how.parameters, result, how.precomputed)
    key = f"code_{hashlib.sha256(how.slot.encode()).hexdigest()[:12]}"
    module, name = call.place
    does = (inspect.getdoc(how.function) or name).partition("\n")[0].partition("; ")[0].rstrip(".")
    title = f"The code that ran: {does[0].lower()}{does[1:]}"  # most are called `demo`
    with (
        st.container(key=f"ui_{key}"),
        st.expander(plain_text(title.replace("x_t", "xₜ").replace("`", ""))),
    ):
        st.markdown(
            f"`{name}` in `{module.replace('.', '/')}.py` made this result. Numbers at the end of "
            "a line name the equations that it leads to."
        )
        _code(export.shown(how.function), name)
        st.markdown(
            "**Take this with you.** One file with all functions of the lessons that it is built "
            "of, and with these controls. Run it in the folder of the project: it makes the same "
            "result, and says so."
        )
        downloads(
            {
                f"{call.file_name}.py": lambda: export.script(call).encode(),
                f"{call.file_name}.ipynb": lambda: export.notebook(call).encode(),
            },
            key=key,
        )


def _code(shown: export.MarkedCode, name: str) -> None:
    marks = {
        line: " ".join(f"({n})" for n in sorted(numbers)) for line, numbers in shown.marks.items()
    }
    html = coloured_html(shown.code, marks=marks)
    st.html(
        f'<pre class="ui-code" tabindex="0" role="region" aria-label="Code of {escape(name)}">'
        f"<code>{html}</code></pre>"
    )
    for equation in shown.equations:
        _equation(equation)


def _equation(equation: export.Equation) -> None:
    """One equation, the function that is it, and the way there."""
    module, name = equation.place
    source = f"\n\n*{equation.citation}*" if equation.citation else ""
    way = ", ".join(f"`{one}`" for one in equation.through)
    through = f", through {way}" if way else ""
    formulas = "\n\n".join(f"$$\n{formula}\n$$" for formula in equation.formulas)
    st.markdown(
        colour_markdown(
            f"({equation.number}) `{name}` in `{module.replace('.', '/')}.py`{through}\n\n"
            f"{formulas}{source}"
        )
    )
