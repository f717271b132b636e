"""B2.3 · Train a DDPM that is given the label of each digit, and now and then is not."""

from __future__ import annotations

from typing import Final

import torch
from pydantic import Field
from torch import Tensor, nn

from lessons.diffusion.denoise import PredictNoise
from lessons.diffusion.guidance import Conditional, guided
from lessons.images.captioned import CaptionedImage
from lessons.own_data.parts import in_turn, shown
from lessons.part_b.train_ddpm import (
    EARLY_PREVIEW_STEPS,
    SHOWN_EPOCHS,
    DDPMSettings,
    evaluation_case,
    last,
    noise_loss,
    noisy,
    normalised,
    presets,
    random_timesteps,
    sample,
    sample_numbers,
)
from lessons.training.labels import NO_LABEL, keep_mask
from lessons.training.previews import ROW, SAMPLES, TEST_DIGITS, images
from lessons.training.recipe import DigitBatch, Preview, RunRecipe, Settings
from models.unet import ClassConditionalUNet


class ClassDDPMSettings(DDPMSettings):
    """Settings of a class-conditioned DDPM; the defaults are the course's."""

    drop: float = Field(0.1, ge=0.0, le=0.9, title="Share of dropped labels")
    gamma: float = Field(5.0, ge=0.0, le=20.0, title="Guidance γ of the samples shown")


def loss(network: nn.Module, batch: DigitBatch, settings: ClassDDPMSettings) -> Tensor:
    """One training step's loss: as without classes, but with labels, some of them dropped."""
    index = random_timesteps(batch)
    eps = batch.noise()
    mask = keep_mask(len(eps), settings.drop, batch.random).to(eps.device)
    x_t = noisy(batch.images, index, eps)
    return noise_loss(network(x_t, batch.labels, normalised(index), mask), eps)


def labelled(network: nn.Module) -> Conditional[int]:
    """The network as guidance wants it: (x_t, index, labels) → eps; NO_LABEL drops a label.

    Args:
        network: a class-conditioned network in eval mode.
    """

    def predict(x_t: Tensor, t: int, labels: Tensor) -> Tensor:
        index, mask = torch.full((len(x_t),), t, device=x_t.device), (labels != NO_LABEL).float()
        eps: Tensor = network(x_t, labels.clamp(min=0), normalised(index), mask).float()
        return eps

    return predict


def following(network: nn.Module, labels: Tensor, gamma: float | Tensor) -> PredictNoise:
    """A predictor that follows γ towards these labels.

    Args:
        network: a class-conditioned network in eval mode.
        labels: (B,) int64, which digit each image shall become.
        gamma: guidance scale, or one an image, (B, 1, 1, 1); 0 ignores the labels.
    """
    return guided(labelled(network), labels, torch.full_like(labels, NO_LABEL), gamma)


def build(settings: Settings) -> nn.Module:
    """A fresh `ClassConditionalUNet` of the chosen width."""
    return ClassConditionalUNet(in_channels=1, num_classes=10, num_hiddens=settings.num_hiddens)


def preview(network: nn.Module, settings: ClassDDPMSettings) -> Preview:
    """Four samples of each digit, and the loss over the first 1,000 test digits."""
    device = next(network.parameters()).device
    labels = in_turn(settings.data, SAMPLES).to(device)
    predict = following(network, labels, settings.gamma)
    samples = last(sample(predict, settings.seed, SAMPLES, device, settings.sample_steps))
    index, eps, x_0 = evaluation_case(settings)
    c, t = shown(settings.data, TEST_DIGITS).labels, normalised(index)
    x_t = noisy(x_0, index, eps)
    parts = [torch.split(values, 250) for values in (x_t, c, t)]
    eps_hat = torch.cat(
        [network(*(p.to(device) for p in part)).float().cpu() for part in zip(*parts, strict=True)]
    )
    return Preview(
        rows=tuple(images(row) for row in torch.split(samples, 10)),
        numbers={
            "test_loss": float(noise_loss(eps_hat, eps)),
            **sample_numbers(settings, samples, labels),
        },
    )


def early_preview(network: nn.Module, settings: ClassDDPMSettings) -> tuple[CaptionedImage, ...]:
    """One sample of each digit in few steps."""
    device = next(network.parameters()).device
    labels = in_turn(settings.data, ROW).to(device)
    predict = following(network, labels, settings.gamma)
    return images(last(sample(predict, settings.seed, ROW, device, EARLY_PREVIEW_STEPS)))


RECIPE: Final = RunRecipe(
    name="class-ddpm",
    settings=ClassDDPMSettings,
    build=build,
    loss=loss,
    preview=preview,
    presets=presets(ClassDDPMSettings),
    early_preview=early_preview,
    shown_epochs=lambda settings: SHOWN_EPOCHS if settings.epochs > 10 else range(41),
)
