"""B2.2 · Train one network for every noise level, and sample from it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Final, TypeVar

import torch
from pydantic import Field
from torch import Tensor, nn

from lessons.diffusion.denoise import PredictNoise
from lessons.diffusion.forward import add_noise
from lessons.diffusion.noise import NoiseSource
from lessons.diffusion.posterior import step_variance
from lessons.diffusion.samplers import Frame, Sampler, ddpm, sampling_trajectory
from lessons.diffusion.schedules import CLEAN, ddpm_schedule, spread
from lessons.images.captioned import CaptionedImage
from lessons.measure.sample_quality import preview_numbers
from lessons.own_data.names import MNIST
from lessons.own_data.parts import shown
from lessons.training.previews import ROW, SAMPLES, TEST_DIGITS, images, noise_like
from lessons.training.recipe import DataSettings, DigitBatch, Preview, RunRecipe, Settings
from models.mnist import unit_range
from models.unet import TimeConditionalUNet

STEPS: Final = 300
"""T: timesteps 1 to T stand for the indices 0 to T − 1 of the schedule."""

ALPHA_BARS: Final = ddpm_schedule(1e-4, 0.02, STEPS).alpha_bars
COURSE_SAMPLER: Final = ddpm(step_variance)
"""The course's rule: every step adds noise of variance β."""

SHOWN_EPOCHS: Final = (1, 5, 10, 20)
EARLY_PREVIEW_STEPS: Final = 25


class DDPMSettings(DataSettings):
    """Settings of a DDPM; the defaults are the course's."""

    epochs: int = Field(20, ge=1, le=40, title="Epochs")
    decay: float = Field(0.1, ge=0.01, le=1.0, title="Learning-rate factor at the end")
    sample_steps: int = Field(STEPS, ge=1, le=STEPS, title="Steps of the samples shown")
    younger: ClassVar[tuple[str, ...]] = ("sample_steps",)


D = TypeVar("D", bound=DDPMSettings)


def noise_loss(eps_hat: Tensor, eps: Tensor) -> Tensor:
    r"""Train the network to predict the noise in the image, not the image.

    $$
    L = \mathbb{E}_{x_0, \epsilon, t} \, \lVert \epsilon_\theta(x_t, t) - \epsilon \rVert^2
    $$

    An output of 0 has a loss of 1, since the noise has unit variance.

    Source: Ho et al. 2020 (arXiv:2006.11239), eq. 14.

    Args:
        eps_hat: the network's answer, (B, 1, 28, 28).
        eps: the noise that was added, shape of `eps_hat`.

    Returns:
        The mean squared error, a scalar.

    Raises:
        ValueError: the shapes differ.
    """
    if eps_hat.shape != eps.shape:
        raise ValueError(f"eps_hat is {tuple(eps_hat.shape)} but eps is {tuple(eps.shape)}")
    return (eps_hat.float() - eps).square().mean()


def normalised(index: Tensor) -> Tensor:
    """Scale the timestep to the network's input: $t / T$ with $t$ from 1 to $T$.

    Two small fully connected networks turn this number into one value for each feature map, which
    is added to all pixels of the map: at 7×7, and at 14×14 in the decoder.

    Args:
        index: (B,) int64, 0 to T − 1.

    Returns:
        (B,) float32 in (0, 1].
    """
    return (index + 1).float() / STEPS


def noisy(x_0: Tensor, index: Tensor, eps: Tensor) -> Tensor:
    """Noise each image to its own level: `add_noise` with ᾱ looked up, (B, 1, 28, 28)."""
    alpha_bar_t = ALPHA_BARS[index.cpu()].float().view(-1, 1, 1, 1).to(x_0.device)
    return add_noise(x_0, alpha_bar_t, eps)


def loss(network: nn.Module, batch: DigitBatch, _: Settings) -> Tensor:
    """One training step's loss: each image at a timestep of its own."""
    index = random_timesteps(batch)
    eps = batch.noise()
    eps_hat = network(noisy(batch.images, index, eps), normalised(index))
    return noise_loss(eps_hat, eps)


def random_timesteps(batch: DigitBatch) -> Tensor:
    """An index into the schedule for each image, all alike likely, (B,) int64."""
    drawn = torch.randint(0, STEPS, (len(batch.images),), generator=batch.random)
    return drawn.to(batch.images.device)


def predictor(network: nn.Module) -> PredictNoise:
    """The network as the sampling loop wants it: (x_t, index) → eps."""

    def predict(x_t: Tensor, t: int) -> Tensor:
        index = torch.full((len(x_t),), t, device=x_t.device)
        eps: Tensor = network(x_t, normalised(index)).float()
        return eps

    return predict


