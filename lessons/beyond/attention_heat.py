"""A1.6.1 · Heat maps: numbers of places as a colour over an image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from lessons.images.captioned import CaptionedImage, to_pixels
from models.text_to_image import ModelSpec

VERMILION: Final = (213, 94, 0)
"""Okabe and Ito's: told apart from grey by everybody."""

STRONGEST: Final = 0.85
"""Share of the colour where the heat is greatest, so that the image stays to be seen."""

Kind = Literal["looks at", "changes without"]
"""What the heat says: how much a place looks at a token, or how much changes without it."""


@dataclass(frozen=True)
class Heat:
    """Heat maps step by step.

    Attributes:
        frames: of each step, one image a token.
        times: t of each step, falling.
    """

    frames: tuple[tuple[CaptionedImage, ...], ...]
    times: tuple[int, ...]


def frames_of(
    maps: Sequence[Tensor],
    images: Sequence[Tensor],
    words: Sequence[str],
    form: ModelSpec,
    kind: Kind,
) -> tuple[tuple[CaptionedImage, ...], ...]:
    """Lay each step's maps over its image.

    Args:
        maps: of each step, (L, H, W), one a word.
        images: of each step, (C, H, W), in the model's range.
        words: L tokens.
        form: the model's images.
        kind: what the maps say.
    """
    return tuple(
        tuple(
            CaptionedImage(
                overlaid(image, one, form, kind), caption(word, one, kind), alt(word, kind)
            )
            for word, one in zip(words, heat, strict=True)
        )
        for heat, image in zip(maps, images, strict=True)
    )


def means_of(
    maps: Sequence[Tensor], image: Tensor, words: Sequence[str], form: ModelSpec, kind: Kind
) -> tuple[CaptionedImage, ...]:
    """The mean of all steps over one image; arguments as in `frames_of`."""
    return frames_of([torch.stack(list(maps)).mean(0)], [image], words, form, kind)[0]


def overlaid(image: Tensor, heat: Tensor, form: ModelSpec, kind: Kind) -> NDArray[np.uint8]:
    """Colour a grey copy of an image by heat, from none to the strongest of this very map.

    Args:
        image: (C, H, W), in the model's range.
        heat: (h, w), enlarged to the image by straight lines between its places.
        form: the model's images.
        kind: attention begins at its smallest value, change at zero.

    Returns:
        (H, W, 3) uint8.
    """
    fine = F.interpolate(heat[None, None], image.shape[1:], mode="bilinear")[0]
    least = heat.min() if kind == "looks at" else torch.zeros(())
    span = (heat.max() - least).clamp(min=1e-12)
    weight = STRONGEST * ((fine - least) / span).clamp(0, 1)
    grey = (image.mean(0) - form.low).clamp(0, form.high - form.low) / (form.high - form.low)
    colour = torch.tensor(VERMILION)[:, None, None] / 255
    return to_pixels(torch.lerp(grey.expand(3, -1, -1), colour.expand(3, *grey.shape), weight))


def caption(word: str, heat: Tensor, kind: Kind) -> str:
    """A token and the range of its map, e.g. "hat: 46 to 75 %"."""
    if kind == "looks at":
        return f"{word}: {100 * heat.min():.0f} to {100 * heat.max():.0f} %"
    return f"without {word}: up to {heat.max():.3f}"


def alt(word: str, kind: Kind) -> str:
    """What a map shows, for those who can't see it."""
    if kind == "looks at":
        return f"heat map of the attention to “{word}”"
    return f"heat map of what changes without “{word}”"
