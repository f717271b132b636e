"""Strips and grids of images, large enough that single pixels can be seen."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import Final

import streamlit as st

from lessons.images.captioned import CaptionedImage
from pages._ui.display import palette
from pages._ui.display.encode import data_url
from pages._ui.text import years

_SMALLEST: Final = 140


def strip(images: Sequence[CaptionedImage], *, size: int | None = None) -> None:
    """Show images side by side; they wrap where the screen ends.

    Args:
        images: what to show, each with its caption, its text alternative and its symbol.
        size: width of each in CSS pixels; by default the smallest whole multiple of the
            image's own width that is at least 140.
    """
    figures = "".join(figure(image, size) for image in images)
    st.html(f'<div class="ui-strip">{figures}</div>')


def stack(images: Sequence[CaptionedImage], *, size: int | None = None) -> None:
    """Show wide images one below the other.

    Args:
        images: what to show, as in `strip`.
        size: width of each in CSS pixels, as in `strip`; never wider than the page.
    """
    for image in images:
        strip([image], size=size)


def grid(
    rows: Sequence[Sequence[CaptionedImage]],
    *,
    row_labels: Sequence[str] = (),
    column_labels: Sequence[str] = (),
    size: int | None = None,
) -> None:
    """Show images as a table that can be read by row and by column.

    Args:
        rows: the images, row by row.
        row_labels: one word or two per row, or nothing.
        column_labels: the same per column.
        size: width of each in CSS pixels, as in `strip`.
    """
    prose = years.current().prose
    columns = max((len(row) for row in rows), default=1)
    head = ""
    if column_labels:
        corner = "<td></td>" if row_labels else ""
        cells = "".join(
            f'<th scope="col"><div>{escape(prose(text))}</div></th>' for text in column_labels
        )
        head = f"<thead><tr>{corner}{cells}</tr></thead>"
    body = ""
    for i, row in enumerate(rows):
        label = f'<th scope="row">{escape(prose(row_labels[i]))}</th>' if row_labels else ""
        body += f"<tr>{label}{''.join(f'<td>{figure(p, size)}</td>' for p in row)}</tr>"
    # The table scrolls sideways inside its own box on a phone, never the page.
    st.html(
        '<div class="ui-grid" tabindex="0" role="region" aria-label="Table of images">'
        f'<table style="--columns: {columns}">{head}<tbody>{body}</tbody></table></div>'
    )


def figure(image: CaptionedImage, size: int | None = None) -> str:
    """Write one image as HTML: framed in its symbol's colour, with caption and alt text."""
    height, width = image.pixels.shape[:2]
    prose = years.current().prose
    words, alt = caption_text(image), prose(alt_text(image))
    caption = f"<figcaption>{escape(words)}</figcaption>" if words else ""
    frame = f"var({palette.css_name(image.symbol)})" if image.symbol else "transparent"
    style = f"--size: {shown_width(image, size)}px; --frame: {frame}"
    return (
        f'<figure class="ui-figure" style="{style}">'
        f'<img src="{data_url(image.pixels)}" alt="{escape(alt)}" '
        f'width="{width}" height="{height}">{caption}</figure>'
    )


def shown_width(image: CaptionedImage, size: int | None = None) -> int:
    """Return the width on the screen in CSS pixels: a whole multiple, at least 140, or `size`."""
    width = image.pixels.shape[1]
    return size or width * math.ceil(_SMALLEST / width)


def caption_text(image: CaptionedImage) -> str:
    """Return what stands under the image, in the reader's notation, with x_t as it is printed."""
    return years.current().prose(image.caption).replace("x_t", "xₜ")


def alt_text(image: CaptionedImage) -> str:
    """Say what is in the image, for those who cannot see it."""
    return image.alt or image.caption or "image"
