"""A reader of digits that no generator has seen: trained here, used to classifier samples."""

from __future__ import annotations

from typing import Final

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from lessons.images.captioned import CaptionedImage, to_pixels
from lessons.training.recipe import DigitBatch, Preview, RunRecipe, Settings
from models import mnist
from models.classifier import DigitClassifier

_MISREAD: Final = 20


class ClassifierSettings(Settings):
    """Settings of the classifier."""

    num_hiddens: int = Field(16, ge=8, le=128, multiple_of=8, title="Width D")
    epochs: int = Field(5, ge=1, le=40, title="Epochs")
    learning_rate: float = Field(5e-3, ge=1e-6, le=0.1, title="Learning rate")
    decay: float = Field(0.01, ge=0.01, le=1.0, title="Learning-rate factor at the end")


def shifted(images: Tensor, random: torch.Generator) -> Tensor:
    """Move all digits of a batch by up to two pixels each way, so that place tells nothing.

    Args:
        images: (B, 1, 28, 28), background 0.
        random: where the shift comes from.

    Returns:
        Shape of `images`.
    """
    down, right = torch.randint(0, 5, (2,), generator=random).tolist()
    return F.pad(images, (2, 2, 2, 2))[..., down : down + 28, right : right + 28]


def reading_loss(scores: Tensor, labels: Tensor) -> Tensor:
    r"""Reward the probability that the classifier gives to the true digit.

    $$
    L = -\mathbb{E} \, \log p_\theta(c \mid x)
    $$

    Args:
        scores: logits, (B, 10).
        labels: (B,) int64.

    Returns:
        The mean cross entropy in nats, a scalar.
    """
    return F.cross_entropy(scores.float(), labels)


def build(settings: Settings) -> nn.Module:
    """A fresh `DigitClassifier` of the chosen width."""
    return DigitClassifier(settings.num_hiddens)


def loss(network: nn.Module, batch: DigitBatch, _: Settings) -> Tensor:
    """One training step's loss."""
    return reading_loss(network(shifted(batch.images, batch.random)), batch.labels)


def preview(network: nn.Module, _: Settings) -> Preview:
    """Twenty test digits that it is least sure of, and how many of the 10,000 it reads right."""
    device = next(network.parameters()).device
    digits = mnist.load("test")
    x = mnist.unit_range(digits.images)
    scores = torch.cat([network(part.to(device)).float().cpu() for part in torch.split(x, 1000)])
    each = F.cross_entropy(scores, digits.labels, reduction="none")
    worst = each.topk(_MISREAD).indices
    shown = [CaptionedImage(to_pixels(x[i])) for i in worst]
    return Preview(
        rows=(tuple(shown[:10]), tuple(shown[10:])),
        numbers={
            "accuracy": float((scores.argmax(1) == digits.labels).float().mean()),
            "test_loss": float(each.mean()),
        },
    )


RECIPE: Final = RunRecipe(
    name="judge",
    settings=ClassifierSettings,
    build=build,
    loss=loss,
    preview=preview,
    presets={"Course": ClassifierSettings(schedule="linear")},
)
