"""B2.3 · Tell the network which digit, and sometimes don't."""

from __future__ import annotations

from typing import Final

import torch
from pydantic import Field
from torch import Tensor, nn

from lessons.guidance import guide
from lessons.iterative_denoising import PredictNoise
from lessons.judge import judged
from lessons.picture import Picture
from lessons.train_ddpm import (
    PEEK,
    PEEK_STEPS,
    SHOWN,
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
)
from lessons.train_denoiser import TEST_DIGITS, pictures, test_labels
from lessons.training import Batch, Preview, Recipe, Settings
from models.unet import ClassConditionalUNet


class ClassDDPMSettings(DDPMSettings):
    """Settings of a class-conditioned DDPM; the defaults are the course's."""

    drop: float = Field(0.1, ge=0.0, le=0.9, title="Share of dropped labels")
    gamma: float = Field(5.0, ge=0.0, le=20.0, title="Guidance γ of the samples shown")


def keep_mask(count: int, drop: float, random: torch.Generator) -> Tensor:
    r"""Decide for each picture on its own whether its label is kept.

    $$
    m_i \sim \mathrm{Bernoulli}(1 - p)
    $$

    A network that has also learnt to do without labels can later be asked both ways, which is what
    guidance needs.

    Source: Ho and Salimans 2022 (arXiv:2207.12598), algorithm 1.

    Args:
        count: how many pictures.
        drop: p, the chance of losing the label, 0 to 1.
        random: where the chance comes from.

    Returns:
        (count,) float32: 1 keeps the label, 0 drops it.
    """
    return (torch.rand(count, generator=random) >= drop).float()


def loss(network: nn.Module, batch: Batch, settings: ClassDDPMSettings) -> Tensor:
    """One training step's loss: as without classes, but with labels, some of them dropped."""
    index = random_timesteps(batch)
    eps = batch.noise()
    mask = keep_mask(len(eps), settings.drop, batch.random).to(eps.device)
    x_t = noisy(batch.images, index, eps)
    return noise_loss(network(x_t, batch.labels, normalised(index), mask), eps)


def guided(network: nn.Module, labels: Tensor, gamma: float | Tensor) -> PredictNoise:
    """A predictor that follows γ: both predictions come from one call of the network.

    Args:
        network: a class-conditioned network in eval mode.
        labels: (B,) int64, which digit each picture shall become.
        gamma: guidance strength, or one a picture, (B, 1, 1, 1); 0 ignores the labels.
    """
    twice = torch.cat([labels, labels])
    mask = torch.cat([torch.ones_like(labels), torch.zeros_like(labels)])

    def predict(x_t: Tensor, t: int) -> Tensor:
        index = torch.full((2 * len(x_t),), t, device=x_t.device)
        both = network(torch.cat([x_t, x_t]), twice, normalised(index), mask)
        eps_c, eps_u = both.float().chunk(2)
        return guide(eps_c, eps_u, gamma)

    return predict


def build(settings: Settings) -> nn.Module:
    """A fresh `ClassConditionalUNet` of the chosen width."""
    return ClassConditionalUNet(in_channels=1, num_classes=10, num_hiddens=settings.num_hiddens)


def preview(network: nn.Module, settings: ClassDDPMSettings) -> Preview:
    """Four samples of each digit, and the loss over the first 1,000 test digits."""
    device = next(network.parameters()).device
    labels = (torch.arange(SHOWN) % 10).to(device)
    predict = guided(network, labels, settings.gamma)
    samples = last(sample(predict, settings.seed, SHOWN, device, settings.sample_steps))
    index, eps, x_0 = evaluation_case(settings.seed)
    x_t, c, t = noisy(x_0, index, eps), test_labels(TEST_DIGITS), normalised(index)
    parts = [torch.split(values, 250) for values in (x_t, c, t)]
    eps_hat = torch.cat(
        [network(*(p.to(device) for p in part)).float().cpu() for part in zip(*parts, strict=True)]
    )
    return Preview(
        rows=tuple(pictures(row) for row in torch.split(samples, 10)),
        numbers={"test_loss": float(noise_loss(eps_hat, eps)), **judged(samples, labels)},
    )


def peek(network: nn.Module, settings: ClassDDPMSettings) -> tuple[Picture, ...]:
    """One sample of each digit in few steps."""
    device = next(network.parameters()).device
    predict = guided(network, torch.arange(PEEK).to(device), settings.gamma)
    return pictures(last(sample(predict, settings.seed, PEEK, device, PEEK_STEPS)))


RECIPE: Final = Recipe(
    name="class-ddpm",
    settings=ClassDDPMSettings,
    build=build,
    loss=loss,
    preview=preview,
    presets=presets(ClassDDPMSettings),
    peek=peek,
    shown_epochs=lambda settings: SHOWN_EPOCHS if settings.epochs > 10 else range(41),
)
