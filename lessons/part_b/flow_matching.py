"""B2.5 · Flow matching: straight lines from noise to digits, learnt as a velocity."""

from __future__ import annotations

from typing import Any, Final, TypeVar

import torch
from pydantic import Field
from torch import Tensor, nn

from lessons.diffusion.flow import PredictVelocity, euler, interpolate, velocity_loss
from lessons.diffusion.guidance import Conditional, guided
from lessons.diffusion.noise import NoiseSource
from lessons.images.captioned import CaptionedImage
from lessons.measure.sample_quality import preview_numbers
from lessons.own_data.names import MNIST
from lessons.own_data.parts import in_turn, shown
from lessons.training.labels import NO_LABEL, keep_mask
from lessons.training.previews import ROW, SAMPLES, TEST_DIGITS, images, noise_like
from lessons.training.recipe import DataSettings, DigitBatch, Preview, RunRecipe, Settings
from models.mnist import unit_range
from models.unet import ClassConditionalUNet, TimeConditionalUNet

EARLY_PREVIEW_STEPS: Final = 10
SHOWN_EPOCHS: Final = (1, 5, 10)


class FlowSettings(DataSettings):
    """Settings of flow matching; the defaults are the course's."""

    batch_size: int = Field(64, ge=16, le=512, title="Batch size")
    epochs: int = Field(10, ge=1, le=40, title="Epochs")
    learning_rate: float = Field(1e-2, ge=1e-6, le=0.1, title="Learning rate")
    decay: float = Field(0.1, ge=0.01, le=1.0, title="Learning-rate factor at the end")
    sample_steps: int = Field(50, ge=1, le=300, title="Steps of the samples shown")


class ClassFlowSettings(FlowSettings):
    """Settings of class-conditioned flow matching; the defaults are the course's."""

    drop: float = Field(0.1, ge=0.0, le=0.9, title="Share of dropped labels")
    gamma: float = Field(5.0, ge=0.0, le=20.0, title="Guidance γ of the samples shown")


def predictor(network: nn.Module) -> PredictVelocity:
    """The network as `euler` wants it."""

    def predict(x_t: Tensor, t: float) -> Tensor:
        u: Tensor = network(x_t, torch.full((len(x_t),), t, device=x_t.device)).float()
        return u

    return predict


def labelled(network: nn.Module) -> Conditional[float]:
    """The network as guidance wants it: (x_t, t, labels) → velocity; NO_LABEL drops a label."""

    def predict(x_t: Tensor, t: float, labels: Tensor) -> Tensor:
        times = torch.full((len(x_t),), t, device=x_t.device)
        u: Tensor = network(x_t, labels.clamp(min=0), times, (labels != NO_LABEL).float()).float()
        return u

    return predict


def following(network: nn.Module, labels: Tensor, gamma: float) -> PredictVelocity:
    """A predictor that follows γ towards these labels, (B,)."""
    return guided(labelled(network), labels, torch.full_like(labels, NO_LABEL), gamma)


def loss(network: nn.Module, batch: DigitBatch, _: Settings) -> Tensor:
    """One training step's loss without classes: a time of its own for each digit."""
    x_0, t = batch.noise(), _random_times(batch)
    x_t = interpolate(x_0, batch.images, t[:, None, None, None])
    return velocity_loss(network(x_t, t), x_0, batch.images)


def class_loss(network: nn.Module, batch: DigitBatch, settings: ClassFlowSettings) -> Tensor:
    """One training step's loss with classes, some of them dropped."""
    x_0, t = batch.noise(), _random_times(batch)
    mask = keep_mask(len(t), settings.drop, batch.random).to(t.device)
    x_t = interpolate(x_0, batch.images, t[:, None, None, None])
    return velocity_loss(network(x_t, batch.labels, t, mask), x_0, batch.images)


def build(settings: Settings) -> nn.Module:
    """A fresh `TimeConditionalUNet` with products, of the chosen width."""
    return TimeConditionalUNet(1, 10, settings.num_hiddens, time="multiply")


def build_class(settings: Settings) -> nn.Module:
    """A fresh `ClassConditionalUNet` of the chosen width."""
    return ClassConditionalUNet(1, 10, settings.num_hiddens)


def preview(network: nn.Module, settings: FlowSettings) -> Preview:
    """Forty samples, and the loss over the first 1,000 test digits."""
    return _preview(network, settings, predictor(network), labels=None)


