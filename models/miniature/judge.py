"""A classifier of pictures that judges the miniature: it learned from real ones only."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Final

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.miniature.batches import place
from models.miniature.pictures import NOUN_NAMES, STYLE_NAMES, Pictures

STEPS: Final = 500
BATCH: Final = 64


class Judge(nn.Module):
    """At half the size: three times half of that again, one vector a picture, a score a noun."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        sizes = [3, width, 2 * width, 4 * width]
        self.body = nn.Sequential(*(_half(inside, outside) for inside, outside in pairwise(sizes)))
        self.scores = nn.Linear(sizes[-1], len(NOUN_NAMES))

    def features(self, x: Tensor) -> Tensor:
        """What it sees in pictures (B, 3, 64, 64) in [-1, 1]: (B, 4·width)."""
        maps: Tensor = self.body(F.avg_pool2d(x, 2))
        return maps.mean((2, 3))

    def forward(self, x: Tensor) -> Tensor:
        """Score pictures (B, 3, 64, 64) in [-1, 1] for every noun: (B, nouns)."""
        scores: Tensor = self.scores(self.features(x))
        return scores


def _half(inside: int, outside: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inside, outside, 3, padding=1),
        nn.GroupNorm(8, outside),
        nn.SiLU(),
        nn.Conv2d(outside, outside, 3, stride=2, padding=1),
        nn.GroupNorm(8, outside),
        nn.SiLU(),
    )


def train(pictures: Pictures, seed: int = 0, steps: int = STEPS) -> Judge:
    """Train a judge on real pictures: every noun equally often, grounds and places by chance."""
    torch.manual_seed(seed)
    judge = Judge()
    optimiser = torch.optim.AdamW(judge.parameters(), lr=2e-3, weight_decay=0.05)
    rows = [(pictures.noun == noun).nonzero()[:, 0] for noun in range(len(NOUN_NAMES))]
    known = [noun for noun, some in enumerate(rows) if len(some)]
    for step in range(steps):
        rng = np.random.default_rng((seed, step))
        nouns = rng.choice(known, BATCH)
        chosen = [int(rows[noun][rng.integers(len(rows[noun]))]) for noun in nouns]
        loss = F.cross_entropy(
            judge(placed(pictures, chosen, rng)), torch.from_numpy(nouns), label_smoothing=0.1
        )
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        for group in optimiser.param_groups:
            group["lr"] = 2e-3 * 0.5 * (1 + math.cos(math.pi * step / steps))
        optimiser.step()
    return judge.eval()


def placed(pictures: Pictures, rows: list[int], rng: np.random.Generator) -> Tensor:
    """Pictures on grounds of their style, (B, 3, 64, 64) in [-1, 1]."""
    return torch.stack(
        [place(pictures.pixels[row], STYLE_NAMES[int(pictures.style[row])], rng) for row in rows]
    )


@torch.no_grad()
def ranks(judge: Judge, x: Tensor, nouns: Tensor) -> Tensor:
    """In which place the judge puts the right noun, (B,); 0 is first."""
    scores = judge(x)
    right = scores.gather(1, nouns[:, None])
    better: Tensor = (scores > right).sum(1)
    return better


def held_out_accuracy(judge: Judge, held_out: Pictures) -> tuple[float, float]:
    """Share of held-out pictures whose noun the judge puts first, and among the first five."""
    x = placed(held_out, list(range(len(held_out.noun))), np.random.default_rng(0))
    place_of_right = ranks(judge, x, held_out.noun)
    return float((place_of_right < 1).float().mean()), float((place_of_right < 5).float().mean())


@torch.no_grad()
def nearest(judge: Judge, x: Tensor, others: Tensor) -> Tensor:
    """How far each picture is from the most similar of others, as the judge sees them.

    Returns:
        (B,): 1 - cosine similarity, in [0, 2].
    """
    ours = F.normalize(judge.features(x), dim=1)
    theirs = torch.cat(
        [F.normalize(judge.features(some), dim=1) for some in torch.split(others, 256)]
    )
    return 1 - (ours @ theirs.T).amax(1)
