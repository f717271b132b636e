"""Train the classifier that names what an image shows, or says that it shows nothing.

It learns from composed training images, never from samples. Without an answer for broken images a
classifier calls every blur by some noun: so "nothing" is taught on blur, noise, shuffled patches
and the network's own unguided estimates.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from lessons.diffusion.noise import stream
from models.checkpoints import in_eight_bits, save_tensors
from models.devices import autocast, fast_precision
from models.miniature.classifier import NOTHING, Classifier
from models.miniature_training.batches import FIRST, LATER, Batches, Stage
from models.miniature_training.broken import blurred, noisy, shuffled
from models.miniature_training.sprites import NOUN_NAMES, STYLE_NAMES, Sprites

STEPS: Final = 3000
BATCH: Final = 64
RATE: Final = 2e-3
EASY: Final = 0.2
"""The first so much of a training is on plain data: centred, on white, not turned or tinted."""

BROKEN_SHARE: Final = 0.15
"""Share of a batch that shows nothing."""


AFAR_SHARE: Final = 0.4
"""Share of a batch that is seen from afar."""

AFAR_SIDES: Final = (20, 44)
"""Pixels a side that are left of an image seen from afar."""


class Lessons:
    """What the classifier learns from: every noun equally often, and images of nothing."""

    def __init__(self, sprites: Sprites, junk: Tensor, seed: int) -> None:
        """Look at what there is.

        Args:
            sprites: in all styles that are to be named.
            junk: images of nothing, (N, 3, 64, 64) in [-1, 1]; may be empty.
            seed: decides all that chance decides.
        """
        self._batches = Batches(sprites, None, seed, 1)
        self._junk, self._seed = junk, seed
        self._noun = sprites.noun.cpu().numpy()
        self._chance = equally(self._noun, sprites.style.cpu().numpy())

    def real(self, count: int, number: int, stage: Stage = LATER) -> tuple[Tensor, Tensor]:
        """Composed images, (count, 3, 64, 64), and their nouns; equal numbers, equal images."""
        rng = np.random.default_rng((self._seed, number, 7))
        rows = rng.choice(len(self._noun), count, p=self._chance)
        images, _ = self._batches.composed(rows, stage, number)
        return images, torch.from_numpy(self._noun[rows])

    def batch(self, number: int, size: int = BATCH, easy: bool = False) -> tuple[Tensor, Tensor]:
        """Images that were turned and tinted a little, some of them broken, and their answers."""
        images, answers = self.real(size, number, FIRST if easy else LATER)
        random = stream(self._seed, "classifier", number)
        if not easy:
            images = jittered(images, random)
            images[-round(AFAR_SHARE * size) :] = at_a_distance(
                images[-round(AFAR_SHARE * size) :], random
            )
        count = round(BROKEN_SHARE * size)
        kinds: list[Callable[[Tensor, torch.Generator], Tensor]] = [blurred, shuffled, noisy]
        if len(self._junk):
            kinds += [self._estimated, self._estimated]
        parts = torch.arange(count).chunk(len(kinds))
        for some, kind in zip(parts, kinds, strict=False):
            images[some] = kind(images[some], random)
        answers[:count] = NOTHING
        return images, answers

    def _estimated(self, images: Tensor, random: torch.Generator) -> Tensor:
        rows = torch.randint(len(self._junk), (len(images),), generator=random)
        return jittered(self._junk[rows], random)


def equally(noun: NDArray[np.int64], style: NDArray[np.int64]) -> NDArray[np.float64]:
    """How often each sprite is drawn: all nouns alike, within them all styles, then all sprites."""
    _, pair, count = np.unique(
        noun * len(STYLE_NAMES) + style, return_inverse=True, return_counts=True
    )
    styles = np.zeros(len(NOUN_NAMES))
    for number in np.unique(noun * len(STYLE_NAMES) + style):
        styles[number // len(STYLE_NAMES)] += 1
    chance = 1 / (styles[noun] * count[pair])
    return np.asarray(chance / chance.sum())


def jittered(images: Tensor, random: torch.Generator) -> Tensor:
    """Turn by up to 10°, size and move a little, change contrast and tint, add a little noise."""
    size = len(images)

    def spread(most: float, *shape: int) -> Tensor:
        return (2 * torch.rand(size, *shape, generator=random) - 1) * most

    angle, zoom = spread(math.radians(10)), 1 + spread(0.1)
    turn = torch.stack([angle.cos(), -angle.sin(), angle.sin(), angle.cos()], 1).view(-1, 2, 2)
    affine = torch.cat([turn * zoom[:, None, None], spread(0.06, 2, 1)], 2)
    grid = F.affine_grid(affine, list(images.shape), align_corners=False)
    moved = F.grid_sample(images, grid, padding_mode="border", align_corners=False)
    tinted = moved * (1 + spread(0.15, 3, 1, 1)) + spread(0.1, 3, 1, 1)
    strength = spread(0.1, 1, 1, 1).clamp(min=0)
    grain = torch.randn(images.shape, generator=random)
    return (tinted + strength * grain).clamp(-1, 1)


def at_a_distance(images: Tensor, random: torch.Generator) -> Tensor:
    """Shrink images as if one stepped back, and enlarge them again: shapes stay, edges go."""
    parts = []
    for some in images.chunk(4):
        side = int(torch.randint(*AFAR_SIDES, (), generator=random))
        small = F.interpolate(some, size=side, mode="bilinear", antialias=True)
        parts.append(F.interpolate(small, size=images.shape[-1], mode="bilinear"))
    return torch.cat(parts)


def train(
    lessons: Lessons,
    steps: int = STEPS,
    seed: int = 0,
    say: Callable[[str], None] = print,
    size: int = BATCH,
) -> Classifier:
    """Train a classifier."""
    torch.manual_seed(seed)
    classifier = Classifier().to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(classifier.parameters(), lr=RATE, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, RATE, total_steps=steps + 1, pct_start=0.1
    )
    device = torch.device("cpu")
    precision = fast_precision(device)
    right = 0.0
    for step in range(steps):
        images, answers = lessons.batch(step, size, easy=step < EASY * steps)
        with autocast(device, precision):
            scores = classifier(images).float()
        loss = F.cross_entropy(scores, answers, label_smoothing=0.05)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
        right += float((scores.argmax(1) == answers).float().mean())
        if step % 100 == 99:
            say(f"classifier: step {step + 1}, loss {loss:.3f}, right {right / 100:.3f}")
            right = 0.0
    return classifier.eval()


def save(classifier: Classifier, file: Path) -> None:
    """Write it in eight bits."""
    save_tensors(file, in_eight_bits(classifier.state_dict()), {})
