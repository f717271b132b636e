"""How good Pictures is, in numbers that anyone can measure again; each piece can be run alone.

What the pieces find is kept together in one dictionary, which `card` writes into the model card.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from models.miniature import classifier as naming
from models.miniature.box import Miniature
from models.miniature_training import sprites
from models.miniature_training.denoising import errors, psnr_by_level
from models.miniature_training.hundred import sampled, samples
from models.miniature_training.naming import named
from models.miniature_training.novelty import novelty
from models.miniature_training.sheet import Manner

USUAL: Final = Manner(4.0, 25)
"""How the samples are drawn that the card begins with."""


PIECES: Final = ("errors", "psnr", "classifier", "samples", "novelty")


def evaluate(
    model: Miniature,
    state: Path,
    pieces: Sequence[str] = PIECES,
    manner: Manner = USUAL,
    say: Callable[[str], None] = print,
) -> dict[str, Any]:
    """Measure what the model card states.

    Args:
        model: Pictures.
        state: the training's folder: its sprites.
        pieces: which, of `PIECES`.
        manner: how samples are drawn.
        say: hears of each number as it comes.

    Returns:
        A dictionary a piece; that of "samples" has one more key, "γ = 3, 25 steps" for example.
    """
    held_out = sprites.load(state / "sprites", "held_out")
    found: dict[str, Any] = {}
    if "errors" in pieces:
        found["errors"] = errors(model, held_out, say)
    if "psnr" in pieces:
        found["psnr"] = psnr_by_level(model, held_out, say)
    if not {"classifier", "samples", "novelty"} & set(pieces):
        return found
    training = sprites.painted(sprites.load(state / "sprites", "training"))
    classifier = naming.load()
    if "classifier" in pieces:
        found["classifier"] = named(classifier, training, held_out, say)
    if "samples" in pieces:
        one = sampled(model, classifier, training, state, manner)
        found["samples"] = {manner.words: one}
        say(str(one))
    if "novelty" in pieces:
        drawn = samples(model, state, replace(manner, seeds=1))
        found["novelty"] = novelty(classifier, drawn, training, held_out, say)
    return found
