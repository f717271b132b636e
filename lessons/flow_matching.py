"""B2.5 · Flow matching: straight ways from noise to digits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final, TypeVar

import torch
from pydantic import Field
from torch import Tensor, nn

from lessons.guidance import guide
from lessons.iterative_denoising import Frame, NoiseSource
from lessons.judge import judged
from lessons.picture import Picture
from lessons.train_class_ddpm import keep_mask
from lessons.train_denoiser import TEST_DIGITS, noise_like, pictures, test_digits, test_labels
from lessons.training import Batch, Preview, Recipe, Settings
from models.unet import ClassConditionalUNet, TimeConditionalUNet

SHOWN: Final = 40
PEEK: Final = 10
PEEK_STEPS: Final = 10
SHOWN_EPOCHS: Final = (1, 5, 10)

PredictVelocity = Callable[[Tensor, float], Tensor]
"""(x_t, t) → the velocity there, in the shape of x_t."""


class FlowSettings(Settings):
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


def interpolate(x_0: Tensor, x_1: Tensor, t: Tensor) -> Tensor:
    r"""Stand somewhere on the straight way from noise to a digit.

    $$
    x_t = (1 - t)\, x_0 + t\, x_1, \qquad x_0 \sim \mathcal{N}(0, \mathbf{I})
    $$

    Mind the names: here $x_0$ is the noise and $x_1$ the digit, and time runs towards the digit.

    Source: Lipman et al. 2022 (arXiv:2210.02747), eq. 20 with σ_min = 0.

    Args:
        x_0: unit Gaussian noise, (B, 1, 28, 28).
        x_1: clean digits, shape of `x_0`.
        t: place on the way, (B, 1, 1, 1), 0 = noise, 1 = digit.

    Returns:
        Pictures on the way, shape of `x_0`.
    """
    return (1 - t) * x_0 + t * x_1


def velocity_loss(u_hat: Tensor, x_0: Tensor, x_1: Tensor) -> Tensor:
    r"""Ask the network which way the digit lies, and how far.

    $$
    L = \mathbb{E}_{x_0, x_1, t} \, \lVert u_\theta(x_t, t) - (x_1 - x_0) \rVert^2
    $$

    Source: Lipman et al. 2022 (arXiv:2210.02747), eq. 23.

    Args:
        u_hat: the network's answer, (B, 1, 28, 28).
        x_0: the noise, shape of `u_hat`.
        x_1: the digit, shape of `u_hat`.

    Returns:
        The mean squared error, a scalar.

    Raises:
        ValueError: the shapes differ.
    """
    if not u_hat.shape == x_0.shape == x_1.shape:
        raise ValueError(f"shapes differ: {[tuple(x.shape) for x in (u_hat, x_0, x_1)]}")
    return (u_hat.float() - (x_1 - x_0)).square().mean()


def euler(x_t: Tensor, predict_velocity: PredictVelocity, steps: int) -> Iterator[Frame]:
    r"""Walk from noise to digits: a short way along the velocity, then look again.

    $$
    x_{t + h} = x_t + h \, u_\theta(x_t, t), \qquad h = 1 / \text{steps}
    $$

    Args:
        x_t: unit Gaussian noise, (B, C, H, W): where t = 0.
        predict_velocity: (x_t, t) → velocity; asked at t = 0, h, …, 1 − h.
        steps: how many, ≥ 1.

    Yields:
        A `Frame` a step: steps done, the pictures, and where the present velocity would lead at
        t = 1. The last stands at exactly t = 1.
    """
    for k in range(steps):
        t = k / steps
        u = predict_velocity(x_t, t)
        x_1 = x_t + (1 - t) * u
        x_t = x_t + u / steps
        yield Frame(t=k + 1, x_t=x_t, x_0=x_1)


def predictor(network: nn.Module) -> PredictVelocity:
    """The network as `euler` wants it."""

    def predict(x_t: Tensor, t: float) -> Tensor:
        u: Tensor = network(x_t, torch.full((len(x_t),), t, device=x_t.device)).float()
        return u

    return predict


def guided(network: nn.Module, labels: Tensor, gamma: float) -> PredictVelocity:
    """A predictor that follows γ: both predictions come from one call of the network."""
    twice = torch.cat([labels, labels])
    mask = torch.cat([torch.ones_like(labels), torch.zeros_like(labels)])

    def predict(x_t: Tensor, t: float) -> Tensor:
        times = torch.full((2 * len(x_t),), t, device=x_t.device)
        u_c, u_u = network(torch.cat([x_t, x_t]), twice, times, mask).float().chunk(2)
        return guide(u_c, u_u, gamma)

    return predict


def loss(network: nn.Module, batch: Batch, _: Settings) -> Tensor:
    """One training step's loss without classes: a place of its own on the way for each digit."""
    x_0, t = batch.noise(), _random_times(batch)
    x_t = interpolate(x_0, batch.images, t[:, None, None, None])
    return velocity_loss(network(x_t, t), x_0, batch.images)


