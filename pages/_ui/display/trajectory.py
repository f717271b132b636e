"""A sampling trajectory: every step under a slider, with files to take home."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, Protocol

from lessons.images.captioned import CaptionedImage
from pages._ui.display.scrubber import scrubber
from pages._ui.inputs.downloads import downloads, gif, montage

WIDTH: Final = 840
"""CSS pixels of a row of images."""

_PARAMETERS: Final = re.compile(r"_[0-9a-f]{12}$")
"""What `named` puts behind a trajectory's name: in the address it is the same for all controls."""

_MOST: Final = 100
"""Frames that a GIF has at most."""


class Steps(Protocol):
    """What can be shown: frames of images that stand one below the other, and their times."""

    @property
    def frames(self) -> tuple[tuple[CaptionedImage, ...], ...]:
        """The images of each moment."""

    @property
    def times(self) -> Sequence[float]:
        """t of each moment."""


def trajectory(
    shown: Steps, results: Sequence[CaptionedImage], *, key: str, name: str = "samples"
) -> None:
    """Show every step of a trajectory, and offer it as GIF and its results as PNG.

    Args:
        shown: the trajectory.
        results: the finished images, all of one size.
        key: name of the trajectory on its page; another one needs another key.
        name: what the files are called.
    """
    frames = shown.frames
    scrubber(
        frames,
        key=key,
        labels=[f"t = {t:g}" for t in shown.times],
        title="Step",
        size=min(WIDTH, 168 * max(1, len(results))) if len(results) > 1 else 280,
        address=_PARAMETERS.sub("", key),
    )
    downloads(
        {
            f"{name}.gif": lambda: gif(_thinned(frames)),
            f"{name}.png": lambda: montage(results),
        },
        key=f"{key}_files",
    )


def _thinned(
    frames: tuple[tuple[CaptionedImage, ...], ...],
) -> tuple[tuple[CaptionedImage, ...], ...]:
    """At most `_MOST` frames and the last one."""
    return frames[: -1 : -(-len(frames) // _MOST)] + frames[-1:]
