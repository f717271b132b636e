"""A1.6.1 · In which half of the image is a word's heat? `python -m lessons.beyond.attention_pairs`

The pairs were chosen before anything was measured: prompts that Pictures was trained on, and words
whose thing has its place by nature, as a hat is above and a bowl below.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Literal

import torch

from lessons.beyond.attention_maps import among_words, steps_of, tokens
from lessons.model_choice import weights_hash
from models import catalog
from models.text_to_image import TextToImage

Half = Literal["upper", "lower"]

PAIRS: Final[tuple[tuple[str, str, Half], ...]] = (
    ("a man wearing a hat", "hat", "upper"),
    ("a snowy mountain village", "mountain", "upper"),
    ("a snowy mountain village", "village", "lower"),
    ("people around a campfire", "##fire", "lower"),
    ("a sunrise over mountains", "sunrise", "upper"),
    ("a sunrise over mountains", "mountains", "lower"),
    ("a bowl of rice", "rice", "upper"),
    ("a bowl of rice", "bowl", "lower"),
    ("a house with garden", "garden", "lower"),
    ("a hatching chick", "chick", "upper"),
)
"""Prompt, token, and the half of the image where its thing belongs."""

GAMMA: Final = 4.0
SEED: Final = 276
COUNT: Final = 4
FILE: Final = Path(__file__).with_name("attention_pairs.json")


@dataclass(frozen=True)
class PairShare:
    """How much of a word's heat lies in the half where its thing belongs.

    Attributes:
        prompt: what was sampled.
        token: of which word.
        half: where its thing belongs.
        attention: share of the attention to it in that half, mean of samples and steps.
        change: share of what changes without it in that half, the same mean.
    """

    prompt: str
    token: str
    half: Half
    attention: float
    change: float


@dataclass(frozen=True)
class PairShares:
    """All pairs.

    Attributes:
        weights: whose network, twelve hexadecimal digits.
        count: samples of each prompt.
        pairs: in the order of `PAIRS`.
    """

    weights: str
    count: int
    pairs: tuple[PairShare, ...]


def measured() -> PairShares:
    """What was measured of the network that ships with the project."""
    content = json.loads(FILE.read_text("utf-8"))
    pairs = tuple(PairShare(**pair) for pair in content.pop("pairs"))
    return PairShares(pairs=pairs, **content)


def shares(
    net: TextToImage, pairs: tuple[tuple[str, str, Half], ...] = PAIRS, count: int = COUNT
) -> Iterator[PairShare]:
    """Measure pair by pair.

    Args:
        net: Pictures.
        pairs: as in `PAIRS`.
        count: samples of each prompt.
    """
    for prompt in dict.fromkeys(prompt for prompt, _, _ in pairs):
        looked, changed = list[torch.Tensor](), list[torch.Tensor]()
        for number in range(1, count + 1):
            for step in steps_of(net, prompt, GAMMA, SEED, number):
                looked.append(among_words(step.attention))
                changed.append(step.change)
        for _, token, half in (pair for pair in pairs if pair[0] == prompt):
            place = tokens(prompt).index(token)
            yield PairShare(
                prompt,
                token,
                half,
                in_half(torch.stack(looked).mean(0)[place], half),
                in_half(torch.stack(changed).mean(0)[place], half),
            )


def in_half(heat: torch.Tensor, half: Half) -> float:
    """The share of heat (H, W) in one half of the image, from 0 to 1; even heat has 0.5."""
    upper = float(heat[: len(heat) // 2].sum() / heat.sum())
    return upper if half == "upper" else 1 - upper


def main() -> None:
    """Measure all pairs, print them, and keep them beside this file."""
    argparse.ArgumentParser(description=main.__doc__).parse_args()
    found = []
    for one in shares(catalog.load("pictures")):
        found.append(one)
        print(
            f"{one.prompt}: {one.token}, {one.half} half: attention {one.attention:.3f}, "
            f"change {one.change:.3f}",
            flush=True,
        )
    kept = PairShares(weights_hash("pictures"), COUNT, tuple(found))
    FILE.write_text(json.dumps(asdict(kept), ensure_ascii=False, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
