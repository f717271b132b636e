"""A1.7.3 · Text-conditioned image to image: the image fixes the layout, the prompt the subject."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np
from numpy.typing import NDArray

from lessons.images.captioned import Progress
from lessons.part_a import image_to_image


def demo(
    model: str, source_image: str | NDArray[np.uint8], prompt: str, gamma: float, seed: int
) -> Generator[Progress, None, image_to_image.Edited]:
    """Edit one image towards a prompt from several noise levels; see `image_to_image.demo`.

    Args:
        model: name in the catalog.
        source_image: name in the gallery, or pixels.
        prompt: what the network is conditioned on.
        gamma: guidance scale.
        seed: of the noise; the same at all levels.

    Yields:
        Progress after each step.

    Raises:
        ValueError: the model can't take the prompt.
    """
    return (yield from image_to_image.demo(model, source_image, prompt, gamma, seed))
