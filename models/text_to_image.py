"""The one interface of all text-to-image models: any size of image, any schedule."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator, Sequence
from typing import NamedTuple

from torch import Tensor


class Threshold(NamedTuple):
    """How a model's makers kept its estimates inside what an image can be.

    Attributes:
        ratio: share of an image's values that count as ordinary, in (0, 1].
        largest: beyond this multiple of white even ordinary values are cut off, ≥ 1.
    """

    ratio: float
    largest: float


class ModelSpec(NamedTuple):
    """What can be said of a model without loading it.

    Attributes:
        shape: (C, H, W) of its images.
        low: the value of black.
        high: the value of white.
        alpha_bars: share of signal power left by timestep, (T,), float64, on the CPU.
        threshold: how estimates are kept inside the range while sampling; None for not at all,
            as in the course.
    """

    shape: tuple[int, int, int]
    low: float
    high: float
    alpha_bars: Tensor
    threshold: Threshold | None = None


class TextToImage(ABC):
    """A network that finds the noise in an image, given words. Shared by all: never change it.

    Attributes:
        spec: its images and its schedule.
        parameters: how many numbers were learnt, those of the text encoder included.
    """

    def __init__(self, spec: ModelSpec, parameters: int) -> None:
        """Describe the model."""
        self.spec = spec
        self.parameters = parameters

    @abstractmethod
    def embed(self, prompts: Sequence[str]) -> Tensor:
        """Turn prompts into what the network is conditioned on, (B, ...).

        Raises:
            ValueError: a prompt that this model can't take; the message says what it can.
        """

    def note(self, prompt: str) -> str:  # noqa: ARG002 - most models have nothing to say
        """One quiet sentence on what to expect from a prompt, or ""."""
        return ""

    @abstractmethod
    def predict(self, x_t: Tensor, t: int, embeddings: Tensor) -> Tensor:
        """Find the noise.

        Args:
            x_t: noisy images, (B, C, H, W), float32.
            t: index into the schedule.
            embeddings: one for each image, (B, ...).

        Returns:
            (B, C, H, W), or (B, 2C, H, W) if the network also says where between its bounds the
            variance of a step lies (−1 the posterior variance, 1 the step's own).
        """


Loader = Generator[str, None, TextToImage]
"""Loads a model: yields what it does next, returns the model. Closing it stops the loading."""
