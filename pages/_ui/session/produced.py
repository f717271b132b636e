"""The deliverables of the assignment, and what this session has produced of them.

What a page shows before anybody has turned a control is *seen*. A result is *produced* once it
differs from that: then a control was moved, or Start was pressed. The latest result of each is in
the report, and those that the reader kept before it: an assignment wants several of some.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from typing import Final
from urllib.parse import urlencode

import streamlit as st

from lessons.images.captioned import CaptionedImage
from pages import _teaching
from pages._ui.display.encode import png
from pages._ui.display.images import alt_text
from pages._ui.inputs.model import made_by
from pages._ui.inputs.seed import seed
from pages._ui.session import lessons, remembered, visit, wall
from pages._ui.session.controls import Setting, settings, stands_at
from pages._ui.session.remembered import FIRST
from pages._ui.session.results import KEPT, PRODUCED, Produced, Shown
from pages._ui.text.words import label

MOST_KEPT: Final = 6
"""Results of one deliverable that a reader can keep besides the latest."""

MOST_POINTS: Final = 600
"""Points of a loss curve that are kept."""

MOST_BYTES: Final = 160_000
"""Bytes of images that are kept of one result."""


SIZE: Final = 132
"""CSS pixels of a kept image that is not wider by nature; about four to a row of A4."""


_noted: list[Sequence[CaptionedImage]] | None = None


@dataclass(frozen=True)
class Deliverable:
    """One row of the assignment.

    Attributes:
        id: part and number, e.g. "A1.4".
        name: what it is called.
        file: the page that makes it.
        years: keys of `_teaching.YEARS`, the courses that ask for it; none for a lesson of ours.
    """

    id: str
    name: str
    file: str
    years: tuple[str, ...] = tuple(_teaching.YEARS)


def deliverables() -> list[Deliverable]:
    """List what can be handed in, in its order; a page's note names those besides its own."""
    rows = []
    for lesson in lessons.discover():
        if lesson.part:
            note = _teaching.read(lesson.file)
            years = note.years if note else ()
            names = {lesson.part + lesson.number: lesson.name, **(note.also if note else {})}
            rows += [Deliverable(id, name, lesson.file, years) for id, name in names.items()]
    return rows


def deliver(
    images: Sequence[CaptionedImage],
    caption: str,
    *,
    number: str = "",
    run: str = "",
    network: str = "",
    curve: Sequence[tuple[int, float]] = (),
    **parameters: object,
) -> None:
    """Tick the lesson's deliverable off if the reader made this result, and keep it to hand in.

    Args:
        images: the result as it is shown; nothing happens if there are none.
        caption: what it is, plain text.
        number: a deliverable other than the page's own, e.g. "A1.7.1".
        run: the training run that it belongs to, which makes it another result than the first;
            by default its pixels do.
        network: which network made it, where the page has no choice of a model.
        curve: step and loss of the training behind it; every n-th is kept of a long one.
        parameters: what else it depends on, besides what the page's widgets say.
    """
    page = visit.here()
    row = next((row for row in deliverables() if row.id == (number or page)), None)
    if row is None or not images:
        return
    if _noted is not None:
        _noted.append(images)
    what = run or _fingerprint(images)
    if _first(page, what) == what:
        return
    shown, left_out = _kept(images)
    used = int(str(parameters.pop("seed", seed())))
    if run:
        stands_at("run", run, "Run")
    widgets = settings()
    made = Produced(
        id=row.id,
        images=shown,
        left_out=left_out,
        caption=caption,
        weights_hash=network or _weights_hash(widgets),
        seed=used,
        parameters=(
            *widgets,
            *(Setting("", name, str(value)[:400]) for name, value in parameters.items()),
        ),
        address=_address(row.file, widgets, used),
        curve=_thinned(curve),
    )
    if st.session_state.setdefault(PRODUCED, {}).get(row.id) != made:
        st.session_state[PRODUCED][row.id] = made
        remembered.save_results(row.id)
    with st.container(horizontal=True):
        _offer_to_keep(row.id)
        wall.offer(images, caption, made.address, key=f"{row.id}_{what[:24]}")


def _first(page: str, what: str) -> str:
    """The result that a page opened with: this one, if there was none."""
    first = st.session_state.setdefault(FIRST, {})
    if page not in first:
        first[page] = what
        remembered.save("first", first)
    return str(first[page])


