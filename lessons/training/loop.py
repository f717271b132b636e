"""The training loop that every lesson of Part B shares.

A lesson says what is special about it in a `RunRecipe`; everything else is here. The loop is a
generator: whoever runs it owns the pace, the checkpoints and the images.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch import Tensor, nn, optim
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from lessons.diffusion.noise import stream
from lessons.images.captioned import CaptionedImage
from lessons.own_data import parts
from lessons.training.recipe import DigitBatch, Preview, RunRecipe, S, Settings, data_of
from models import checkpoints, mnist
from models.devices import autocast, pick_device

T = TypeVar("T")


@dataclass
class TrainingState:
    """A run in memory: network, optimiser and the number of steps done.

    Everything random follows from the seed and the step number (`noise.stream`), so these three are
    the whole state, and the averaged network where the settings ask for one.
    """

    recipe: RunRecipe[Any]
    settings: Settings
    network: nn.Module
    optimiser: optim.Adam
    device: torch.device
    averaged: AveragedModel | None = None
    step: int = 0

    @classmethod
    def begin(
        cls, recipe: RunRecipe[S], settings: S, device: torch.device | None = None
    ) -> TrainingState:
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

    def preview(self, network: nn.Module | None = None) -> Preview:
        """What the recipe shows of the network as it is now; training mode is put back.

        Args:
            network: another one to look at: a copy of `shown` from before.
        """
        return self._looked_at(self.recipe.preview, network)

    def early_preview(self) -> tuple[CaptionedImage, ...]:
        """A quick look at what the network draws; () if the recipe has none."""
        return self._looked_at(self.recipe.early_preview) if self.recipe.early_preview else ()

    def _looked_at(self, show: Callable[[nn.Module, Any], T], other: nn.Module | None = None) -> T:
        network = (self.shown if other is None else other).eval()
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


def train(training: TrainingState) -> Iterator[Step]:
    """Train from where `training` stands to its last step, and yield after every step.

    Yields:
        `Step`s in order. Stopping early is closing the generator: `training` then holds the state
        after the last step that was yielded.
    """
    settings = training.settings
    digits = parts.load(data_of(settings), "train")
    images = digits.images.to(training.device)
    labels = digits.labels.to(training.device)
    network, optimiser = training.network.train(), training.optimiser
    while training.step < settings.total_steps:
        epoch, position = divmod(training.step, settings.steps_per_epoch)
        for indices in _batches(settings, epoch, len(labels))[position:]:
            chosen = indices.to(training.device)
            batch = DigitBatch(
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


def _batches(settings: Settings, epoch: int, count: int) -> tuple[Tensor, ...]:
    """The epoch's batches of image numbers: a new order every epoch."""
    random = stream(settings.seed, "order", epoch)
    order = parts.order(count, settings.images_per_epoch, random)
    return torch.split(order, settings.batch_size)


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
