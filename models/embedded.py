"""The miniature that is in the box, as a text-to-image model of the lessons."""

from __future__ import annotations

import functools
import hashlib
import os
from collections.abc import Generator
from pathlib import Path
from typing import Final

from models import miniature
from models.diffusers_model import DiffusersModel
from models.miniature.schedule import alpha_bars
from models.text_to_image import Outline, Threshold

OUTLINE: Final = Outline(shape=(3, 64, 64), low=-1.0, high=1.0, alpha_bars=alpha_bars())
"""64×64 colour pictures in [-1, 1]; T = 1000, squaredcos_cap_v2."""

THRESHOLD: Final = Threshold(0.95, 1.5)
"""As its scheduler and DeepFloyd IF's say."""

KNOWN: Final = 0.6
"""Below this similarity to all that it was trained on, the network draws something else."""


class Pictures(DiffusersModel):
    """Knows the nouns that it was trained on, and words that mean the same."""

    def __init__(self, model: miniature.Miniature) -> None:
        """Take the opened model."""
        parameters = sum(p.numel() for p in model.network.parameters()) + model.encoder.size
        super().__init__(model.network, OUTLINE, model.embed, parameters=parameters)
        self.model = model

    def note(self, prompt: str) -> str:
        """Say what the nearest thing is that it knows, if the prompt is far from all of them."""
        if not prompt:
            return ""
        nearest, similarity = self.model.nearest_known(prompt)
        if similarity >= KNOWN:
            return ""
        return f"“{prompt}” is outside what this model was trained on. The nearest is “{nearest}”."


def available() -> bool:
    """Whether its weights are in the box."""
    return miniature.available(folder())


def load() -> Generator[str, None, Pictures]:
    """Open it.

    Raises:
        ValueError: a file is missing or damaged; the message says which.
    """
    yield "reading network and text encoder"
    return Pictures(miniature.load(folder()))


def edition() -> str:
    """Twelve hexadecimal digits that change with the weights of the network."""
    return _edition(folder())


def folder() -> Path | None:
    """Where the weights are: DIFFUSION_MINIATURE, a folder of the owner's choice, or the box."""
    chosen = os.environ.get("DIFFUSION_MINIATURE", "")
    return Path(chosen) if chosen else None


@functools.cache
def _edition(chosen: Path | None) -> str:
    weights = sorted(((chosen or miniature.box.FOLDER) / "unet").glob("*.safetensors"))
    digest = hashlib.sha256()
    for path in weights:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
