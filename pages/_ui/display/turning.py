"""Images shown under a view, and images seen from close up and from afar."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import streamlit as st

from lessons.images.captioned import CaptionedImage
from pages._ui.assets import ASSETS
from pages._ui.display.encode import data_url
from pages._ui.inputs.downloads import downloads, montage

_FOLDER: Final = ASSETS
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
    upright: Sequence[CaptionedImage],
    viewed: Sequence[CaptionedImage],
    *,
    words: tuple[str, str],
    view: str,
    key: str,
) -> None:
    """Show images under a control that turns them all, from prompt 1 to prompt 2.

    Args:
        upright: the images.
        viewed: the same after the view, for the file to take home.
        words: prompt 1, and prompt 2, after the view.
        view: the view's name.
        key: name of this on its page; other images need another one.
    """
    _turning(
        key=key,
        data={
            "images": [data_url(image.pixels) for image in upright],
            "words": list(words),
            "view": _VIEWS[view],
        },
    )
    downloads({"anagrams.png": lambda: _sheet(upright, viewed)}, key=f"{key}_sheet")


def stepping_back(images: Sequence[CaptionedImage], *, words: tuple[str, str], key: str) -> None:
    """Show images at several sizes, and under a control that moves them away.

    Args:
        images: hybrids.
        words: the low-frequency prompt, and the high-frequency prompt.
        key: name of this on its page; other images need another one.
    """
    _stepping(
        key=key,
        data={
            "images": [data_url(image.pixels) for image in images],
            "words": list(words),
        },
    )


def _sheet(upright: Sequence[CaptionedImage], viewed: Sequence[CaptionedImage]) -> bytes:
    return montage((*upright, *viewed), columns=len(upright))
