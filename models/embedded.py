"""The miniature that is in the box, as a text-to-image model of the lessons."""

from __future__ import annotations

import functools
import hashlib
import os
from collections.abc import Generator
from pathlib import Path
from typing import Final

from tokenizers import Tokenizer

from lessons.diffusion.schedules import squaredcos_cap_v2
from models import atomic, environment, miniature, reading
from models.batching import MOST_IMAGES
from models.diffusers_model import DiffusersModel
from models.miniature.encoder import FOLDER as TEXT
from models.miniature.encoder import LONGEST
from models.text_to_image import ModelSpec, Threshold

SPEC: Final = ModelSpec((3, 64, 64), -1.0, 1.0, squaredcos_cap_v2(1000).alpha_bars)
"""64×64 colour images in [-1, 1]; T = 1000, squaredcos_cap_v2."""

THRESHOLD: Final = Threshold(0.95, 1.5)
"""As its scheduler and DeepFloyd IF's say."""

KNOWN: Final = 0.6
"""Below this similarity to all that it was trained on, the network draws something else."""


class Pictures(DiffusersModel):
    """Knows the nouns that it was trained on, and words that mean the same."""

    most = MOST_IMAGES
    ragged = True  # a row of zeros is no token

    def __init__(self, model: miniature.Miniature) -> None:
        """Take the opened model."""
        parameters = sum(p.numel() for p in model.network.parameters()) + model.encoder.size
        super().__init__(model.network, SPEC, model.embed, parameters=parameters)
        self.model = model

    def note(self, prompt: str) -> str:
        """Say what the nearest thing is that it knows, if the prompt is far from all of them."""
        if not prompt:
            return ""
        nearest, similarity = self.model.nearest_known(prompt)
        if similarity >= KNOWN:
            return ""
        return f"“{prompt}” is outside what this model was trained on. The nearest is “{nearest}”."


def unread(prompt: str) -> str:
    """The words at a prompt's end that the text encoder cuts off, or ""."""
    return reading.unread(prompt, lambda text: len(_tokenizer().encode(text).ids), LONGEST)


@functools.cache
def _tokenizer() -> Tokenizer:
    """One of our own: that of the encoder keeps its truncation as a setting."""
    found: Tokenizer = Tokenizer.from_file(str(TEXT / "tokenizer.json"))
    found.no_truncation()
    found.no_padding()
    return found


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


def weights_hash() -> str:
    """Twelve hexadecimal digits that change with the weights of the network."""
    weights = sorted(((folder() or miniature.box.FOLDER) / "unet").glob("*.safetensors"))
    return _weights_hash(tuple((path, atomic.stamp(path)) for path in weights))


def folder() -> Path | None:
    """Where the weights are: DIFFUSION_MINIATURE, a folder of the owner's choice, or the box."""
    if "DIFFUSION_MINIATURE" not in os.environ:
        return None
    return environment.folder("DIFFUSION_MINIATURE", miniature.box.FOLDER)


@functools.cache
def _weights_hash(weights: tuple[tuple[Path, object], ...]) -> str:
    digest = hashlib.sha256()
    for path, _stamp in weights:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
