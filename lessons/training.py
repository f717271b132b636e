"""The training loop that every lesson of Part B shares.

A lesson says what is special about it in a `Recipe` (which network, which loss, what to show after
an epoch); everything else is here. The loop is a generator: whoever runs it owns the pace, the
checkpoints and the pictures.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Generic, Literal, TypeVar

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn, optim
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from lessons.picture import Picture
from models import checkpoints, mnist
from models.devices import Precision, autocast, pick_device
from models.randomness import stream

S = TypeVar("S", bound="Settings")
T = TypeVar("T")
Width = Annotated[int, Field(ge=8, le=128, multiple_of=8)]


class Settings(BaseModel):
    """What a run is. Two runs with equal settings are the same run, to the last bit on a CPU."""

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
        for name in self.younger:
            if content[name] == type(self).model_fields[name].default:
                del content[name]
        text = json.dumps(content, sort_keys=True) + origin
        return hashlib.sha256(text.encode()).hexdigest()[:10]


@dataclass(frozen=True)
class Batch:
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
        rows: rows of pictures of one size, kept as one PNG.
        numbers: what was measured, by name.
    """

    rows: tuple[tuple[Picture, ...], ...]
    numbers: Mapping[str, float]


@dataclass(frozen=True)
class Recipe(Generic[S]):
    """What is special about one kind of training run.

    Attributes:
        name: how folders and links call it, a–z and hyphens.
        settings: the class of its settings.
        build: settings → a fresh network.
        loss: (network, batch, settings) → scalar loss.
        preview: (network in eval mode, settings) → what to show.
        presets: settings by name.
        peek: (network in eval mode, settings) → a few pictures, quickly made, if that says
            something: what a run shows while it trains.
        shown_epochs: settings → the epochs worth a preview, the last always is; all of them if
            None.
    """

    name: str
    settings: type[S]
    build: Callable[[S], nn.Module]
    loss: Callable[[nn.Module, Batch, S], Tensor]
    preview: Callable[[nn.Module, S], Preview]
    presets: Mapping[str, S] = field(default_factory=dict)
    peek: Callable[[nn.Module, S], tuple[Picture, ...]] | None = None
    shown_epochs: Callable[[S], Collection[int]] | None = None

    def shows(self, epoch: int, settings: S) -> bool:
        """Whether there is a preview after this epoch; 0 is before training."""
        if self.shown_epochs is None or epoch == settings.epochs:
            return True
        return epoch in self.shown_epochs(settings)


@dataclass
class Training:
    """A run in memory: network, optimiser and the number of steps done.

    Everything random follows from the seed and the step number (`models.randomness.stream`), so
    these three are the whole state, and the averaged network where the settings ask for one.
    """

    recipe: Recipe[Any]
    settings: Settings
    network: nn.Module
    optimiser: optim.Adam
    device: torch.device
    averaged: AveragedModel | None = None
    step: int = 0

    @classmethod
    def begin(cls, recipe: Recipe[S], settings: S, device: torch.device | None = None) -> Training:
        """Set up a run at step 0, on `device` or the fastest one."""
        device = device or pick_device()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(int(stream(settings.seed, "weights").initial_seed()))
            network = recipe.build(settings)
        network = network.to(device).to(memory_format=torch.channels_last)
        optimiser = optim.Adam(network.parameters(), settings.learning_rate, fused=True)
        averaged = _averaged(network, settings.ema) if settings.ema else None
        return cls(recipe, settings, network, optimiser, device, averaged)

    @property
    def shown(self) -> nn.Module:
        """The network to sample with: the averaged one where there is one."""
        return self.network if self.averaged is None else self.averaged.module

    def tensors(self) -> dict[str, Tensor]:
        """The state as named tensors, for a checkpoint."""
        tensors = checkpoints.training_tensors(self.network, self.optimiser)
        if self.averaged is not None:
            averaged = self.averaged.state_dict().items()
            tensors |= {f"averaged.{name}": tensor for name, tensor in averaged}
        return tensors

    def restore(self, tensors: Mapping[str, Tensor], step: int) -> None:
        """Go back to a checkpoint made after `step` steps.

        Raises:
            BrokenCheckpoint: the tensors belong to another network.
        """
        checkpoints.restore_training(tensors, self.network, self.optimiser)
        if self.averaged is not None:
            averaged = checkpoints.strip_prefix(tensors, "averaged.")
            checkpoints.load_weights(self.averaged, averaged)
        self.step = step

    def adopt(self, weights: Mapping[str, Tensor]) -> None:
        """Begin with the weights of another run; the optimiser's memory stays empty.

        Raises:
            BrokenCheckpoint: the weights belong to another network.
        """
        whole = {name: t.float() if t.is_floating_point() else t for name, t in weights.items()}
        for network in (self.network, self.shown):
            checkpoints.load_weights(network, whole)

    def preview(self) -> Preview:
        """What the recipe shows of the network as it is now; training mode is put back."""
        return self._looked_at(self.recipe.preview)

    def peek(self) -> tuple[Picture, ...]:
        """A quick look at what the network draws; () if the recipe has none."""
        return self._looked_at(self.recipe.peek) if self.recipe.peek else ()

    def _looked_at(self, show: Callable[[nn.Module, Any], T]) -> T:
        network = self.shown.eval()
        try:
            # Not inference_mode: what a recipe keeps from here (test digits) may be trained on.
            with torch.no_grad(), autocast(self.device, self.settings.precision):
                return show(network, self.settings)
        finally:
            network.train()


