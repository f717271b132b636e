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

from lessons.images.captioned import CaptionedImage

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
    images: Sequence[CaptionedImage], *, columns: int | None = None, scale: int | None = None
) -> bytes:
    """Lay images of one size side by side in a PNG, enlarged without smoothing.

    Args:
        images: at least one, all of the same height and width.
        columns: images per row; by default all in one row.
        scale: pixels of the file per pixel of an image; by default at least 140 per image.

    Raises:
        ValueError: there is no image, or their sizes differ.
    """
    if len({image.pixels.shape[:2] for image in images}) != 1:
        raise ValueError("a montage needs images of one size")
    height, width = images[0].pixels.shape[:2]
    columns = columns or len(images)
    rows = -(-len(images) // columns)
    sheet = np.full(
        (rows * (height + _GAP) - _GAP, columns * (width + _GAP) - _GAP, 3), 255, np.uint8
    )
    for i, image in enumerate(images):
        top, left = i // columns * (height + _GAP), i % columns * (width + _GAP)
        sheet[top : top + height, left : left + width] = _rgb(image.pixels)
    scale = scale or -(-140 // width)
    buffer = io.BytesIO()
    Image.fromarray(sheet.repeat(scale, 0).repeat(scale, 1)).save(buffer, "PNG")
    return buffer.getvalue()


def gif(
    frames: Sequence[Sequence[CaptionedImage]], *, scale: int = 2, seconds: float = 6.0
) -> bytes:
    """Make an animation of frames: the images of each stand in a column, the last one lingers.

    Args:
        frames: at least one; all alike in number and size of images.
        scale: pixels of the file per pixel of an image.
        seconds: how long the trajectory takes without the last frame's wait.

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
