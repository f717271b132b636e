"""Training batches: which image, on which ground, under which caption, at which noise level.

Images are composed in batches on the device that trains. Which ones is decided on the processor
from the seed and the number of the step, so a resumed training sees what an uninterrupted one would
have seen, on one process or on several.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from lessons.diffusion.noise import stream
from models.devices import sent
from models.miniature.schedule import often
from models.miniature.words import (
    ANY_PHOTO,
    COLOURS,
    COURSE,
    GROUNDS,
    STYLES,
    captions,
    coloured,
    on_ground,
)
from models.miniature_training.caption_states import COLOURABLE, Captions
from models.miniature_training.colours import HUES, LIFTS, main_hue, recoloured
from models.miniature_training.filters import CANVAS, GRAPHITE, STONE
from models.miniature_training.sprites import NOUN_NAMES, STYLE_NAMES, Sprites

C = TypeVar("C")

SIZE: Final = 64
SIDES: Final = (65, 70, 75, 80)
"""A sprite's square of 100 is reduced to so many pixels; 64 of them are the image."""

DROPPED: Final = 0.1
"""Share of prompts replaced by "", so that the network also learns to do without (guidance)."""

COURSE_WEIGHT: Final = 5.0
"""The course's nouns are drawn so much more often than others."""

PLAIN: Final = {"photo": 0.36, "icon": 0.2, "line": 0.1, "plain": 0.34}
"""Share of each style while a training is young: nothing painted."""

PAINTED: Final = {
    "photo": 0.27,
    "oil": 0.18,
    "lithograph": 0.11,
    "pencil": 0.1,
    "icon": 0.11,
    "line": 0.06,
    "plain": 0.17,
}
"""Share of each style later."""


OIL_GROUNDS: Final = (CANVAS, (196, 184, 158), (150, 160, 150), (128, 138, 160), (170, 138, 112))


@dataclass(frozen=True)
class Stage:
    """How varied the data is at this share of a training.

    Attributes:
        shares: of styles.
        sides: the largest or all of `SIDES`.
        shift: pixels that an image is moved at most.
        mirror: chance.
        colour: chance that a thing gets a colour of our choice.
        ground: chance that a ground is not white.
    """

    shares: dict[str, float]
    sides: Sequence[int]
    shift: int
    mirror: float
    colour: float
    ground: float


FIRST: Final = Stage(PLAIN, SIDES[-2:-1], 0, 0.0, 0.0, 0.0)
"""Plain data: one size, centred, white ground. Shapes are learned from it several times as fast."""

LATER: Final = Stage(PAINTED, SIDES, 3, 0.5, 0.1, 0.3)


@dataclass(frozen=True)
class Batch:
    """One step's work, on the device that trains.

    Attributes:
        x_0: (B, 3, size, size) float32 in [-1, 1].
        states: (B, L, 384) float32, the captions' token states.
        t: (B,) noise levels.
        eps: unit Gaussian noise, shape of `x_0`.
        captions: what each shows.
    """

    x_0: Tensor
    states: Tensor
    t: Tensor
    eps: Tensor
    captions: Sequence[str]


