"""Show it to the class: a result of a lesson goes to the wall, with the address of its settings."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from lessons.classroom import wall
from lessons.images.captioned import CaptionedImage
from lessons.training.runs import files
from pages._ui.display.encode import png
from pages._ui.session import lessons
from pages._ui.session.reader import reader
from pages._ui.text.messages import problems, telling, toast

_PLACE = "the wall"


def offer(images: Sequence[CaptionedImage], caption: str, address: str, *, key: str) -> None:
    """Offer to put one of these images on the wall, where there is one.

    Args:
        images: a result, as it is shown.
        caption: what it is, plain text.
        address: page and query that make it again.
        key: name of this on its page.
    """
    if not wall.is_on():
        return
    with st.popover("Show it to the class", key=f"ui_wall_{key}"):
        which = 1
        if len(images) > 1:
            last = len(images)
            sent = st.number_input(f"Which image, 1 to {last}", 1, last, key=f"ui_wall_which_{key}")
            which = min(max(int(sent), 1), last)
        st.button(
            "Put it on the wall",
            key=f"ui_wall_put_{key}",
            on_click=_put,
            args=(images[which - 1], caption, address),
            help="Everybody sees it there, with a link to its settings. It carries no name.",
        )
    problems(_PLACE)


def _put(image: CaptionedImage, caption: str, address: str) -> None:
    with telling(_PLACE):
        words = f"{caption}: {image.caption}" if image.caption else caption
        title = lessons.title_of(address.partition("?")[0])
        content = png(image.pixels)
        wall.put(files.root(), reader(), content, title=title, caption=words, address=address)
        toast("It is on the wall.")
