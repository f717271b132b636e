"""What a lesson hands to a page: captioned NumPy images and progress.

This is the image door. Tensors become displayable pixels here and nowhere else, so value ranges
are converted once, and a display clamps but never rescales (rescaling hides residual noise).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

Symbol = Literal["", "x_0", "x_t", "eps", "x_0_hat", "eps_u", "eps_c", "z", "u"]
"""The symbol of the equation that an image shows; the page frames the image in its colour."""


@dataclass(frozen=True)
class CaptionedImage:
    """One image at the size the model sees it; pages enlarge it without smoothing.

    Attributes:
        pixels: (H, W) grey or (H, W, 3) RGB, uint8.
        caption: one short line of plain text under the image.
        alt: says what is in the image for those who can't see it; the caption if empty.
        symbol: which symbol of the equation it shows, or "".
    """

    pixels: NDArray[np.uint8]
    caption: str = ""
    alt: str = ""
    symbol: Symbol = ""


@dataclass(frozen=True)
class Progress:
    """One finished step of a longer calculation.

    Attributes:
        done: steps finished so far, 0 ≤ done ≤ total.
        total: steps in all, ≥ 1.
        note: a few words on what is happening, or "".
        frame: images worth showing already, or None.
    """

    done: int
    total: int
    note: str = ""
    frame: tuple[CaptionedImage, ...] | None = None


def to_pixels(image: Tensor, low: float = 0.0, high: float = 1.0) -> NDArray[np.uint8]:
    """Turn one image tensor into pixels: clamp to [low, high], never rescale to its own extremes.

    Args:
        image: (C, H, W) with C = 1 or 3, or (H, W); values nominally in [low, high].
        low: the value shown as black.
        high: the value shown as white.

    Returns:
        (H, W) or (H, W, 3) uint8, rounded to the nearest level.

    Raises:
        ValueError: the tensor is no single image.
    """
    if image.ndim == 3 and image.shape[0] == 1:
        image = image[0]
    if image.ndim == 3 and image.shape[0] == 3:
        image = image.permute(1, 2, 0)
    elif image.ndim != 2:
        raise ValueError(f"expected one image, got shape {tuple(image.shape)}")
    unit = (image.detach().float().cpu() - low) / (high - low)
    pixels: NDArray[np.uint8] = (unit.clamp(0, 1) * 255).round().byte().numpy()
    return pixels


def side_by_side(
    images: Sequence[CaptionedImage], caption: str = "", alt: str = "", symbol: Symbol = ""
) -> CaptionedImage:
    """Join images of one height into a single wide one.

    Raises:
        ValueError: there are none, or they don't fit together.
    """
    pixels = np.concatenate([image.pixels for image in images], axis=1)
    return CaptionedImage(pixels, caption, alt, symbol)