def _offer_to_keep(number: str) -> None:
    """A button that keeps this result although a newer one will follow."""
    latest, kept = st.session_state[PRODUCED][number], _kept_of(number)
    if latest in kept:
        label("This result is kept for the report.")
    elif len(kept) < MOST_KEPT:
        st.button(
            "Keep for the report",
            key=f"ui_keep_{number}",
            on_click=keep,
            args=(number,),
            type="tertiary",
            help="The report contains your latest result; this one stays in it beside newer ones.",
        )
    else:
        label(f"{MOST_KEPT} results are kept for the report: remove one there to keep another.")


def keep(number: str) -> None:
    """Keep the latest result of a deliverable besides those that follow it."""
    latest, kept = st.session_state.get(PRODUCED, {}).get(number), _kept_of(number)
    if latest and latest not in kept and len(kept) < MOST_KEPT:
        st.session_state.setdefault(KEPT, {})[number] = (*kept, latest)
        remembered.save_results(number)


def _kept_of(number: str) -> tuple[Produced, ...]:
    kept: tuple[Produced, ...] = st.session_state.get(KEPT, {}).get(number, ())
    return kept


def _thinned(curve: Sequence[tuple[int, float]]) -> tuple[tuple[int, float], ...]:
    every = max(1, -(-len(curve) // MOST_POINTS))
    return (*curve[:-1:every], curve[-1]) if curve else ()


def produced() -> dict[str, tuple[Produced, ...]]:
    """What this session has produced, in the order of the assignment: the kept, then the latest."""
    latest: dict[str, Produced] = st.session_state.get(PRODUCED, {})
    found = {}
    for row in deliverables():
        one, kept = latest.get(row.id), _kept_of(row.id)
        if results := (*kept, one) if one and one not in kept else kept:
            found[row.id] = results
    return found


@contextmanager
def noting() -> Iterator[list[Sequence[CaptionedImage]]]:
    """Note the results that pages deliver, in their order, for those who store them."""
    global _noted
    _noted = []
    try:
        yield _noted
    finally:
        _noted = None


def seen() -> set[str]:
    """The lessons whose result this session has seen as the page opens with it."""
    return set(st.session_state.get(FIRST, {}))


def kept_images(result: Produced) -> None:
    """Show a kept result again."""
    figures = "".join(
        f'<figure class="ui-figure" style="--size: {shown_size(p)}px; --frame: transparent">'
        f'<img src="data:image/png;base64,{base64.b64encode(p.content).decode()}" '
        f'alt="{escape(p.alt)}" width="{p.width}" height="{p.height}">'
        f"<figcaption>{escape(p.caption)}</figcaption></figure>"
        for p in result.images
    )
    st.html(f'<div class="ui-strip">{figures}</div>')


def shown_size(image: Shown) -> int:
    """The width in CSS pixels at which a kept image stands in a page or a report."""
    return image.width * max(1, round(SIZE / image.width))


def remove(number: str, result: Produced) -> None:
    """Forget a result, whether it is kept or the latest."""
    latest: dict[str, Produced] = st.session_state.get(PRODUCED, {})
    if latest.get(number) == result:
        del latest[number]
    if kept := tuple(one for one in _kept_of(number) if one != result):
        st.session_state[KEPT][number] = kept
    else:
        st.session_state.get(KEPT, {}).pop(number, None)
    remembered.save_results(number)


def _fingerprint(images: Sequence[CaptionedImage]) -> str:
    digest = hashlib.sha256()
    for image in images:
        digest.update(repr(image.pixels.shape).encode())
        digest.update(image.pixels.tobytes())
    return digest.hexdigest()


def _kept(images: Sequence[CaptionedImage]) -> tuple[tuple[Shown, ...], int]:
    shown: list[Shown] = []
    size = 0
    for image in images:
        content = png(image.pixels)
        size += len(content)
        if shown and size > MOST_BYTES:
            break
        height, width = image.pixels.shape[:2]
        shown.append(Shown(content, width, height, image.caption, alt_text(image)))
    return tuple(shown), len(images) - len(shown)


def _weights_hash(widgets: Sequence[Setting]) -> str:
    return next((made_by(parameter.value) for parameter in widgets if parameter.key == "model"), "")


def _address(file: str, widgets: Sequence[Setting], used: int) -> str:
    query = {"seed": str(used)} | {parameter.key: parameter.value for parameter in widgets}
    return f"{file.removesuffix('.py')}?{urlencode(query)}"