class Batches:
    """Draws batches by their number."""

    def __init__(self, sprites: Sprites, captions: Captions | None, seed: int, size: int) -> None:
        """Look at what there is; without captions it composes images, and no `take`."""
        self._sprites, self._captions, self._seed, self.size = sprites, captions, seed, size
        self._device = sprites.pixels.device
        self._noun, self._style = sprites.noun.cpu().numpy(), sprites.style.cpu().numpy()
        self._scene = sprites.scene.cpu().numpy()
        self._hue = main_hue(sprites.pixels).cpu().numpy()
        self._chances: dict[int, NDArray[np.float64]] = {}

    def take(self, step: int, stage: Stage, part: int = 0, parts: int = 1) -> Batch:
        """Draw the batch of a step, or one process's part of it.

        Raises:
            ValueError: it has no captions.
        """
        if self._captions is None:
            raise ValueError("a batch for training needs the captions' token states")
        rows = self.rows(step, stage)
        looks = self._looks(rows, stage, step)
        random = self._stream(step)
        eps = torch.randn(self.size, 3, SIZE, SIZE, generator=random, device=self._device)
        mine = slice(part, self.size, parts)
        words = [look.caption for look in looks[mine]]
        x_0 = self._compose(rows, looks, stage, step, random, mine)
        t = sent(self._levels(step), self._device)
        return Batch(x_0, self._captions.states(words), t[mine], eps[mine], words)

    def rows(self, step: int, stage: Stage) -> NDArray[np.int64]:
        """Which sprites the batch of a step shows."""
        rng = np.random.default_rng((self._seed, step))
        return rng.choice(len(self._noun), self.size, p=self._chance(stage))

    def labels(self, row: int) -> tuple[int, int]:
        """Noun and style of a sprite."""
        return int(self._noun[row]), int(self._style[row])

    def images(self, count: int, stage: Stage, step: int = 0) -> Tensor:
        """Clean images alone, to measure colour and spectrum: (count, 3, 64, 64)."""
        rng = np.random.default_rng((self._seed, step, count))
        rows = rng.choice(len(self._noun), count, p=self._chance(stage))
        return self.composed(rows, stage, step)[0]

    def composed(
        self, rows: NDArray[np.int64], stage: Stage, step: int = 0
    ) -> tuple[Tensor, list[str]]:
        """Clean images of chosen sprites, (B, 3, 64, 64) in [-1, 1], and their captions."""
        looks = self._looks(rows, stage, step)
        images = self._compose(rows, looks, stage, step, self._stream(step))
        return images, [look.caption for look in looks]

    def _stream(self, step: int) -> torch.Generator:
        random = stream(self._seed, "miniature", step)
        if self._device.type == "cpu":
            return random
        return torch.Generator(self._device).manual_seed(random.initial_seed())

    def _levels(self, step: int) -> Tensor:
        """One noise level from each of `size` equal shares, so that chance decides little."""
        random = stream(self._seed, "levels", step)
        offset = torch.rand(self.size, generator=random, dtype=torch.float64)
        t = often((torch.arange(self.size) + offset) / self.size)
        return t[torch.randperm(self.size, generator=random)]

    def _chance(self, stage: Stage) -> NDArray[np.float64]:
        if id(stage) not in self._chances:
            self._chances[id(stage)] = chances(self._noun, self._style, stage)
        return self._chances[id(stage)]

    def _looks(self, rows: NDArray[np.int64], stage: Stage, step: int) -> list[Look]:
        chance = np.random.default_rng((self._seed, step, 2)).random((len(rows), 6)).tolist()
        return [self._look(int(r), stage, c) for r, c in zip(rows, chance, strict=True)]

    def _look(self, row: int, stage: Stage, chance: list[float]) -> Look:
        noun, style = NOUN_NAMES[self._noun[row]], STYLE_NAMES[self._style[row]]
        caption, ground = (
            pick(captions(noun, style), chance[0]),
            pick(USUAL_GROUNDS[style], chance[1]),
        )
        turn, lift, hue = 0.0, 1.0, float(self._hue[row])
        if style in COLOURABLE and not self._scene[row]:
            if chance[2] < stage.colour and hue == hue:
                target = pick(range(len(COLOURS)), chance[3])
                turn, lift = HUES[target] - hue, LIFTS[target]
                caption = coloured(noun, style, COLOURS[target])
            elif chance[2] > 1 - stage.ground:
                name = pick(GROUND_NAMES, chance[3])
                ground = GROUNDS[name]
                if name == "black" or chance[4] < 0.6:
                    caption = on_ground(captions(noun, style)[0], name)
        if chance[5] < DROPPED:
            caption = ""
        elif style == "photo" and chance[5] < DROPPED + 0.05:
            caption = ANY_PHOTO
        return Look(caption, ground, turn, lift)

    def _compose(
        self,
        rows: NDArray[np.int64],
        looks: Sequence[Look],
        stage: Stage,
        step: int,
        random: torch.Generator,
        mine: slice = slice(None),
    ) -> Tensor:
        """Images (B, 3, 64, 64) in [-1, 1]; chance is drawn for all, whichever are `mine`."""
        rng = np.random.default_rng((self._seed, step, 1))
        device, count = self._device, len(rows)
        offsets = rng.integers(-stage.shift, stage.shift + 1, (2, count))[:, mine]
        flip = sent(torch.from_numpy((rng.random(count) < stage.mirror)[mine]), device)
        noise = torch.randn(count, 1, SIZE, SIZE, generator=random, device=device)[mine]
        layer = self._sprites.pixels[sent(torch.from_numpy(rows[mine]), device)]
        kind = np.arange(count)[mine] % len(stage.sides)
        mixed = torch.empty(len(layer), 4, SIZE, SIZE, device=device)
        for number, side in enumerate(stage.sides):
            some = np.flatnonzero(kind == number)
            chosen = sent(torch.from_numpy(some), device)
            small = F.interpolate(
                layer[chosen].float() / 255, size=(side, side), mode="bilinear", antialias=True
            )
            mixed[chosen] = _window(small, offsets[:, some])
        mixed = torch.where(flip[:, None, None, None], mixed.flip(-1), mixed)
        numbers = [(*x.ground, x.turn, x.lift, x.ground in GRAINY) for x in looks[mine]]
        looked = sent(torch.tensor(numbers, dtype=torch.float32), device)
        alpha = mixed[:, 3:]
        colour = recoloured(mixed[:, :3], alpha, looked[:, 3], looked[:, 4])
        paper = looked[:, :3, None, None] / 255 + GRAIN * looked[:, 5:, None, None] * noise
        return ((colour + (1 - alpha) * paper).clamp(0, 1) * 2 - 1).contiguous()


