"""Points of the plane as a small image, for a report."""

from __future__ import annotations

from typing import Final

import numpy as np
from torch import Tensor

from lessons.images.captioned import CaptionedImage, Symbol

SIDE: Final = 128
VIEW: Final = 3.0


def dots(points: Tensor, caption: str, symbol: Symbol) -> CaptionedImage:
    """Draw each point as a dark square of two pixels on white; what lies outside is left out.

    Args:
        points: (N, 2); the image goes from −3 to 3.
        caption: what they are.
        symbol: which symbol they stand for.
    """
    pixels = np.full((SIDE, SIDE), 255, np.uint8)
    across, up = ((points + VIEW) / (2 * VIEW) * (SIDE - 1)).T.numpy()
    seen = (across >= 0) & (across < SIDE - 1) & (up >= 0) & (up < SIDE - 1)
    columns, rows = across[seen].astype(int), (SIDE - 2 - up[seen]).astype(int)
    for right, down in ((0, 0), (0, 1), (1, 0), (1, 1)):
        pixels[rows + down, columns + right] = 40
    return CaptionedImage(pixels, caption, f"{len(points)} points in the plane: {caption}", symbol)