def sample(
    predict_noise: PredictNoise,
    seed: int,
    count: int,
    device: torch.device,
    steps: int = STEPS,
    sampler: Sampler = COURSE_SAMPLER,
) -> Iterator[Frame]:
    """Sample digits from pure noise, one small step after the other.

    Args:
        predict_noise: (x_t, index) → eps; its network in eval mode.
        seed: image i is the same for any `count`.
        count: how many digits.
        device: where the network is.
        steps: how many, 1 to STEPS; fewer ones are longer.
        sampler: how a step is taken.

    Yields:
        A `Frame` a step; the last is clean.
    """
    source = NoiseSource(seed, count, (1, 28, 28))
    yield from sampling_trajectory(
        source().to(device),
        timesteps(steps),
        ALPHA_BARS,
        predict_noise,
        lambda: source().to(device),
        sampler,
    )


def timesteps(steps: int) -> tuple[int, ...]:
    """Indices of a trajectory in so many steps, 1 to STEPS, from the noisiest to CLEAN."""
    return (*spread(STEPS, steps), CLEAN)


def last(frames: Iterator[Frame]) -> Tensor:
    """The images of the last frame, on the CPU."""
    for frame in frames:
        final = frame
    return final.x_t.cpu()


def build(settings: Settings) -> nn.Module:
    """A fresh `TimeConditionalUNet` of the chosen width."""
    return TimeConditionalUNet(in_channels=1, num_classes=10, num_hiddens=settings.num_hiddens)


def preview(network: nn.Module, settings: DDPMSettings) -> Preview:
    """Forty samples, and the loss over the first 1,000 test digits at evenly spread timesteps."""
    device = next(network.parameters()).device
    predict = predictor(network)
    samples = last(sample(predict, settings.seed, SAMPLES, device, settings.sample_steps))
    index, eps, x_0 = evaluation_case(settings)
    eps_hat = predict_in_parts(network, noisy(x_0, index, eps), normalised(index), device)
    return Preview(
        rows=tuple(images(row) for row in torch.split(samples, 10)),
        numbers={"test_loss": float(noise_loss(eps_hat, eps)), **sample_numbers(settings, samples)},
    )


def early_preview(network: nn.Module, settings: DDPMSettings) -> tuple[CaptionedImage, ...]:
    """Ten samples in few steps."""
    device = next(network.parameters()).device
    return images(last(sample(predictor(network), settings.seed, ROW, device, EARLY_PREVIEW_STEPS)))


def evaluation_case(settings: DDPMSettings) -> tuple[Tensor, Tensor, Tensor]:
    """Timesteps, noise and clean images of the test loss, the same after every epoch."""
    x_0 = unit_range(shown(settings.data, TEST_DIGITS).images)
    index = torch.arange(len(x_0)) % STEPS
    return index, noise_like(x_0, settings.seed), x_0


def sample_numbers(
    settings: DataSettings, samples: Tensor, labels: Tensor | None = None
) -> dict[str, float]:
    """`preview_numbers` where the samples shall be MNIST's digits: the classifier knows no others.

    Args:
        settings: of the run that samples.
        samples: (B, 1, 28, 28).
        labels: the digits requested, (B,), if any were.
    """
    return preview_numbers(samples, labels) if settings.data == MNIST else {}


def predict_in_parts(network: nn.Module, x: Tensor, t: Tensor, device: torch.device) -> Tensor:
    """The network's answers for many images, 250 at a time, on the CPU."""
    parts = zip(torch.split(x, 250), torch.split(t, 250), strict=True)
    return torch.cat([network(x.to(device), t.to(device)).float().cpu() for x, t in parts])


def presets(kind: type[D]) -> dict[str, D]:
    """The course's settings, and quicker ones for a class that waits, with averaged weights."""
    quick = {
        "batch_size": 64,
        "images_per_epoch": 10_000,
        "learning_rate": 5e-3,
        "decay": 0.01,
        "schedule": "linear",
        "ema": 0.995,
        "sample_steps": 50,
    }
    # What it ends with, `python -m benchmarks.demos` measures. In batches of 32 the same images
    # make twice as many steps; without classes it takes more of them.
    demo = {"num_hiddens": 16, "epochs": 4, **quick, "batch_size": 32, "images_per_epoch": 20_000}
    if "gamma" in kind.model_fields:
        demo["epochs"] = 3
    return {
        "Course": kind(),
        "Laptop": kind.model_validate({"num_hiddens": 24, "epochs": 6, **quick}),
        "Demo": kind.model_validate(demo),
    }


RECIPE: Final = RunRecipe(
    name="ddpm",
    settings=DDPMSettings,
    build=build,
    loss=loss,
    preview=preview,
    presets=presets(DDPMSettings),
    early_preview=early_preview,
    shown_epochs=lambda settings: SHOWN_EPOCHS if settings.epochs > 10 else range(41),
)
