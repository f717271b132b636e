"""What is special about one kind of training run: which network, which loss, what to show."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Generic, Literal, TypeVar

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn

from lessons.images.captioned import CaptionedImage
from lessons.own_data.names import DATA_NAME, MNIST
from models.devices import Precision

S = TypeVar("S", bound="Settings")
Width = Annotated[int, Field(ge=8, le=128, multiple_of=8)]


class Settings(BaseModel):
    """What a run is.

    Two runs with equal settings are the same run: on one kind of CPU, calculated with the same
    number of threads (`runs.threads`), to the last bit.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    younger: ClassVar[tuple[str, ...]] = ()
    """Fields that came after the first runs: at their default they change no run's name."""

    num_hiddens: Width = Field(64, title="Width D")
    batch_size: int = Field(128, ge=16, le=512, title="Batch size")
    epochs: int = Field(5, ge=1, le=40, title="Epochs")
    images_per_epoch: int = Field(60_000, ge=1_000, le=60_000, title="Images an epoch")
    learning_rate: float = Field(1e-3, ge=1e-6, le=0.1, title="Learning rate")
    decay: float = Field(1.0, ge=0.01, le=1.0, title="Learning-rate factor at the end")
    schedule: Literal["by epoch", "linear"] = Field("by epoch", title="Learning-rate schedule")
    ema: float = Field(0.0, ge=0.0, le=0.9999, title="Averaged weights (EMA)")
    seed: int = Field(276, ge=0, le=2**31 - 1, title="Seed")
    precision: Precision = Field("float32", title="Arithmetic")

    @property
    def steps_per_epoch(self) -> int:
        """Optimiser steps in one epoch; the last batch may be smaller."""
        return math.ceil(self.images_per_epoch / self.batch_size)

    @property
    def total_steps(self) -> int:
        """Optimiser steps of the whole run."""
        return self.steps_per_epoch * self.epochs

    @property
    def total_images(self) -> int:
        """Images seen in the whole run, repeats counted."""
        return self.images_per_epoch * self.epochs

    def images_after(self, step: int) -> int:
        """Images seen once `step` steps are done."""
        epochs, rest = divmod(step, self.steps_per_epoch)
        return epochs * self.images_per_epoch + min(rest * self.batch_size, self.images_per_epoch)

    def fingerprint(self, origin: str = "") -> str:
        """Ten hexadecimal digits that name these settings, and where they start, and no others."""
        content = self.model_dump()
        for name in ("data", *self.younger):
            if name in content and content[name] == type(self).model_fields[name].default:
                del content[name]
        text = json.dumps(content, sort_keys=True) + origin
        return hashlib.sha256(text.encode()).hexdigest()[:10]


class DataSettings(Settings):
    """Settings of a run that can be trained on other data than MNIST.

    The name of a data set holds a digest of its images, so equal settings are the same data too.
    """

    data: str = Field(MNIST, pattern=f"^(?:{DATA_NAME})$", title="Training data")


def data_of(settings: Settings) -> str:
    """The data set that a run is trained on, by its name."""
    return settings.data if isinstance(settings, DataSettings) else MNIST


@dataclass(frozen=True)
class DigitBatch:
    """What one training step sees.

    Attributes:
        images: clean digits (B, 1, 28, 28) in [0, 1].
        labels: (B,) int64.
        random: the step's own random stream, on the CPU.
    """

    images: Tensor
    labels: Tensor
    random: torch.Generator

    def noise(self) -> Tensor:
        """Fresh unit Gaussian noise in the shape of the images, on their device."""
        return torch.randn(self.images.shape, generator=self.random).to(self.images.device)


@dataclass(frozen=True)
class Preview:
    """What a run shows after an epoch.

    Attributes:
        rows: rows of images of one size, kept as one PNG.
        numbers: what was measured, by name.
    """

    rows: tuple[tuple[CaptionedImage, ...], ...]
    numbers: Mapping[str, float]


@dataclass(frozen=True)
class RunRecipe(Generic[S]):
    """What is special about one kind of training run.

    Attributes:
        name: how folders and links call it, a–z and hyphens.
        settings: the class of its settings.
        build: settings → a fresh network.
        loss: (network, batch, settings) → scalar loss.
        preview: (network in eval mode, settings) → what to show.
        presets: settings by name.
        early_preview: (network in eval mode, settings) → a few images, quickly made, if that says
            something: what a run shows while it trains.
        shown_epochs: settings → the epochs worth a preview, the last always is; all of them if
            None.
    """

    name: str
    settings: type[S]
    build: Callable[[S], nn.Module]
    loss: Callable[[nn.Module, DigitBatch, S], Tensor]
    preview: Callable[[nn.Module, S], Preview]
    presets: Mapping[str, S] = field(default_factory=dict)
    early_preview: Callable[[nn.Module, S], tuple[CaptionedImage, ...]] | None = None
    shown_epochs: Callable[[S], Collection[int]] | None = None

    def shows(self, epoch: int, settings: S) -> bool:
        """Whether there is a preview after this epoch; 0 is before training."""
        if self.shown_epochs is None or epoch == settings.epochs:
            return True
        return epoch in self.shown_epochs(settings)
