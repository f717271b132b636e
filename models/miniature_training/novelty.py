"""Whether samples are copies: how far the nearest training image is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from models.miniature import classifier as naming
from models.miniature.classifier import Classifier
from models.miniature_training.batches import FIRST, LATER, Batches
from models.miniature_training.denoising import shown
from models.miniature_training.sprites import Sprites

ELSEWHERE: Final = replace(LATER, colour=0.0, ground=1.0)
"""The same things on other grounds, in other places and sizes, half of them mirrored."""


def novelty(
    classifier: Classifier,
    drawn: Tensor,
    training: Sprites,
    held_out: Sprites,
    say: Callable[[str], None],
) -> dict[str, Any]:
    """Distance to the nearest training image: samples between two marks, as medians.

    `again` are training images elsewhere (see `ELSEWHERE`), as a memory would look; `held_out` are
    real images that nobody trained on. `features` are 1 less the cosine similarity of what the
    classifier sees, `pixels` root mean square differences in [-1, 1].
    """
    some = np.random.default_rng(2).choice(len(training), min(100, len(training)), replace=False)
    groups = {
        "again": Batches(training, None, 5, 1).composed(some, ELSEWHERE)[0],
        "samples": drawn,
        "held_out": shown(held_out, FIRST)[0],
    }
    seen = {name: naming.looks(classifier, images) for name, images in groups.items()}
    features = {name: torch.full((len(images),), 9.0) for name, images in groups.items()}
    pixels = {name: torch.full((len(images),), 9.0) for name, images in groups.items()}
    composer = Batches(training, None, 0, 1)
    for rows in np.array_split(np.arange(len(training)), max(1, len(training) // 512)):
        others, _ = composer.composed(rows, FIRST)
        looks = naming.looks(classifier, others)
        for name, images in groups.items():
            unlike = 1 - (seen[name] @ looks.T).amax(1)
            features[name] = torch.minimum(features[name], unlike)
            apart = torch.cdist(images.flatten(1), others.flatten(1)).amin(1)
            pixels[name] = torch.minimum(pixels[name], apart / images[0].numel() ** 0.5)
    found = {
        name: {"features": _median(features[name]), "pixels": _median(pixels[name])}
        for name in groups
    }
    say(str(found))
    return found


def _median(numbers: Tensor) -> float:
    return round(float(numbers.median()), 4)
