"""The film of a walk: every step under a slider, with files to take home."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, Protocol

from lessons.picture import Picture
from pages._ui.downloads import downloads, gif, montage
from pages._ui.scrubber import scrubber

WIDTH: Final = 840
"""CSS pixels of a row of pictures."""

_KNOBS: Final = re.compile(r"_[0-9a-f]{12}$")
"""What `named` puts behind a film's name: in the address it is the same for all knobs."""

_MOST: Final = 100
"""Frames that a GIF has at most."""


class Filmed(Protocol):
    """What can be shown: frames of pictures that stand one below the other, and their times."""

    @property
    def frames(self) -> tuple[tuple[Picture, ...], ...]:
        """The pictures of each moment."""

    @property
    def times(self) -> Sequence[float]:
        """t of each moment."""


def film(shown: Filmed, results: Sequence[Picture], *, key: str, name: str = "samples") -> None:
    """Show every step of a walk, and offer it as GIF and its results as PNG.

    Args:
        shown: the walk.
        results: the finished pictures, all of one size.
        key: name of the film on its page; another walk needs another one.
        name: what the files are called.
    """
    frames = shown.frames
    scrubber(
        frames,
        key=key,
        labels=[f"t = {t:g}" for t in shown.times],
        title="Step",
        size=min(WIDTH, 168 * max(1, len(results))) if len(results) > 1 else 280,
        address=_KNOBS.sub("", key),
    )
    downloads(
        {
            f"{name}.gif": lambda: gif(_thinned(frames)),
            f"{name}.png": lambda: montage(results),
        },
        key=f"{key}_files",
    )


def _thinned(frames: tuple[tuple[Picture, ...], ...]) -> tuple[tuple[Picture, ...], ...]:
    """At most `_MOST` frames and the last one."""
    return frames[: -1 : -(-len(frames) // _MOST)] + frames[-1:]
