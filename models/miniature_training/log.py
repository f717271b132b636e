"""What a training says of itself as it goes: a line every 50 steps, and held-out errors."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor

from models.miniature.schedule import STEPS
from models.miniature.words import captions
from models.miniature_training import sprites
from models.miniature_training.batches import FIRST, Batch, Batches
from models.miniature_training.caption_states import Captions
from models.miniature_training.sprites import NOUN_NAMES, STYLE_NAMES
from models.miniature_training.training import Training

EVERY: Final = 50
"""Steps between two lines of the log, and between two looks of the processor at a GPU's numbers."""

BINS: Final = 10
"""The log tells the loss of so many ranges of noise apart."""

LEVELS: Final = (50, 350, 650, 800, 920)
"""Noise levels at which held-out images are looked at."""


class Log:
    """One line of log.jsonl every 50 steps: loss by range of noise, and speed."""

    def __init__(self, state: Path, training: Training, captions_: Captions) -> None:
        self._path, self._training, self._captions = state / "log.jsonl", training, captions_
        unseen = sprites.load(state / "sprites", "held_out").to(training.device)
        self._unseen = Batches(unseen, captions_, 0, 128)
        self._sum = torch.zeros(BINS, device=training.device)
        self._count = torch.zeros(BINS, device=training.device)
        self._since = time.monotonic()
        self._append({"recipe": asdict(training.recipe)})

    def take(self, t: Tensor, errors: Tensor) -> None:
        """Take in one step's errors of v; the numbers stay on the device until a line is due."""
        bins = t * BINS // STEPS
        self._sum.index_add_(0, bins, errors)
        self._count.index_add_(0, bins, torch.ones_like(errors))
        if self._training.step % EVERY == 0:
            self._write()

    @torch.no_grad()
    def held_out(self) -> None:
        """Write the errors on images that training never sees, the same at every time.

        "Worth" is what the prompt is worth: the error with another image's caption less that with
        the right one.
        """
        batch = self._unseen.take(0, FIRST)
        right = [_first_caption(i, self._unseen) for i in self._unseen.rows(0, FIRST)]
        line: dict[str, Any] = {"step": self._training.step, "coarse": self._training.coarse}
        for name, words in (("right", right), ("wrong", right[1:] + right[:1])):
            states = self._captions.states(words)
            for level in LEVELS:
                noised = Batch(batch.x_0, states, torch.full_like(batch.t, level), batch.eps, words)
                with torch.compiler.set_stance("force_eager"):  # another size of batch
                    line[f"{name} {level}"] = round(
                        float(self._training.errors(noised)[0].mean()), 5
                    )
        line["worth"] = {
            level: round(line[f"wrong {level}"] - line[f"right {level}"], 5) for level in LEVELS
        }
        self._append(line)

    def _write(self) -> None:
        now, training = time.monotonic(), self._training
        self._append(
            {
                "step": training.step,
                "images": training.images,
                "images_per_second": round(EVERY * training.recipe.batch / (now - self._since), 1),
                "v_error": _rounded(self._sum / self._count.clamp(min=1)),
            }
        )
        self._sum.zero_(), self._count.zero_()
        self._since = now

    def _append(self, line: Mapping[str, object]) -> None:
        with self._path.open("a") as file:
            file.write(json.dumps(line) + "\n")
        print(json.dumps(line), flush=True)


def _first_caption(row: int, batches: Batches) -> str:
    noun, style = batches.labels(row)
    return captions(NOUN_NAMES[noun], STYLE_NAMES[style])[0]


def _rounded(numbers: Tensor) -> list[float]:
    return [round(number, 5) for number in numbers.tolist()]
