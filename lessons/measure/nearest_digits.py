"""Are samples copies? The training digits that come closest to them."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from lessons.images.captioned import CaptionedImage, to_pixels
from models import mnist


@dataclass(frozen=True)
class Nearest:
    """The training digits that samples come closest to.

    Attributes:
        digits: their images.
        distances: root mean square difference of the pixels, 0 = a copy.
    """

    digits: tuple[CaptionedImage, ...]
    distances: tuple[float, ...]


def nearest(images: Tensor) -> Nearest:
    """Look for copies: the training digit closest to each sample, pixel by pixel.

    Args:
        images: (B, 1, 28, 28) in [0, 1].
    """
    known = mnist.load("train").images
    x = images.clamp(0, 1).flatten(1)
    best = torch.full((len(x),), torch.inf)
    where = torch.zeros(len(x), dtype=torch.int64)
    for start in range(0, len(known), 10_000):
        part = mnist.unit_range(known[start : start + 10_000]).flatten(1)
        distance, index = torch.cdist(x, part).min(1)
        closer = distance < best
        best = torch.where(closer, distance, best)
        where = torch.where(closer, index + start, where)
    digits = tuple(CaptionedImage(to_pixels(mnist.unit_range(known[i]))) for i in where)
    return Nearest(digits, tuple((best / x.shape[1] ** 0.5).tolist()))