def class_loss(network: nn.Module, batch: Batch, settings: ClassFlowSettings) -> Tensor:
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
    labels = (torch.arange(SHOWN) % 10).to(device)
    predict = guided(network, labels, settings.gamma)
    return _preview(network, settings, predict, labels=test_labels(TEST_DIGITS))


def _preview(
    network: nn.Module, settings: FlowSettings, predict: PredictVelocity, labels: Tensor | None
) -> Preview:
    asked = None if labels is None else torch.arange(SHOWN) % 10
    device = next(network.parameters()).device
    samples = _walked(settings.seed, SHOWN, predict, settings.sample_steps, device)
    x_1 = test_digits(TEST_DIGITS)
    x_0 = noise_like(x_1, settings.seed)
    t = (torch.arange(len(x_1)) % 100) / 100
    inputs = [interpolate(x_0, x_1, t[:, None, None, None]), *([] if labels is None else [labels])]
    parts = [torch.split(values, 250) for values in (*inputs, t)]
    u_hat = torch.cat(
        [network(*(p.to(device) for p in part)).float().cpu() for part in zip(*parts, strict=True)]
    )
    return Preview(
        rows=tuple(pictures(row) for row in torch.split(samples, 10)),
        numbers={"test_loss": float(velocity_loss(u_hat, x_0, x_1)), **judged(samples, asked)},
    )


def peek(network: nn.Module, settings: FlowSettings) -> tuple[Picture, ...]:
    """Ten samples in few steps."""
    device = next(network.parameters()).device
    return pictures(_walked(settings.seed, PEEK, predictor(network), PEEK_STEPS, device))


def class_peek(network: nn.Module, settings: ClassFlowSettings) -> tuple[Picture, ...]:
    """One sample of each digit in few steps."""
    device = next(network.parameters()).device
    predict = guided(network, torch.arange(PEEK).to(device), settings.gamma)
    return pictures(_walked(settings.seed, PEEK, predict, PEEK_STEPS, device))


def _walked(
    seed: int, count: int, predict: PredictVelocity, steps: int, device: torch.device
) -> Tensor:
    """Digits out of noise, on the CPU."""
    for frame in euler(NoiseSource(seed, count, (1, 28, 28))().to(device), predict, steps):
        samples = frame.x_t
    return samples.cpu()


def _random_times(batch: Batch) -> Tensor:
    """A time in [0, 1) for each picture, (B,)."""
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
    demo = {"num_hiddens": 16, "epochs": 2, "images_per_epoch": 6_000, **_QUICK}
    return {
        "Course": kind(),
        "Laptop": kind.model_validate(laptop),
        "Demo": kind.model_validate(demo),
    }


TIME_RECIPE: Final = Recipe(
    name="flow",
    settings=FlowSettings,
    build=build,
    loss=loss,
    preview=preview,
    presets=_presets(FlowSettings),
    peek=peek,
    shown_epochs=_shown_epochs,
)

CLASS_RECIPE: Final = Recipe(
    name="class-flow",
    settings=ClassFlowSettings,
    build=build_class,
    loss=class_loss,
    preview=class_preview,
    presets=_presets(ClassFlowSettings),
    peek=class_peek,
    shown_epochs=_shown_epochs,
)
