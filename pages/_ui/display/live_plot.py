"""Curves that grow while the reader looks: same chart, same zoom, only the data is new."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import numpy as np
import streamlit as st

from pages._ui.assets import ASSETS
from pages._ui.display import palette
from pages._ui.display.thin import thin
from pages._ui.text import years

PLOTLY_ROUTE: Final = "/assets/plotly-basic.min.js"
"""Lines and dots alone, a quarter of the whole library; of the version of the plotly package."""

# Streamlit's own Plotly chart is rebuilt at every change of its data, which loses zoom and hover;
# this one calls Plotly.react on the chart that is already there.
_chart = st.components.v2.component(
    "live_plot",
    html='<div class="ui-plot"><p class="ui-plot-words" role="status"></p></div>\n',
    js=(ASSETS / "live_plot.js").read_text("utf-8"),
    isolate_styles=False,
)


@dataclass(frozen=True)
class Trace:
    """One curve.

    Attributes:
        name: what the legend calls it; "" keeps it out of the legend.
        x: (N,) positions.
        y: (N,) values; NaN leaves a gap.
        style: a "solid" line, a "faint" one behind it (raw values behind smoothed ones), a
            "dashed" one (a reference), or "dots" without a line.
        color: a symbol such as "eps", "muted", or a place in the palette from 0; by default the
            curve's own place in the list.
    """

    name: str
    x: Sequence[float]
    y: Sequence[float]
    style: Literal["solid", "faint", "dashed", "dots"] = "solid"
    color: int | str | None = None


def live_plot(
    traces: Sequence[Trace],
    *,
    key: str,
    x_title: str,
    y_title: str,
    log_x: bool = False,
    log_y: bool = False,
    height: int | None = 420,
) -> None:
    """Show curves in a chart that keeps its zoom when new data arrives.

    Args:
        traces: the curves, at most 1000 points of each are drawn (the extremes are kept).
        key: name of the chart on its page; keep it the same from run to run.
        x_title: quantity and unit along the bottom.
        y_title: quantity and unit along the side.
        log_x: whether the bottom has a logarithmic scale.
        log_y: whether the side has a logarithmic scale.
        height: in CSS pixels; None is as high as a style sheet makes it.
    """
    notation = years.current()
    x_title, y_title = notation.control(x_title), notation.control(y_title)
    traces = [replace(trace, name=notation.prose(trace.name)) for trace in traces]
    _chart(
        key=key,
        data={
            "name": key,
            "traces": [_drawn(trace, i) for i, trace in enumerate(traces)],
            "x_title": x_title,
            "y_title": y_title,
            "log_x": log_x,
            "log_y": log_y,
            "height": height,
            "words": summary(traces, x_title, y_title),
            "plotly": f"{PLOTLY_ROUTE.lstrip('/')}?v={_plotly_version()}",
        },
    )


def summary(traces: Sequence[Trace], x_title: str, y_title: str) -> str:
    """Say the chart in words, for those who cannot see it: a sentence for each curve."""
    sentences = [_spoken(trace) for trace in traces if trace.name and len(trace.y)]
    return f"Chart of {y_title} over {x_title}. " + (" ".join(sentences) or "No values yet.")


def _spoken(trace: Trace) -> str:
    """Where a curve begins and ends, and its extremes if they lie in between."""
    if trace.style == "dots":
        return f"{trace.name}: {len(trace.y)} dots."
    xs, ys = np.asarray(trace.x, dtype=np.float64), np.asarray(trace.y, dtype=np.float64)
    known = np.isfinite(ys)
    xs, ys = xs[known], ys[known]
    if not len(ys):
        return f"{trace.name}: no values yet."
    if len(ys) > 1 and xs[0] == xs[-1]:
        return f"{trace.name} is marked at {_said(xs[0])}."
    if len(ys) > 1 and ys.min() == ys.max():
        return f"{trace.name}: {_said(ys[0])} throughout."
    ends = dict.fromkeys(((xs[0], ys[0]), (xs[-1], ys[-1])))
    words = f"{trace.name}: " + " to ".join(f"{_said(y)} at {_said(x)}" for x, y in ends)
    for name, place in (("lowest", ys.argmin()), ("highest", ys.argmax())):
        if ys[place] not in (ys[0], ys[-1]):
            words += f", {name} {_said(ys[place])} at {_said(xs[place])}"
    return f"{words}."


def _said(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _drawn(trace: Trace, place: int) -> dict[str, Any]:
    x, y = thin(trace.x, trace.y)
    return {
        "name": trace.name,
        "x": [_short(value) for value in x],
        "y": [_short(value) for value in y],
        "style": trace.style,
        "color": _colour(trace.color if trace.color is not None else place),
    }


def _colour(color: int | str) -> int | list[str]:
    if isinstance(color, int):
        return color
    return list(palette.MUTED if color == "muted" else palette.SYMBOLS[color])


def _short(value: float) -> float | None:
    # Six digits are more than a screen shows and half the bytes; JSON knows no NaN.
    return float(f"{value:.6g}") if math.isfinite(value) else None


@functools.cache
def _plotly_version() -> str:
    with (ASSETS / "plotly" / "plotly-basic.min.js").open("rb") as file:
        return str(file.read(200)).partition(") v")[2].partition("\\n")[0]
