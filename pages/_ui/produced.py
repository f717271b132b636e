"""The deliverables of the assignment, and what this session has produced of them.

What a page shows before anybody has turned a knob is *seen*. A result is *produced* once it differs
from that: then a knob was moved, or Start was pressed. Only the latest result of each is kept.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final
from urllib.parse import urlencode

import streamlit as st

from lessons.picture import Picture
from pages._ui import lessons, visit
from pages._ui.encode import png
from pages._ui.model import made_by
from pages._ui.pictures import alt_text
from pages._ui.seed import seed
from pages._ui.visit import Knob

_FIRST: Final = "ui_first"
_PRODUCED: Final = "ui_produced"
_OWN: Final = {"A1.7.1": ("Hand-drawn and web pictures", "image_to_image.py")}
"""Deliverables that have no page of their own: the number, the name, and where to make it."""

MOST_BYTES: Final = 160_000
"""Bytes of pictures that are kept of one result."""


SIZE: Final = 132
"""CSS pixels of a kept picture that is not wider by nature; about four to a row of A4."""


@dataclass(frozen=True)
class Deliverable:
    """One row of the assignment.

    Attributes:
        id: part and number, e.g. "A1.4".
        name: what it is called.
        file: the page that makes it.
    """

    id: str
    name: str
    file: str


@dataclass(frozen=True)
class Shown:
    """One picture of a result: a PNG file, its size in pixels, and its words."""

    content: bytes
    width: int
    height: int
    caption: str
    alt: str


@dataclass(frozen=True)
class Produced:
    """One result with all that is needed to make it again.

    Attributes:
        id: part and number of its deliverable.
        pictures: as they were shown, in their order.
        left_out: how many more there were, beyond `MOST_BYTES`.
        caption: what they are, plain text.
        edition: which network made them, or "".
        seed: the seed in the sidebar, or the run's own.
        knobs: all that was set.
        address: page and query that show the result again.
    """

    id: str
    pictures: tuple[Shown, ...]
    left_out: int
    caption: str
    edition: str
    seed: int
    knobs: tuple[Knob, ...]
    address: str


def deliverables() -> list[Deliverable]:
    """List all rows of the assignment in their order."""
    rows = [Deliverable(x.part + x.number, x.name, x.file) for x in lessons.discover() if x.part]
    for number, (name, file) in _OWN.items():
        place = next((i + 1 for i, row in enumerate(rows) if row.file == file), len(rows))
        rows.insert(place, Deliverable(number, name, file))
    return rows


def deliver(
    pictures: Sequence[Picture],
    caption: str,
    *,
    number: str = "",
    run: str = "",
    network: str = "",
    **knobs: object,
) -> None:
    """Tick the lesson's deliverable off if the reader made this result, and keep it to hand in.

    Args:
        pictures: the result as it is shown; nothing happens if there are none.
        caption: what it is, plain text.
        number: a deliverable other than the page's own, e.g. "A1.7.1".
        run: the training run that it belongs to, which makes it another result than the first;
            by default its pixels do.
        network: which network made it, where the page has no choice of a model.
        knobs: what else it depends on, besides what the page's widgets say.
    """
    page = visit.here()
    row = next((row for row in deliverables() if row.id == (number or page)), None)
    if row is None or not pictures:
        return
    what = run or _fingerprint(pictures)
    if st.session_state.setdefault(_FIRST, {}).setdefault(page, what) == what:
        return
    shown, left_out = _kept(pictures)
    used = int(str(knobs.pop("seed", seed())))
    if run:
        visit.note("run", "Run", run)
    widgets = visit.knobs()
    st.session_state.setdefault(_PRODUCED, {})[row.id] = Produced(
        id=row.id,
        pictures=shown,
        left_out=left_out,
        caption=caption,
        edition=network or _edition(widgets),
        seed=used,
        knobs=(*widgets, *(Knob("", name, str(value)[:400]) for name, value in knobs.items())),
        address=_address(row.file, widgets, used),
    )


def produced() -> dict[str, Produced]:
    """What this session has produced, in the order of the assignment."""
    kept: dict[str, Produced] = st.session_state.get(_PRODUCED, {})
    return {row.id: kept[row.id] for row in deliverables() if row.id in kept}


def seen() -> set[str]:
    """The lessons whose result this session has seen at first sight."""
    return set(st.session_state.get(_FIRST, {}))


def kept_pictures(result: Produced) -> None:
    """Show a kept result again."""
    figures = "".join(
        f'<figure class="ui-figure" style="--size: {shown_size(p)}px; --frame: transparent">'
        f'<img src="data:image/png;base64,{base64.b64encode(p.content).decode()}" '
        f'alt="{escape(p.alt)}" width="{p.width}" height="{p.height}">'
        f"<figcaption>{escape(p.caption)}</figcaption></figure>"
        for p in result.pictures
    )
    st.html(f'<div class="ui-strip">{figures}</div>')


def shown_size(picture: Shown) -> int:
    """The width in CSS pixels at which a kept picture stands in a page or a report."""
    return picture.width * max(1, round(SIZE / picture.width))


def remove(number: str) -> None:
    """Forget a result."""
    st.session_state.get(_PRODUCED, {}).pop(number, None)


def _fingerprint(pictures: Sequence[Picture]) -> str:
    digest = hashlib.sha256()
    for picture in pictures:
        digest.update(repr(picture.pixels.shape).encode())
        digest.update(picture.pixels.tobytes())
    return digest.hexdigest()


def _kept(pictures: Sequence[Picture]) -> tuple[tuple[Shown, ...], int]:
    shown: list[Shown] = []
    size = 0
    for picture in pictures:
        content = png(picture.pixels)
        size += len(content)
        if shown and size > MOST_BYTES:
            break
        height, width = picture.pixels.shape[:2]
        shown.append(Shown(content, width, height, picture.caption, alt_text(picture)))
    return tuple(shown), len(pictures) - len(shown)


def _edition(widgets: Sequence[Knob]) -> str:
    return next((made_by(knob.value) for knob in widgets if knob.key == "model"), "")


def _address(file: str, widgets: Sequence[Knob], used: int) -> str:
    query = {"seed": str(used)} | {knob.key: knob.value for knob in widgets}
    return f"{file.removesuffix('.py')}?{urlencode(query)}"
