"""The class-conditioned digit network as a text-to-image model of ten words."""

from __future__ import annotations

import functools
import hashlib
import json
import re
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Final

import torch
from torch import Tensor

from models import checkpoints
from models.text_to_image import Outline, TextToImage
from models.unet import ClassConditionalUNet

REFERENCE: Final = Path(__file__).parent / "reference"
WORDS: Final = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
)  # fmt: skip
STEPS: Final = 300
_DIGIT: Final = re.compile(
    rf"(?:an? )?(?:handwritten )?(?:digit )?(?:([0-9])|({'|'.join(WORDS)}))\.?", re.IGNORECASE
)


OUTLINE: Final = Outline(
    shape=(1, 28, 28),
    low=0.0,
    high=1.0,
    alpha_bars=(1 - torch.linspace(1e-4, 0.02, STEPS, dtype=torch.float64)).cumprod(0),
)
"""28×28 digits in [0, 1]; T = 300, β linear from 0.0001 to 0.02."""


class Digits(TextToImage):
    """Knows ten words and the empty prompt."""

    def __init__(self, network: ClassConditionalUNet) -> None:
        """Take a trained network in eval mode."""
        super().__init__(OUTLINE, sum(p.numel() for p in network.parameters()))
        self.network = network

    def embed(self, prompts: Sequence[str]) -> Tensor:
        """One-hot rows, (B, 10); the empty prompt is a row of zeros, as a dropped label is.

        Raises:
            ValueError: a prompt asks for no digit.
        """
        return torch.stack([_one_hot(prompt) for prompt in prompts])

    def predict(self, x_t: Tensor, t: int, embeddings: Tensor) -> Tensor:
        """Find the noise, (B, 1, 28, 28); see `TextToImage`."""
        time = torch.full((len(x_t),), (t + 1) / STEPS)
        noise: Tensor = self.network(x_t, embeddings.argmax(1), time, embeddings.sum(1))
        return noise


def digit_of(prompt: str) -> int | None:
    """The digit that a prompt asks for; None if it is empty.

    Raises:
        ValueError: it asks for something else.
    """
    words = " ".join(prompt.split())
    if not words:
        return None
    if not (found := _DIGIT.fullmatch(words)):
        raise ValueError(
            "The model for digits understands “a handwritten 6”, “six”, “6”, and nothing at all "
            "(any digit)."
        )
    return int(found[1]) if found[1] else WORDS.index(found[2].lower())


def load() -> Generator[str, None, Digits]:
    """Load the class-conditioned run that ships with the project.

    Raises:
        ValueError: its files are missing or damaged.
    """
    yield "reading the weights"
    folder = _folder()
    try:
        settings = json.loads((folder / "settings.json").read_text("utf-8"))["settings"]
        network = ClassConditionalUNet(1, 10, int(settings["num_hiddens"]))
        weights, _ = checkpoints.load_tensors(folder / "weights.safetensors")
        full = {name: w.float() if w.is_floating_point() else w for name, w in weights.items()}
        checkpoints.load_weights(network, full)
    except (OSError, ValueError, KeyError, TypeError, checkpoints.BrokenCheckpoint) as error:
        raise ValueError(f"The model for digits can't be loaded: {error}") from error
    return Digits(network.eval().requires_grad_(False))


@functools.cache
def edition() -> str:
    """Twelve hexadecimal digits that change with the weights.

    Raises:
        ValueError: they are missing.
    """
    try:
        weights = (_folder() / "weights.safetensors").read_bytes()
    except OSError as error:
        raise ValueError(f"The model for digits can't be loaded: {error}") from error
    return hashlib.sha256(weights).hexdigest()[:12]


def _folder() -> Path:
    found = sorted(REFERENCE.glob("class-ddpm-*"))
    if not found:
        raise ValueError(f"The model for digits is missing: no class-ddpm run in {REFERENCE.name}.")
    return found[0]


def _one_hot(prompt: str) -> Tensor:
    row = torch.zeros(10)
    if (digit := digit_of(prompt)) is not None:
        row[digit] = 1
    return row
