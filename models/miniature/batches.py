"""Training batches: which picture, on which ground, under which caption, at which noise level.

Everything follows from the seed and the number of the step, so a resumed training sees what an
uninterrupted one would have seen, on one process or on several.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from models.miniature.pictures import NOUN_NAMES, STYLE_NAMES, Pictures
from models.miniature.schedule import often
from models.miniature.words import ANY_PHOTO, FAVOURITES, captions
from models.randomness import stream

SIZE: Final = 64
DROPPED: Final = 0.1
"""Share of prompts replaced by "", so that the network also learns to do without (guidance)."""

SHARES: Final = {
    "photo": 0.32,
    "oil": 0.16,
    "lithograph": 0.09,
    "pencil": 0.07,
    "icon": 0.1,
    "line": 0.06,
    "plain": 0.2,
}


@dataclass(frozen=True)
class Batch:
    """One step's work.

    Attributes:
        x_0: (B, 3, 64, 64) float32 in [-1, 1].
        captions: what each shows.
        t: (B,) noise levels.
        eps: (B, 3, 64, 64) unit Gaussian noise.
    """

    x_0: Tensor
    captions: Sequence[str]
    t: Tensor
    eps: Tensor


class Batches:
    """Draws batches by their number."""

    def __init__(self, pictures: Pictures, seed: int, size: int) -> None:
        self._pictures, self._seed, self.size = pictures, seed, size
        self._members: dict[tuple[int, int], Tensor] = {}
        pairs = torch.stack([pictures.noun, pictures.style], 1)
        for noun, style in sorted({(int(n), int(s)) for n, s in pairs.tolist()}):
            rows = (pairs == torch.tensor([noun, style])).all(1).nonzero()[:, 0]
            self._members[noun, style] = rows
        self._nouns = sorted({noun for noun, _ in self._members})
        weight = np.array([2.0 if NOUN_NAMES[n] in FAVOURITES else 1.0 for n in self._nouns])
        self._share = weight / weight.sum()

    def take(self, step: int, part: int = 0, parts: int = 1) -> Batch:
        """Draw the batch of a step, or one process's part of it."""
        mine = range(part, self.size, parts)
        drawn = [self._example(np.random.default_rng((self._seed, step, i))) for i in mine]
        random = stream(self._seed, "miniature", step)
        offset = torch.rand(self.size, generator=random, dtype=torch.float64)
        # one noise level from each of `size` equal shares: less chance in the loss than from all
        t = often((torch.arange(self.size) + offset) / self.size)
        eps = torch.randn(self.size, 3, SIZE, SIZE, generator=random)
        return Batch(
            torch.stack([x_0 for x_0, _ in drawn]),
            [caption for _, caption in drawn],
            t[part::parts],
            eps[part::parts],
        )

    def _example(self, rng: np.random.Generator) -> tuple[Tensor, str]:
        noun = self._nouns[rng.choice(len(self._nouns), p=self._share)]
        styles = [s for s in range(len(STYLE_NAMES)) if (noun, s) in self._members]
        share = np.array([SHARES[STYLE_NAMES[s]] for s in styles])
        style = styles[rng.choice(len(styles), p=share / share.sum())]
        rows = self._members[noun, style]
        row = int(rows[rng.integers(len(rows))])
        x_0 = place(self._pictures.pixels[row], STYLE_NAMES[style], rng)
        return x_0, _caption(NOUN_NAMES[noun], STYLE_NAMES[style], rng)


def _caption(noun: str, style: str, rng: np.random.Generator) -> str:
    chance = rng.random()
    if chance < DROPPED:
        return ""
    if style == "photo" and chance < DROPPED + 0.08:
        return ANY_PHOTO
    choices = captions(noun, style)
    return choices[rng.integers(len(choices))]


def place(sprite: Tensor, style: str, rng: np.random.Generator) -> Tensor:
    """Put a transparent picture on a ground: a little larger or smaller, shifted, maybe mirrored.

    Args:
        sprite: (80, 80, 4) uint8, premultiplied.
        style: decides the ground: paper for a pencil sketch, canvas for oil.
        rng: where chance comes from.

    Returns:
        (3, 64, 64) float32 in [-1, 1].
    """
    scene = bool(sprite[..., 3].float().mean() > 254)
    side = int(rng.integers(64, 73)) if scene else int(rng.integers(52, 67))
    layer = sprite.permute(2, 0, 1)[None].float() / 255
    layer = F.interpolate(layer, size=(side, side), mode="bilinear", antialias=True)
    if rng.random() < 0.5:
        layer = layer.flip(-1)
    spare = SIZE - side
    left, top = (_offset(spare, rng) for _ in range(2))
    layer = F.pad(layer, (left, spare - left, top, spare - top))[0]
    ground = torch.from_numpy(_ground(style, rng)).permute(2, 0, 1)
    return (layer[:3] + (1 - layer[3:]) * ground) * 2 - 1


def _offset(spare: int, rng: np.random.Generator) -> int:
    return int(rng.integers(min(spare, 0), max(spare, 0) + 1))


def _ground(
    style: str, rng: np.random.Generator
) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """(64, 64, 3) in [0, 1]."""
    if style in ("pencil", "lithograph"):
        paper = np.array([250, 249, 246] if style == "pencil" else [236, 226, 204])
        grain = rng.standard_normal((SIZE, SIZE, 1)) * (0.006 if style == "pencil" else 0.02)
        return np.clip(paper / 255 + grain, 0, 1).astype(np.float32)
    if style == "oil":
        daubs = torch.from_numpy(rng.standard_normal((1, 3, 9, 9)).astype(np.float32))
        rough = F.interpolate(daubs, size=(SIZE, SIZE), mode="bicubic")[0].permute(1, 2, 0).numpy()
        colour = np.array(OIL_GROUNDS[rng.integers(len(OIL_GROUNDS))]) / 255
        return np.clip(colour + 0.045 * rough, 0, 1).astype(np.float32)
    chance = rng.random()
    if chance < 0.4:
        return np.ones((SIZE, SIZE, 3), np.float32)
    above = _pale(rng)
    below = above if chance < 0.7 else _pale(rng)
    share = np.linspace(0, 1, SIZE, dtype=np.float32)[:, None, None]
    return np.broadcast_to((1 - share) * above + share * below, (SIZE, SIZE, 3)).astype(np.float32)


OIL_GROUNDS: Final = (
    (196, 178, 140),
    (150, 164, 150),
    (120, 132, 160),
    (206, 190, 168),
    (168, 130, 104),
)


def _pale(rng: np.random.Generator) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return (0.7 + 0.3 * rng.random(3)).astype(np.float32)