def pick(choices: Sequence[C], chance: float) -> C:
    """One of several, all equally likely, by a number in [0, 1)."""
    return choices[int(chance * len(choices))]


@dataclass(frozen=True)
class Look:
    """What chance decided for one image: caption, ground (sRGB), hue turned by (radians), lift."""

    caption: str
    ground: tuple[int, int, int]
    turn: float
    lift: float


GRAIN: Final = 0.012
"""Standard deviation of a grainy ground, of 1."""

GRAINY: Final = frozenset(OIL_GROUNDS) | {STONE[1]}
GROUND_NAMES: Final = tuple(GROUNDS)
USUAL_GROUNDS: Final[dict[str, tuple[tuple[int, int, int], ...]]] = {
    **dict.fromkeys(STYLES, ((255, 255, 255),)),
    "lithograph": (STONE[1],),
    "pencil": (GRAPHITE[1],),
    "oil": OIL_GROUNDS,
}


def chances(noun: NDArray[np.int64], style: NDArray[np.int64], stage: Stage) -> NDArray[np.float64]:
    """How often each sprite is drawn: nouns by weight, in them styles by share, then equally."""
    weight = np.array([COURSE_WEIGHT if name in COURSE else 1.0 for name in NOUN_NAMES])
    share = np.array([stage.shares.get(name, 0.0) for name in STYLE_NAMES])
    pair = noun * len(STYLE_NAMES) + style
    count = np.bincount(pair, minlength=len(NOUN_NAMES) * len(STYLE_NAMES))
    shares = (count.reshape(len(NOUN_NAMES), -1) > 0) * share
    shares = shares / np.maximum(shares.sum(1, keepdims=True), 1e-9)
    chance = weight[noun] * shares[noun, style] / count[pair]
    return np.asarray(chance / chance.sum())


def _window(images: Tensor, offsets: NDArray[np.int64]) -> Tensor:
    """Cut 64×64 out of each, as far from the middle as `offsets` (2, B) say."""
    spare = images.shape[-1] - SIZE
    y, x = sent(torch.from_numpy((offsets + spare // 2).clip(0, spare)), images.device)
    place = torch.arange(SIZE, device=images.device)
    number = torch.arange(len(images), device=images.device)[:, None, None]
    rows, columns = (y[:, None] + place)[:, :, None], (x[:, None] + place)[:, None, :]
    return images.permute(0, 2, 3, 1)[number, rows, columns].permute(0, 3, 1, 2)


def halved(images: Tensor) -> Tensor:
    """2×2 means: what a network of half the size learns on."""
    return F.avg_pool2d(images, 2)
