"""The class-conditioned digit network as a text-to-image model of ten words."""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Generator, Sequence
from typing import Final

import torch
from torch import Tensor

from lessons.diffusion.schedules import ddpm_schedule
from models import shipped
from models.batching import NetworkCall, called
from models.text_to_image import ModelSpec, TextToImage
from models.unet import ClassConditionalUNet

RECIPE: Final = "class-ddpm"
WORDS: Final = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
)  # fmt: skip
STEPS: Final = 300
_DIGIT: Final = re.compile(
    rf"(?:an? )?(?:handwritten )?(?:digit )?(?:([0-9])|({'|'.join(WORDS)}))\.?", re.IGNORECASE
)


SPEC: Final = ModelSpec(
    shape=(1, 28, 28),
    low=0.0,
    high=1.0,
    alpha_bars=ddpm_schedule(1e-4, 0.02, STEPS).alpha_bars,
)
"""28×28 digits in [0, 1]; T = 300, β linear from 0.0001 to 0.02."""


class DigitModel(TextToImage):
    """Knows ten words and the empty prompt."""

    def __init__(self, network: ClassConditionalUNet) -> None:
        """Take a trained network in eval mode."""
        super().__init__(SPEC, sum(p.numel() for p in network.parameters()))
        self.network = network

    def embed(self, prompts: Sequence[str]) -> Tensor:
        """One-hot rows, (B, 10); the empty prompt is a row of zeros, as a dropped label is.

        Raises:
            ValueError: a prompt asks for no digit.
        """
        return torch.stack([_one_hot(prompt) for prompt in prompts])

    def predict(self, x_t: Tensor, t: int, embeddings: Tensor) -> Tensor:
        """Find the noise, (B, 1, 28, 28); see `TextToImage`."""
        times = torch.full((len(x_t),), (t + 1) / STEPS)
        return called(NetworkCall(self.network, self._answer, (x_t, times, embeddings)))

    def _answer(self, x_t: Tensor, times: Tensor, embeddings: Tensor) -> Tensor:
        noise: Tensor = self.network(x_t, embeddings.argmax(1), times, embeddings.sum(1))
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


def load() -> Generator[str, None, DigitModel]:
    """Load the class-conditioned run that ships with the project.

    Raises:
        ValueError: its files are missing or damaged.
    """
    yield "reading the weights"
    try:
        network = shipped.network(RECIPE, lambda width: ClassConditionalUNet(1, 10, width))
    except shipped.NoShippedRun as error:
        raise ValueError(f"The model for digits can't be loaded: {error}") from error
    return DigitModel(network)


@functools.cache
def weights_hash() -> str:
    """Twelve hexadecimal digits that change with the weights.

    Raises:
        ValueError: they are missing.
    """
    try:
        weights = (shipped.folder(RECIPE) / "weights.safetensors").read_bytes()
    except (OSError, shipped.NoShippedRun) as error:
        raise ValueError(f"The model for digits can't be loaded: {error}") from error
    return hashlib.sha256(weights).hexdigest()[:12]


def _one_hot(prompt: str) -> Tensor:
    row = torch.zeros(10)
    if (digit := digit_of(prompt)) is not None:
        row[digit] = 1
    return row