@dataclass(frozen=True)
class Step:
    """One optimiser step.

    Attributes:
        step: its number, the first is 1.
        epoch: finished epochs, a fraction in between.
        images: images seen so far.
        loss: the batch's loss, a scalar still on the device (reading it waits for a GPU).
        ends_epoch: whether it was the last step of an epoch.
    """

    step: int
    epoch: float
    images: int
    loss: Tensor
    ends_epoch: bool


def train(training: Training) -> Iterator[Step]:
    """Train from where `training` stands to its last step, and yield after every step.

    Yields:
        `Step`s in order. Stopping early is closing the generator: `training` then holds the state
        after the last step that was yielded.
    """
    settings = training.settings
    digits = mnist.load("train")
    images = digits.images.to(training.device)
    labels = digits.labels.to(training.device)
    network, optimiser = training.network.train(), training.optimiser
    while training.step < settings.total_steps:
        epoch, position = divmod(training.step, settings.steps_per_epoch)
        for indices in _batches(settings, epoch)[position:]:
            chosen = indices.to(training.device)
            batch = Batch(
                images=_channels_last(mnist.unit_range(images[chosen])),
                labels=labels[chosen],
                random=stream(settings.seed, "step", training.step),
            )
            set_learning_rate(optimiser, learning_rate(settings, training.step))
            with autocast(training.device, settings.precision):
                loss = training.recipe.loss(network, batch, settings)
            optimiser.zero_grad(set_to_none=True)
            torch.autograd.backward(loss)
            optimiser.step()
            if training.averaged is not None:
                training.averaged.update_parameters(network)
            training.step += 1
            yield Step(
                step=training.step,
                epoch=training.step / settings.steps_per_epoch,
                images=settings.images_after(training.step),
                loss=loss.detach(),
                ends_epoch=training.step % settings.steps_per_epoch == 0,
            )


def learning_rate(settings: Settings, step: int) -> float:
    r"""Shrink the learning rate to a share $d$ of the first one.

    $$
    \eta_k = \eta_0 \, d^{\,e / E} \quad \text{(by epoch)},
    \qquad \eta_k = \eta_0 \left(1 - (1 - d) \frac{k}{K}\right) \quad \text{(linear)}
    $$

    By epoch it stays the same within each of the $E$ epochs, as the course has it: with $d = 0.1$
    the factor from one epoch to the next is $0.1^{1/E}$.

    Args:
        settings: holds the first rate, $d$ and the schedule.
        step: steps done, $k$ of $K$; $e$ is the number of epochs that they complete.
    """
    if settings.schedule == "linear":
        share = 1 - (1 - settings.decay) * step / settings.total_steps
    else:
        share = settings.decay ** (step // settings.steps_per_epoch / settings.epochs)
    return settings.learning_rate * share


def set_learning_rate(optimiser: optim.Optimizer, rate: float) -> None:
    """Let the optimiser take steps of another size from now on."""
    for group in optimiser.param_groups:
        group["lr"] = rate


def _batches(settings: Settings, epoch: int) -> tuple[Tensor, ...]:
    """The epoch's batches of picture numbers: a new order every epoch, no picture twice in one."""
    order = torch.randperm(60_000, generator=stream(settings.seed, "order", epoch))
    return torch.split(order[: settings.images_per_epoch], settings.batch_size)


def _averaged(network: nn.Module, ema: float) -> AveragedModel:
    """A copy that follows the network slowly: weights and BatchNorm statistics, averaged."""

    def follow(averaged: Any, current: Any, count: Any) -> None:
        # Young averages follow faster, or the random start would stay in a short run.
        decay = min(ema, (1 + int(count)) / (10 + int(count)))
        get_ema_multi_avg_fn(decay)(averaged, current, count)  # type: ignore[no-untyped-call]

    return AveragedModel(network, multi_avg_fn=follow, use_buffers=True)


def _channels_last(images: Tensor) -> Tensor:
    """Colours of one pixel side by side in memory, which convolutions read faster."""
    return images.contiguous(memory_format=torch.channels_last)
