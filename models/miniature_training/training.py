"""A network of Pictures in training, one step at a time.

A training has three stages, by images seen: at half the size, where shapes are learned first; at
full size on plain data; then on all of it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch
import torch.distributed as dist
from torch import Tensor, nn, optim

from lessons.diffusion.denoise import v_target
from lessons.diffusion.forward import add_noise
from models.checkpoints import (
    load_tensors,
    restore_training,
    save_tensors,
    strip_prefix,
    training_tensors,
)
from models.devices import Precision, autocast
from models.miniature.unet import PromptUNet
from models.miniature_training.batches import FIRST, LATER, Batch, Stage, halved


@dataclass(frozen=True)
class Recipe:
    """What a training is made of, besides its images.

    Attributes:
        channels, blocks: the network's.
        coarse: images at half the size.
        plain: images, those included, before grounds, mirror, colours and painted styles come in.
        rate: of AdamW, after `warm_up` steps.
        averaging: how much the running average of weights keeps at a step.
    """

    seed: int = 276
    channels: tuple[int, ...] = (128, 224, 320)
    blocks: int = 2
    batch: int = 32
    coarse: int = 50_000
    plain: int = 250_000
    rate: float = 1e-3
    warm_up: int = 300
    averaging: float = 0.999
    clip: float = 1.0


USUAL: Final = Recipe()
"""What is taken where nothing else is asked for."""


class Training:
    """A network, its running average and its optimiser, one step at a time."""

    def __init__(self, recipe: Recipe, device: torch.device, precision: Precision) -> None:
        self.recipe, self.device, self.precision = recipe, device, precision
        self.step = self.begun = 0
        torch.manual_seed(recipe.seed)
        self._use(self._build(coarse=recipe.coarse > 0))

    @property
    def coarse(self) -> bool:
        """Whether it is still at half the size."""
        return bool(self.network.fold == 2)

    @property
    def images(self) -> int:
        """Images seen."""
        return self.step * self.recipe.batch

    @property
    def stage(self) -> Stage:
        """How varied the data is by now."""
        return FIRST if self.images < self.recipe.plain else LATER

    def fit(self, images: Tensor, vectors: Tensor) -> None:
        """Measure what is not learned: colours, spectrum, the captions' spread.

        Args:
            images: clean images, (N, 3, 64, 64).
            vectors: pooled captions, (N, 384).
        """
        self.network.fit_images(halved(images) if self.coarse else images)
        self.network.fit_text(vectors)

    def begin_with(self, network: PromptUNet) -> None:
        """Go on from weights alone, at full size, with a fresh optimiser.

        Args:
            network: as `shards.read` or the box gives it; it becomes this training's own.
        """
        self._use(network.train().requires_grad_(True))

    def grow(self, images: Tensor) -> None:
        """Go on at full size with what was learned at half of it."""
        large = self._build(coarse=False).to(self.device)
        self.network.load_state_dict(self.network.state_dict() | self.average)
        large.grow_from(self.network)
        large.fit_images(images)
        self.begun = self.step
        self._use(large)

    def take_step(self, batch: Batch, brake: float = 1.0) -> Tensor:
        """Learn from one batch.

        Args:
            batch: this process's part of the step's images.
            brake: factor on the learning rate; a training that ends slows down first.

        Returns:
            (B,) mean squared error of v for each image, before the step, on the device.
        """
        errors, loss = self.errors(batch)
        loss.backward()  # type: ignore[no-untyped-call]
        self._share_gradients()
        nn.utils.clip_grad_norm_(self.network.parameters(), self.recipe.clip)
        warm = min(1, (self.step - self.begun + 1) / self.recipe.warm_up)
        for group in self.optimiser.param_groups:
            group["lr"] = self.recipe.rate * brake * warm
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        self.step += 1
        self._update_average()
        return errors.detach()

    def errors(self, batch: Batch) -> tuple[Tensor, Tensor]:
        r"""How far the network is off.

        $$
        L = \left\| F_\theta - \frac{v - v_{lin}}{c_t} \right\|^2
        $$

        Returns:
            The mean squared error of v of each image, (B,), and the loss: that of the UNet's own
            part, whose size is the same at every noise level.
        """
        network = self.network
        x_0, eps = batch.x_0, batch.eps
        if self.coarse:  # the mean of four unit noises has half their size
            x_0, eps = halved(x_0), 2 * halved(eps)
        alpha_bar_t = network.alpha_bar[batch.t][:, None, None, None]
        x_t, v = add_noise(x_0, alpha_bar_t, eps), v_target(x_0, eps, alpha_bar_t)
        v_linear, x_linear = network.linear_v(x_t, batch.t)
        with autocast(self.device, self.precision):
            found = network.correction(x_t, x_linear, batch.t, batch.states)
        scale = network.residual[batch.t]
        wanted = (v - v_linear) / scale[:, None, None, None]
        each = (found - wanted).square().mean((1, 2, 3))
        return each * scale.square(), each.mean()

    def save(self, path: Path) -> None:
        """Write everything that going on needs."""
        averages = {f"average.{name}": tensor for name, tensor in self.average.items()}
        tensors = training_tensors(self.network, self.optimiser) | averages
        notes = {"step": self.step, "begun": self.begun, "coarse": self.coarse}
        save_tensors(path, tensors, {name: json.dumps(value) for name, value in notes.items()})

    def load(self, path: Path) -> None:
        """Go on from what `save` wrote.

        Raises:
            BrokenCheckpoint: the file is missing, damaged or of another network.
        """
        tensors, notes = load_tensors(path)
        if self.coarse and not json.loads(notes["coarse"]):
            self._use(self._build(coarse=False))
        restore_training(tensors, self.network, self.optimiser)
        for name, tensor in strip_prefix(tensors, "average.").items():
            self.average[name].copy_(tensor)
        self.step, self.begun = json.loads(notes["step"]), json.loads(notes["begun"])

    def averaged(self) -> dict[str, Tensor]:
        """The network's state with its running average of weights: what samples best."""
        return dict(self.network.state_dict()) | self.average

    def _build(self, coarse: bool) -> PromptUNet:
        recipe = self.recipe
        side, size = (2, 32) if coarse else (4, 64)
        grown = recipe.coarse > 0 and not coarse
        attends = tuple(level > 0 for level in range(len(recipe.channels)))
        return PromptUNet(recipe.channels, recipe.blocks, attends, side, size, grown)

    def _use(self, network: PromptUNet) -> None:
        self.network = network.to(self.device).to(memory_format=torch.channels_last)
        if self.device.type == "cuda" and self.network.trunk._compiled_call_impl is None:
            self.network.trunk.compile()
        self.average = {name: p.detach().clone() for name, p in network.named_parameters()}
        self.optimiser = optim.AdamW(
            network.parameters(),
            lr=self.recipe.rate,
            betas=(0.9, 0.99),
            weight_decay=0.01,
            fused=True,
        )

    def _share_gradients(self) -> None:
        if not dist.is_initialized():
            return
        gradients = [_as_stored(p.grad) for p in self.network.parameters() if p.grad is not None]
        flat = torch.cat([g.flatten() for g in gradients])
        dist.all_reduce(flat)
        flat /= dist.get_world_size()
        parts = torch.split(flat, [g.numel() for g in gradients])
        for gradient, part in zip(gradients, parts, strict=True):
            gradient.copy_(part.view_as(gradient))

    @torch.no_grad()
    def _update_average(self) -> None:
        since = self.step - self.begun
        keep = min(self.recipe.averaging, (since + 1) / (since + 10))
        ours = [p.detach() for p in self.network.parameters()]
        torch._foreach_lerp_(list(self.average.values()), ours, 1 - keep)


def _as_stored(tensor: Tensor) -> Tensor:
    """A view in the order of memory, which is channels last for a convolution's weights."""
    return tensor.permute(0, 2, 3, 1) if tensor.dim() == 4 else tensor
