"""Train the miniature, in chunks of any length, on one process a core.

Two threads that meet at every layer wait for each other as soon as anything else wants a core; two
processes that meet once a step do not. Each takes every second picture of the batch, their
gradients are averaged, and all take the same step.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn, optim
from torch.multiprocessing.spawn import spawn

from models.checkpoints import (
    load_tensors,
    load_weights,
    restore_training,
    save_tensors,
    strip_prefix,
    training_tensors,
)
from models.devices import Precision, autocast, fast_precision, pick_device
from models.miniature import pictures
from models.miniature.batches import Batch, Batches
from models.miniature.encoder import TextEncoder
from models.miniature.network import MiniatureUNet
from models.miniature.schedule import STEPS, alpha_bars, velocity
from models.miniature.words import ANY_PHOTO, NOUNS, STYLES, captions

T = TypeVar("T")

EVERY: Final = 50
"""Steps between two lines of the log."""

BINS: Final = 10
"""The log tells the loss of so many ranges of noise apart."""


@dataclass(frozen=True)
class Recipe:
    """What a training is made of, besides its pictures."""

    seed: int = 276
    batch: int = 32
    rate: float = 1e-3
    warm_up: int = 300
    averaging: float = 0.999
    clip: float = 1.0


class Training:
    """A network, its running average and its optimiser, one step at a time."""

    def __init__(
        self,
        network: MiniatureUNet,
        recipe: Recipe,
        device: torch.device,
        precision: Precision = "float32",
    ) -> None:
        self.recipe, self.device, self.precision, self.step = recipe, device, precision, 0
        self.network = network.to(device, memory_format=torch.channels_last)
        self.average = {name: p.detach().clone() for name, p in network.named_parameters()}
        self.optimiser = optim.AdamW(
            network.parameters(), lr=recipe.rate, betas=(0.9, 0.99), weight_decay=0.01, fused=True
        )

    def take_step(self, batch: Batch, states: Tensor, brake: float = 1.0) -> Tensor:
        """Learn from one batch.

        Args:
            batch: this process's part of the step's pictures.
            states: their captions' token states.
            brake: factor on the learning rate; a training that ends slows down first.

        Returns:
            (B,) mean squared error of v for each picture, before the step.
        """
        with autocast(self.device, self.precision):
            errors = v_errors(self.network, batch, states, self.device)
        errors.mean().backward()  # type: ignore[no-untyped-call]
        self._share_gradients()
        nn.utils.clip_grad_norm_(self.network.parameters(), self.recipe.clip)
        for group in self.optimiser.param_groups:
            group["lr"] = self.recipe.rate * brake * min(1, (self.step + 1) / self.recipe.warm_up)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        self.step += 1
        self._update_average()
        return errors.detach().cpu()

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
        keep = min(self.recipe.averaging, (self.step + 1) / (self.step + 10))
        ours = [p.detach() for p in self.network.parameters()]
        torch._foreach_lerp_(list(self.average.values()), ours, 1 - keep)

    def save(self, path: Path) -> None:
        """Write everything that going on needs."""
        averages = {f"average.{name}": tensor for name, tensor in self.average.items()}
        tensors = training_tensors(self.network, self.optimiser) | averages
        save_tensors(path, tensors, {"step": str(self.step)})

    def load(self, path: Path) -> None:
        """Go on from what `save` wrote.

        Raises:
            BrokenCheckpoint: the file is missing, damaged or of another network.
        """
        tensors, notes = load_tensors(path)
        restore_training(tensors, self.network, self.optimiser)
        for name, tensor in strip_prefix(tensors, "average.").items():
            self.average[name].copy_(tensor)
        self.step = int(notes["step"])


def v_errors(network: MiniatureUNet, batch: Batch, states: Tensor, device: torch.device) -> Tensor:
    """Mean squared error of v for each picture of a batch, (B,)."""
    alpha_bar_t = alpha_bars()[batch.t][:, None, None, None].float().to(device)
    x_0, eps = batch.x_0.to(device), batch.eps.to(device)
    x_t = (alpha_bar_t.sqrt() * x_0 + (1 - alpha_bar_t).sqrt() * eps).contiguous(
        memory_format=torch.channels_last
    )
    v = network.predict_v(x_t, batch.t.to(device), states.to(device))
    return (v.float() - velocity(x_0, eps, alpha_bar_t)).square().mean((1, 2, 3))


def _as_stored(tensor: Tensor) -> Tensor:
    """A view in the order of memory, which is channels last for a convolution's weights."""
    return tensor.permute(0, 2, 3, 1) if tensor.dim() == 4 else tensor


def averaged(state: Path) -> MiniatureUNet:
    """The network with its running average of weights: what samples best.

    Raises:
        BrokenCheckpoint: nothing was trained here, or the file is damaged.
    """
    weights, _ = load_tensors(state / "averaged.safetensors")
    network: MiniatureUNet = MiniatureUNet()
    load_weights(network, weights)
    return network


class Captions:
    """Token states of every caption that training uses, computed once."""

    def __init__(self, encoder: TextEncoder) -> None:
        words = {c for noun in NOUNS for style in STYLES for c in captions(noun, style)}
        self._states: dict[str, Tensor] = {}
        for some in _chunks(sorted(words | {"", ANY_PHOTO}), 64):
            for caption, states in zip(some, encoder.embed(some), strict=True):
                self._states[caption] = states[(states != 0).any(-1)]

    def states(self, wanted: list[str]) -> Tensor:
        """(B, L, 384), zero rows behind each caption's end."""
        return nn.utils.rnn.pad_sequence([self._states[c] for c in wanted], batch_first=True)


