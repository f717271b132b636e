"""Strips and grids of pictures, large enough that single pixels can be seen."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import Final

import streamlit as st

from lessons.picture import Picture
from pages._ui import palette, years
from pages._ui.encode import data_url

_SMALLEST: Final = 140


def strip(pictures: Sequence[Picture], *, size: int | None = None) -> None:
    """Show pictures side by side; they wrap where the screen ends.

    Args:
        pictures: what to show, each with its caption, its text alternative and its symbol.
        size: width of each in CSS pixels; by default the smallest whole multiple of the
            picture's own width that is at least 140.
    """
    figures = "".join(figure(picture, size) for picture in pictures)
    st.html(f'<div class="ui-strip">{figures}</div>')


def stack(pictures: Sequence[Picture], *, size: int | None = None) -> None:
    """Show wide pictures one below the other.

    Args:
        pictures: what to show, as in `strip`.
        size: width of each in CSS pixels, as in `strip`; never wider than the page.
    """
    for picture in pictures:
        strip([picture], size=size)


def grid(
    rows: Sequence[Sequence[Picture]],
    *,
    row_labels: Sequence[str] = (),
    column_labels: Sequence[str] = (),
    size: int | None = None,
) -> None:
    """Show pictures as a table that can be read by row and by column.

    Args:
        rows: the pictures, row by row.
        row_labels: one word or two per row, or nothing.
        column_labels: the same per column.
        size: width of each in CSS pixels, as in `strip`.
    """
    prose = years.current().prose
    columns = max((len(row) for row in rows), default=1)
    head = ""
    if column_labels:
        corner = "<td></td>" if row_labels else ""
        cells = "".join(f'<th scope="col">{escape(prose(text))}</th>' for text in column_labels)
        head = f"<thead><tr>{corner}{cells}</tr></thead>"
    body = ""
    for i, row in enumerate(rows):
        label = f'<th scope="row">{escape(prose(row_labels[i]))}</th>' if row_labels else ""
        body += f"<tr>{label}{''.join(f'<td>{figure(p, size)}</td>' for p in row)}</tr>"
    # The table scrolls sideways inside its own box on a phone, never the page.
    st.html(
        '<div class="ui-grid" tabindex="0" role="region" aria-label="Table of pictures">'
        f'<table style="--columns: {columns}">{head}<tbody>{body}</tbody></table></div>'
    )


def figure(picture: Picture, size: int | None = None) -> str:
    """Write one picture as HTML: framed in its symbol's colour, with caption and alt text."""
    height, width = picture.pixels.shape[:2]
    prose = years.current().prose
    words, alt = prose(picture.caption), prose(alt_text(picture))
    caption = f"<figcaption>{escape(words)}</figcaption>" if words else ""
    frame = f"var({palette.css_name(picture.symbol)})" if picture.symbol else "transparent"
    style = f"--size: {shown_width(picture, size)}px; --frame: {frame}"
    return (
        f'<figure class="ui-figure" style="{style}">'
        f'<img src="{data_url(picture.pixels)}" alt="{escape(alt)}" '
        f'width="{width}" height="{height}">{caption}</figure>'
    )


def shown_width(picture: Picture, size: int | None = None) -> int:
    """Return the width on the screen in CSS pixels: a whole multiple, at least 140, or `size`."""
    width = picture.pixels.shape[1]
    return size or width * math.ceil(_SMALLEST / width)


def alt_text(picture: Picture) -> str:
    """Say what is in the picture, for those who cannot see it."""
    return picture.alt or picture.caption or "picture"
