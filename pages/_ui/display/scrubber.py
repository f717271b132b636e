"""Frames to scrub through: all are in the browser, so the slider answers at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from lessons.images.captioned import CaptionedImage
from pages._ui.assets import ASSETS
from pages._ui.display.encode import data_url, frame_url
from pages._ui.display.images import alt_text, caption_text, shown_width
from pages._ui.inputs.numbers import nearest, number_in
from pages._ui.session.address import arriving, resets
from pages._ui.session.controls import register
from pages._ui.text import years

_scrubber = st.components.v2.component(
    "scrubber",
    html=(ASSETS / "scrubber.html").read_text("utf-8"),
    js=(ASSETS / "scrubber.js").read_text("utf-8"),
    isolate_styles=False,
)


def scrubber(
    frames: Sequence[CaptionedImage | Sequence[CaptionedImage]],
    *,
    key: str,
    labels: Sequence[str],
    title: str = "Frame",
    start: int = -1,
    size: int | None = None,
    address: str = "",
) -> int:
    """Show one frame at a time, with a slider, single steps and a play button.

    Nothing is sent while the slider is dragged; where it was let go is sent once. New frames may
    be added at the end: a reader who stands on the last one then moves on with it.

    Args:
        frames: each one image, or several that stand side by side.
        key: name of the scrubber on its page.
        labels: what each frame is, e.g. "t = 690" or "Epoch 3"; one per frame.
        title: what the slider moves through.
        start: the frame shown first; -1 is the last.
        size: width of each image in CSS pixels, as in `strip`.
        address: what the address calls the place of the frame; "" leaves it out.

    Returns:
        The place of the frame where the reader last let go, 0 ≤ place < number of frames.

    Raises:
        ValueError: there are no frames, or not one label for each.
    """
    if not frames or len(labels) != len(frames):
        raise ValueError(f"{len(frames)} frames but {len(labels)} labels")
    first = start % len(frames)
    words = [years.current().prose(label) for label in labels]
    opened = _opened(address, key, len(frames), first)
    result = _scrubber(
        key=key,
        data={
            **_packed(frames, size),
            "labels": words,
            "title": title,
            "start": opened,
            "first": first,
            "address": address,
            "resets": resets(),
        },
        default={"index": opened},
        on_index_change=lambda: None,
    )
    return nearest(result.index, 0, len(frames) - 1, first)


def _opened(name: str, key: str, count: int, first: int) -> int:
    """Where to begin: where the link says, for the frames that it was opened with."""
    if not name:
        return first
    register(name, None, bound=False)
    mark = f"{name}: as the link says"
    if arriving(name):
        st.session_state[mark] = key, number_in(st.query_params.get(name, ""))
    opened_with, place = st.session_state[mark]
    return nearest(place, 0, count - 1, first) if opened_with == key else first


def _packed(
    frames: Sequence[CaptionedImage | Sequence[CaptionedImage]], size: int | None
) -> dict[str, Any]:
    """Pack the frames so that an image that stands in many of them is sent once."""
    places: dict[str, int] = {}
    prose = years.current().prose
    packed = []
    for place, frame in enumerate(frames):
        last = place == len(frames) - 1  # it is the result
        images = [frame] if isinstance(frame, CaptionedImage) else frame
        packed.append(
            [
                {
                    "image": places.setdefault(_address(image, exact=last), len(places)),
                    "caption": caption_text(image),
                    "alt": prose(alt_text(image)),
                    "symbol": image.symbol.replace("_", "-"),
                    "size": shown_width(image, size),
                    "shape": image.pixels.shape[:2],
                }
                for image in images
            ]
        )
    return {"images": list(places), "frames": packed}


def _address(image: CaptionedImage, exact: bool) -> str:
    return data_url(image.pixels) if exact else frame_url(image.pixels, image.symbol == "x_t")
