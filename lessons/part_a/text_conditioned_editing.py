"""A1.7.3 · Text-conditioned image to image: the image fixes the layout, the prompt the subject."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lessons import text_to_image as t2i
from lessons.images.captioned import Progress
from lessons.part_a import image_to_image


@dataclass(frozen=True)
class EditedTowards(image_to_image.Edited):
    """Edits towards a prompt.

    Attributes:
        note: what to expect from the prompt, or "".
    """

    note: str


def demo(
    model: str, source_image: str | NDArray[np.uint8], prompt: str, gamma: float, seed: int
) -> Generator[Progress, None, EditedTowards]:
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
    net = yield from t2i.loading(model)
    edited = yield from image_to_image.demo(model, source_image, prompt, gamma, seed)
    return EditedTowards(**vars(edited), note=net.note(prompt))
