"""Image to image: the noise decides how much of the source image stays."""

from __future__ import annotations

import numpy as np

from lessons.part_a import (
    image_to_image,
)
from models.catalog import finish


def test_the_less_noise_the_closer_an_edit_stays_to_the_source_image() -> None:
    found = finish(image_to_image.demo("digits", "digit-3", "", 1.0, 276, starts=(1, 20, 31)))
    source_image = found.source_image.pixels.astype(int)
    far, middle, near = (np.abs(r.pixels - source_image).mean() for r in found.results)
    assert far > middle > near
    assert near < 8
    assert [len(trajectory.frames) for trajectory in found.trajectories] == [33, 14, 3]
