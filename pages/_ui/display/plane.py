"""Points, arrows and particles in the plane, moved in the browser under one slider."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from lessons.images.captioned import Symbol
from pages._ui.assets import ASSETS
from pages._ui.inputs.numbers import nearest, number_in
from pages._ui.session.address import arriving, resets
from pages._ui.session.controls import register
from pages._ui.text import years

_UNIT: Final = 8192
"""Coordinates go to the browser in 1/8192, as whole numbers of 16 bits: −4 to 4."""

_plane = st.components.v2.component(
    "plane",
    html=(ASSETS / "plane" / "plane.html").read_text("utf-8"),
    css=(ASSETS / "plane" / "plane.css").read_text("utf-8"),
    js="\n".join(
        (ASSETS / "plane" / name).read_text("utf-8") for name in ("plane_paint.js", "plane.js")
    ),
    isolate_styles=False,
)


@dataclass(frozen=True)
class PlaneLayer:
    """Something in a panel.

    Attributes:
        kind: "data" that stays, "arrows" on the grid, or "particles" that move.
        values: (N, 2) of data, (frames, N, 2) of the others; beyond ±4 it is drawn at ±4.
        symbol: what it stands for; it gets the colour of that symbol.
        trails: frames that the trail of a particle goes back.
        large: whether data are few, and drawn large.
    """

    kind: Literal["data", "arrows", "particles"]
    values: NDArray[np.floating[Any]]
    symbol: Symbol | Literal["muted"]
    trails: int = 0
    large: bool = False


@dataclass(frozen=True)
class Panel:
    """One square of the plane.

    Attributes:
        title: what it shows, in a few words.
        caption: one more sentence; plain text.
        alt: the same for those who can't see it.
        layers: from the bottom to the top.
        probed: whether pointing at it shows the posterior mean of its data.
    """

    title: str
    caption: str
    alt: str
    layers: tuple[PlaneLayer, ...]
    probed: bool = False


def plane(
    panels: Sequence[Panel],
    *,
    key: str,
    title: str,
    labels: Sequence[str],
    start: int,
    address: str,
    levels: Sequence[float] = (),
    grid: NDArray[np.floating[Any]] | None = None,
    view: float = 3.0,
) -> None:
    """Show panels side by side over one slider, which no message to the server follows.

    Args:
        panels: what to show; arrows and particles have as many frames as there are labels.
        key: name of the figure on its page.
        title: what the slider moves through.
        labels: what each frame is, e.g. "t = 690".
        start: the frame shown first.
        address: what the address calls the frame.
        levels: share of signal power left at each frame, for panels that are probed.
        grid: where the arrows stand, (N, 2).
        view: the plane is shown from −view to view.

    Raises:
        ValueError: a layer has another number of frames than there are labels.
    """
    for layer in (layer for panel in panels for layer in panel.layers):
        if layer.kind != "data" and len(layer.values) != len(labels):
            raise ValueError(f"{len(layer.values)} frames of {layer.kind}, {len(labels)} labels")
    content = {
        "panels": [_packed(panel) for panel in panels],
        "grid": "" if grid is None else _numbers(grid),
        "labels": [years.current().prose(label) for label in labels],
        "title": title,
        "levels": list(levels),
        "view": view,
    }
    digest = hashlib.sha256(json.dumps(content).encode()).hexdigest()
    opened = _opened(address, len(labels), start)
    where = {"start": opened, "first": start, "address": address, "resets": resets()}
    _plane(key=key, data={**content, **where, "content": digest})


def _opened(name: str, count: int, first: int) -> int:
    """Where to begin: where the link says. It is read once, and then the browser's own."""
    register(name, None, bound=False)
    mark = f"{name}: as the link says"
    if arriving(name):
        st.session_state[mark] = number_in(st.query_params.get(name, ""))
    return nearest(st.session_state[mark], 0, count - 1, first)


def _packed(panel: Panel) -> dict[str, Any]:
    prose = years.current().prose
    return {
        "title": prose(panel.title),
        "caption": prose(panel.caption),
        "alt": prose(panel.alt),
        "probed": panel.probed,
        "layers": [
            {
                "kind": layer.kind,
                "xy": _numbers(layer.values),
                "frames": 1 if layer.kind == "data" else len(layer.values),
                "symbol": layer.symbol.replace("_", "-"),
                "trails": layer.trails,
                "large": layer.large,
            }
            for layer in panel.layers
        ],
    }


def _numbers(values: NDArray[np.floating[Any]]) -> str:
    """Coordinates as base64 of little-endian int16; a number that is none becomes 0."""
    finite = np.nan_to_num(values.astype(np.float32), posinf=4, neginf=-4)
    whole = (finite * _UNIT).round().clip(-32767, 32767).astype("<i2")
    return base64.b64encode(whole.tobytes()).decode()