def _chunks(words: list[str], size: int) -> Iterator[list[str]]:
    return (words[i : i + size] for i in range(0, len(words), size))


def run(
    state: Path,
    minutes: float,
    cool_down: float = 0.0,
    processes: int = 1,
    recipe: Recipe = Recipe(),
) -> None:
    """Train for some minutes, from where the last call stopped.

    Args:
        state: folder of the training's own files: pictures.safetensors (see `pictures.prepare`),
            training.safetensors, log.jsonl, and averaged.safetensors, the result so far.
        minutes: how long, by the clock.
        cool_down: the last so many minutes the learning rate falls to zero. That makes the best
            pictures but is no place to go on from, so it touches averaged.safetensors alone.
        processes: one for each core that may be used; 1 on a GPU.
    """
    if processes == 1:
        _train(0, 1, state, minutes, cool_down, recipe, None)
        return
    with tempfile.TemporaryDirectory() as meeting:
        spawn(  # type: ignore[no-untyped-call]
            _train,
            (processes, state, minutes, cool_down, recipe, Path(meeting) / "point"),
            nprocs=processes,
        )


def _train(
    rank: int,
    processes: int,
    state: Path,
    minutes: float,
    cool_down: float,
    recipe: Recipe,
    meeting: Path | None,
) -> None:
    if meeting is not None:
        torch.set_num_threads(1)
        dist.init_process_group("gloo", f"file://{meeting}", rank=rank, world_size=processes)
    captions = Captions(TextEncoder())
    batches = Batches(
        pictures.load(state / "pictures.safetensors", "training"), recipe.seed, recipe.batch
    )
    torch.manual_seed(recipe.seed)
    device = pick_device()
    training = Training(MiniatureUNet(), recipe, device, _agreed(fast_precision(device)))
    if (state / "training.safetensors").exists():
        training.load(state / "training.safetensors")
    log = Log(state, recipe) if rank == 0 else None
    begin = saved = time.monotonic()
    parent = os.getppid()
    while True:
        gone = _agreed((time.monotonic() - begin) / 60)  # so that all stop at the same step
        orphaned = meeting is not None and os.getppid() != parent
        if gone >= minutes or orphaned:
            break
        cooling = minutes - gone < cool_down
        batch = batches.take(training.step, rank, processes)
        brake = (minutes - gone) / cool_down if cooling else 1.0
        errors = training.take_step(batch, captions.states(list(batch.captions)), brake)
        if log:
            log.take(training.step, batch.t, errors)
            if time.monotonic() - saved > 180:
                _save(training, state, cooling)
                log.held_out(training, captions)
                saved = time.monotonic()
    if log:
        _save(training, state, cool_down > 0)
    if meeting is not None:
        dist.destroy_process_group()


def _agreed(opinion: T) -> T:
    """What the first process says: one clock and one arithmetic for all."""
    opinions = [opinion]
    if dist.is_initialized():
        dist.broadcast_object_list(opinions, 0)
    return opinions[0]


def _save(training: Training, state: Path, cooling: bool) -> None:
    if not cooling:
        training.save(state / "training.safetensors")
    save_tensors(state / "averaged.safetensors", training.average, {"step": str(training.step)})


class Log:
    """One line of log.jsonl every 50 steps: loss by range of noise, and speed."""

    def __init__(self, state: Path, recipe: Recipe) -> None:
        self._path, self._recipe = state / "log.jsonl", recipe
        unseen = pictures.load(state / "pictures.safetensors", "held_out")
        self._unseen = Batches(unseen, recipe.seed, 100)
        self._sum, self._count = torch.zeros(BINS), torch.zeros(BINS)
        self._since = time.monotonic()

    def take(self, step: int, t: Tensor, errors: Tensor) -> None:
        """Take in one step's errors of v."""
        bins = t * BINS // STEPS
        self._sum.index_add_(0, bins, errors)
        self._count.index_add_(0, bins, torch.ones_like(errors))
        if step % EVERY == 0:
            self._write(step)

    @torch.no_grad()
    def held_out(self, training: Training, captions: Captions) -> None:
        """Write the errors on pictures that training never sees, the same at every time."""
        batch = self._unseen.take(0)
        with autocast(training.device, training.precision):
            errors = v_errors(
                training.network, batch, captions.states(list(batch.captions)), training.device
            )
        by_bin = torch.zeros(BINS).index_add_(0, batch.t * BINS // STEPS, errors.float().cpu())
        counts = torch.bincount(batch.t * BINS // STEPS, minlength=BINS).clamp(min=1)
        self._append({"step": training.step, "held_out_v_error": _rounded(by_bin / counts)})

    def _write(self, step: int) -> None:
        now = time.monotonic()
        line = {
            "step": step,
            "pictures": step * self._recipe.batch,
            "pictures_per_second": round(EVERY * self._recipe.batch / (now - self._since), 1),
            "v_error": _rounded(self._sum / self._count.clamp(min=1)),
        }
        self._append(line)
        self._sum.zero_(), self._count.zero_()
        self._since = now

    def _append(self, line: dict[str, object]) -> None:
        with self._path.open("a") as file:
            file.write(json.dumps(line) + "\n")


def _rounded(numbers: Tensor) -> list[float]:
    return [round(number, 5) for number in numbers.tolist()]
