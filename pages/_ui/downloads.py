"""Results to take home, made when asked for: offering them costs a page nothing."""

from __future__ import annotations

import csv as csv_module
import io
import mimetypes
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image

from lessons.picture import Picture

_GAP: Final = 2


def downloads(files: Mapping[str, Callable[[], bytes]], *, key: str) -> None:
    """Offer files; none is made before the reader asks for it, and asking reruns nothing.

    Args:
        files: file name, e.g. "loss.csv", and the function that makes its bytes.
        key: name of this row of buttons on its page.
    """
    with st.container(horizontal=True, key=f"ui_downloads_{key}"):
        for name, make in files.items():
            st.download_button(
                name,
                data=make,
                file_name=name,
                mime=mimetypes.guess_type(name)[0] or "application/octet-stream",
                key=f"{key}_{name}",
                on_click="ignore",
                icon=":material/download:",
            )


def montage(
    pictures: Sequence[Picture], *, columns: int | None = None, scale: int | None = None
) -> bytes:
    """Lay pictures of one size side by side in a PNG, enlarged without smoothing.

    Args:
        pictures: at least one, all of the same height and width.
        columns: pictures per row; by default all in one row.
        scale: pixels of the file per pixel of a picture; by default at least 140 per picture.

    Raises:
        ValueError: there is no picture, or their sizes differ.
    """
    if len({picture.pixels.shape[:2] for picture in pictures}) != 1:
        raise ValueError("a montage needs pictures of one size")
    height, width = pictures[0].pixels.shape[:2]
    columns = columns or len(pictures)
    rows = -(-len(pictures) // columns)
    sheet = np.full(
        (rows * (height + _GAP) - _GAP, columns * (width + _GAP) - _GAP, 3), 255, np.uint8
    )
    for i, picture in enumerate(pictures):
        top, left = i // columns * (height + _GAP), i % columns * (width + _GAP)
        sheet[top : top + height, left : left + width] = _rgb(picture.pixels)
    scale = scale or -(-140 // width)
    buffer = io.BytesIO()
    Image.fromarray(sheet.repeat(scale, 0).repeat(scale, 1)).save(buffer, "PNG")
    return buffer.getvalue()


def gif(frames: Sequence[Sequence[Picture]], *, scale: int = 2, seconds: float = 6.0) -> bytes:
    """Make a film of frames: the pictures of each stand one below the other, the last one lingers.

    Args:
        frames: at least one; all alike in number and size of pictures.
        scale: pixels of the file per pixel of a picture.
        seconds: how long the film takes without the last frame's wait.

    Raises:
        ValueError: there is no frame, or they differ in size.
    """
    stacked = [np.concatenate([_rgb(p.pixels) for p in frame]) for frame in frames]
    stills = [Image.fromarray(one.repeat(scale, 0).repeat(scale, 1)) for one in stacked]
    each = max(20, round(1000 * seconds / len(stills)))
    buffer = io.BytesIO()
    stills[0].save(
        buffer,
        "GIF",
        save_all=True,
        append_images=stills[1:],
        duration=[each] * (len(stills) - 1) + [2000],
        loop=0,
    )
    return buffer.getvalue()


def csv(columns: Mapping[str, Sequence[Any]]) -> bytes:
    """Write columns of equal length as a CSV file with a heading line, UTF-8.

    Raises:
        ValueError: the columns differ in length.
    """
    buffer = io.StringIO()
    writer = csv_module.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return buffer.getvalue().encode()


def _rgb(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return pixels if pixels.ndim == 3 else np.repeat(pixels[:, :, None], 3, axis=2)
