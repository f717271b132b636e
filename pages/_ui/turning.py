"""Pictures that turn before one's eyes, and pictures that one steps back from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import streamlit as st

from lessons.picture import Picture
from pages._ui.downloads import downloads, montage
from pages._ui.encode import data_url

_FOLDER: Final = Path(__file__).parent
_VIEWS: Final = {
    "180°": "half",
    "90°": "quarter",
    "vertical flip": "flip",
    "negative": "negative",
    "quarters": "quarters",
}

_turning = st.components.v2.component(
    "turning",
    html=(_FOLDER / "turning.html").read_text("utf-8"),
    js=(_FOLDER / "turning.js").read_text("utf-8"),
    isolate_styles=False,
)
_stepping = st.components.v2.component(
    "stepping",
    html=(_FOLDER / "stepping.html").read_text("utf-8"),
    js=(_FOLDER / "stepping.js").read_text("utf-8"),
    isolate_styles=False,
)


def turning(
    upright: Sequence[Picture],
    viewed: Sequence[Picture],
    *,
    words: tuple[str, str],
    view: str,
    key: str,
) -> None:
    """Show pictures under a control that turns them all, from one reading to the other.

    Args:
        upright: the pictures.
        viewed: the same as the view sees them, for the file to take home.
        words: what they are upright, and what through the view.
        view: the view's name.
        key: name of this on its page; other pictures need another one.
    """
    _turning(
        key=key,
        data={
            "images": [data_url(picture.pixels) for picture in upright],
            "words": list(words),
            "view": _VIEWS[view],
        },
    )
    downloads({"anagrams.png": lambda: _sheet(upright, viewed)}, key=f"{key}_sheet")


def stepping_back(pictures: Sequence[Picture], *, words: tuple[str, str], key: str) -> None:
    """Show pictures at several sizes, and under a control that moves them away.

    Args:
        pictures: hybrids.
        words: what they are from far, and what from near.
        key: name of this on its page; other pictures need another one.
    """
    _stepping(
        key=key,
        data={
            "images": [data_url(picture.pixels) for picture in pictures],
            "words": list(words),
        },
    )


def _sheet(upright: Sequence[Picture], viewed: Sequence[Picture]) -> bytes:
    return montage((*upright, *viewed), columns=len(upright))
