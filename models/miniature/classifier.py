"""A classifier that names what an image shows, or says that it shows nothing.

It learned from composed training images, never from samples; `models.miniature_training.classifier`
trains it. Its weights come with the model: 2.4 MB, in eight bits.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.checkpoints import from_eight_bits, load_tensors, load_weights
from models.miniature.words import NOUNS

NOTHING: Final = len(NOUNS)
"""The answer for an image of nothing."""


class Classifier(nn.Module):
    """A small residual network on 2×2 means: one vector an image, a score a noun and one more."""

    def __init__(self, widths: tuple[int, ...] = (40, 80, 160, 256)) -> None:
        super().__init__()
        self.enter = nn.Conv2d(12, widths[0], 3, padding=1, bias=False)
        levels: list[nn.Module] = []
        for inside, outside in pairwise(widths):
            shrink = nn.Conv2d(inside, outside, 3, stride=2, padding=1, bias=False)
            levels += [nn.BatchNorm2d(inside), nn.ReLU(), shrink, Residual(outside)]
        self.body = nn.Sequential(*levels, nn.BatchNorm2d(widths[-1]), nn.ReLU())
        self.scores = nn.Linear(widths[-1], NOTHING + 1)

    def features(self, x: Tensor) -> Tensor:
        """What it sees in images (B, 3, 64, 64) in [-1, 1]: one vector each."""
        folded = F.pixel_unshuffle(F.avg_pool2d(x, 2), 2).contiguous(
            memory_format=torch.channels_last
        )
        seen: Tensor = self.body(self.enter(folded)).mean((2, 3))
        return seen

    def forward(self, x: Tensor) -> Tensor:
        """Score images (B, 3, 64, 64) in [-1, 1] for every noun and for nothing, (B, nouns + 1)."""
        scores: Tensor = self.scores(self.features(x))
        return scores


class Residual(nn.Module):
    """Two convolutions whose answer is added (He et al. 2016, arXiv:1603.05027)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.change = nn.Sequential(
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Conv2d(width, width, 3, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Conv2d(width, width, 3, padding=1, bias=False),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, width, H, W) to the same shape."""
        changed: Tensor = x + self.change(x)
        return changed


FILE: Final = Path(__file__).with_name("weights") / "classifier.safetensors"
"""The one that comes with the model."""


def load(file: Path = FILE) -> Classifier:
    """Open a classifier, with weights in any precision.

    Raises:
        BrokenCheckpoint: the file is missing, damaged or of another vocabulary.
    """
    classifier = Classifier()
    load_weights(classifier, from_eight_bits(load_tensors(file)[0]))
    return classifier.eval().requires_grad_(False)


@torch.no_grad()
def chances(classifier: Classifier, images: Tensor) -> Tensor:
    """How likely each answer is, (B, nouns + 1), rows adding up to 1."""
    return torch.cat([classifier(some).softmax(1) for some in torch.split(images, 256)])


def ranks(answers: Tensor, right: Tensor) -> Tensor:
    """In which place the right answer stands; 0 is first.

    Args:
        answers: scores or chances, (B, nouns + 1).
        right: (B,).

    Returns:
        (B,): how many other answers stand before it.
    """
    chosen = answers.gather(1, right[:, None])
    before: Tensor = (answers > chosen).sum(1)
    return before


@torch.no_grad()
def looks(classifier: Classifier, images: Tensor) -> Tensor:
    """What the classifier sees in images, (B, 256), each of length 1: products are cosines."""
    parts = [classifier.features(some) for some in torch.split(images, 256)]
    return F.normalize(torch.cat(parts), dim=1)
