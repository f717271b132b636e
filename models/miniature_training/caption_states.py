"""Token states of every caption that training uses, read once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

from models.checkpoints import load_tensors, save_tensors
from models.devices import sent
from models.miniature.encoder import TextEncoder
from models.miniature.unet import pooled
from models.miniature.words import (
    ANY_PHOTO,
    COLOURS,
    GROUNDS,
    STYLES,
    captions,
    coloured,
    on_ground,
)

COLOURABLE: Final = ("photo", "oil", "icon", "plain")
"""Styles in which a thing can get a colour or a ground of our choice."""


class Captions:
    """Token states of every caption that training uses, computed once, on the device."""

    def __init__(
        self,
        encoder: TextEncoder,
        nouns: Iterable[str],
        device: torch.device,
        cache: Path | None = None,
    ) -> None:
        """Read them, or take them from an earlier training's cache.

        Args:
            encoder: reads.
            nouns: what the images show.
            device: where training happens.
            cache: a file to keep them in; reading takes two minutes on a processor.
        """
        words = sorted(every_caption(nouns))
        self.number = {caption: i for i, caption in enumerate(words)}
        known = json.dumps(words)
        if cache and cache.exists() and (kept := load_tensors(cache))[1]["captions"] == known:
            self._states = kept[0]["states"].to(device)
            return
        chunks = [encoder.embed(words[i : i + 256]).half() for i in range(0, len(words), 256)]
        longest = max(chunk.shape[1] for chunk in chunks)
        self._states = torch.cat([F.pad(c, (0, 0, 0, longest - c.shape[1])) for c in chunks])
        if cache and device.type == "cpu":
            save_tensors(cache, {"states": self._states}, {"captions": known})

    def states(self, wanted: Sequence[str]) -> Tensor:
        """(B, L, 384) float32, zero rows behind each caption's end; L is always the same."""
        numbers = torch.tensor([self.number[c] for c in wanted])
        return self._states[sent(numbers, self._states.device)].float()

    def vectors(self) -> Tensor:
        """The mean of each caption's states, (N, 384) float32."""
        return torch.cat([pooled(some.float()) for some in torch.split(self._states, 1024)])


def every_caption(nouns: Iterable[str]) -> set[str]:
    """All that a batch of images of these nouns may be captioned with."""
    words = {"", ANY_PHOTO}
    for noun in nouns:
        for style in STYLES:
            words.update(captions(noun, style))
        for style in COLOURABLE:
            first = captions(noun, style)[0]
            words.update(on_ground(first, ground) for ground in GROUNDS)
            words.update(coloured(noun, style, colour) for colour in COLOURS)
    return words