def class_preview(network: nn.Module, settings: ClassFlowSettings) -> Preview:
    """Four samples of each digit, and the loss over the first 1,000 test digits."""
    device = next(network.parameters()).device
    labels = in_turn(settings.data, SAMPLES).to(device)
    predict = following(network, labels, settings.gamma)
    return _preview(network, settings, predict, labels=labels.cpu())


def _preview(
    network: nn.Module, settings: FlowSettings, predict: PredictVelocity, labels: Tensor | None
) -> Preview:
    """Samples, of these labels if there are any, and the loss on images that measure."""
    device = next(network.parameters()).device
    samples = _sampled(settings.seed, SAMPLES, predict, settings.sample_steps, device)
    test = shown(settings.data, TEST_DIGITS)
    x_1 = unit_range(test.images)
    x_0 = noise_like(x_1, settings.seed)
    t = (torch.arange(len(x_1)) % 100) / 100
    inputs = [
        interpolate(x_0, x_1, t[:, None, None, None]),
        *([] if labels is None else [test.labels]),
    ]
    parts = [torch.split(values, 250) for values in (*inputs, t)]
    u_hat = torch.cat(
        [network(*(p.to(device) for p in part)).float().cpu() for part in zip(*parts, strict=True)]
    )
    return Preview(
        rows=tuple(images(row) for row in torch.split(samples, 10)),
        numbers={
            "test_loss": float(velocity_loss(u_hat, x_0, x_1)),
            **(preview_numbers(samples, labels) if settings.data == MNIST else {}),
        },
    )


def early_preview(network: nn.Module, settings: FlowSettings) -> tuple[CaptionedImage, ...]:
    """Ten samples in few steps."""
    device = next(network.parameters()).device
    return images(_sampled(settings.seed, ROW, predictor(network), EARLY_PREVIEW_STEPS, device))


def class_early_preview(
    network: nn.Module, settings: ClassFlowSettings
) -> tuple[CaptionedImage, ...]:
    """One sample of each digit in few steps."""
    device = next(network.parameters()).device
    labels = in_turn(settings.data, ROW).to(device)
    predict = following(network, labels, settings.gamma)
    return images(_sampled(settings.seed, ROW, predict, EARLY_PREVIEW_STEPS, device))


def _sampled(
    seed: int, count: int, predict: PredictVelocity, steps: int, device: torch.device
) -> Tensor:
    """Digits out of noise, on the CPU."""
    for frame in euler(NoiseSource(seed, count, (1, 28, 28))().to(device), predict, steps):
        samples = frame.x_t
    return samples.cpu()


def _random_times(batch: DigitBatch) -> Tensor:
    """A time in [0, 1) for each image, (B,)."""
    return torch.rand(len(batch.images), generator=batch.random).to(batch.images.device)


def _shown_epochs(settings: Settings) -> tuple[int, ...] | range:
    return SHOWN_EPOCHS if settings.num_hiddens > 32 else range(41)


_QUICK: Final[dict[str, Any]] = {
    "batch_size": 64,
    "decay": 0.01,
    "schedule": "linear",
    "ema": 0.995,
    "sample_steps": 30,
}


F = TypeVar("F", bound=FlowSettings)


def _presets(kind: type[F]) -> dict[str, F]:
    laptop = {"num_hiddens": 16, "epochs": 4, "images_per_epoch": 10_000, **_QUICK}
    # What they end with, `python -m benchmarks.demos` measures. In batches of 32 the same images
    # make twice as many steps; without classes it takes more of them.
    demo = {"num_hiddens": 16, "epochs": 4, "images_per_epoch": 20_000, **_QUICK, "batch_size": 32}
    if "gamma" in kind.model_fields:
        demo |= {"images_per_epoch": 10_000, "gamma": 3.0}
    return {
        "Course": kind(),
        "Laptop": kind.model_validate(laptop),
        "Demo": kind.model_validate(demo),
    }


TIME_RECIPE: Final = RunRecipe(
    name="flow",
    settings=FlowSettings,
    build=build,
    loss=loss,
    preview=preview,
    presets=_presets(FlowSettings),
    early_preview=early_preview,
    shown_epochs=_shown_epochs,
)

CLASS_RECIPE: Final = RunRecipe(
    name="class-flow",
    settings=ClassFlowSettings,
    build=build_class,
    loss=class_loss,
    preview=class_preview,
    presets=_presets(ClassFlowSettings),
    early_preview=class_early_preview,
    shown_epochs=_shown_epochs,
)
