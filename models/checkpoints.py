"""Weights and training state on disk: safetensors only, written whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn, optim

from models.atomic import write_atomically


class BrokenCheckpoint(Exception):
    """A checkpoint can't be read; the message says which file and why."""


def save_tensors(path: Path, tensors: Mapping[str, Tensor], notes: Mapping[str, str]) -> None:
    """Write named tensors and short notes atomically.

    Raises:
        OSError: the disk refused (full, read-only); what was there before is whole.
    """
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}

    def write(part: Path) -> None:
        try:
            save_file(plain, part, metadata=dict(notes))
        except SafetensorError as error:  # it wraps the system's own error in its own class
            raise OSError(str(error)) from error

    write_atomically(path, write)


def load_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Read back what `save_tensors` wrote.

    Raises:
        BrokenCheckpoint: the file is missing, cut off or no safetensors file.
    """
    try:
        with safe_open(path, framework="pt") as file:
            names = list(file.keys())
            return {name: file.get_tensor(name) for name in names}, file.metadata() or {}
    except (OSError, SafetensorError) as error:
        raise BrokenCheckpoint(f"{path.name} can't be read: {error}") from error


def training_tensors(network: nn.Module, optimiser: optim.Optimizer) -> dict[str, Tensor]:
    """All that training needs to go on: weights, BatchNorm statistics, the optimiser's memory."""
    tensors = {f"network.{name}": tensor for name, tensor in network.state_dict().items()}
    for index, parameter in enumerate(network.parameters()):
        for key, value in optimiser.state[parameter].items():
            tensors[f"optimiser.{index}.{key}"] = value
    return tensors


def restore_training(
    tensors: Mapping[str, Tensor], network: nn.Module, optimiser: optim.Optimizer
) -> None:
    """Put `training_tensors` back, bit for bit.

    Raises:
        BrokenCheckpoint: the tensors belong to another network.
    """
    load_weights(network, strip_prefix(tensors, "network."))
    for index, parameter in enumerate(network.parameters()):
        memory = strip_prefix(tensors, f"optimiser.{index}.")
        optimiser.state[parameter] = {key: _like(parameter, t) for key, t in memory.items()}


def load_weights(network: nn.Module, weights: Mapping[str, Tensor]) -> None:
    """Fill a network with weights.

    Raises:
        BrokenCheckpoint: names or shapes don't fit.
    """
    try:
        network.load_state_dict(dict(weights))
    except RuntimeError as error:
        reason = str(error).splitlines()[-1].strip()
        raise BrokenCheckpoint(f"these weights belong to another network: {reason}") from error


def strip_prefix(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The entries whose names begin with `prefix`, without it."""
    return {name[len(prefix) :]: t for name, t in tensors.items() if name.startswith(prefix)}


def halved(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights for shipping: floats as float16, counters as they are."""
    return {name: t.half() if t.is_floating_point() else t for name, t in weights.items()}


SCALE: Final = ".scale"
"""Ends the name of what the whole numbers of another tensor are multiplied by."""


def in_eight_bits(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights for shipping at half the size of float16: kernels and matrices in whole numbers.

    Each output (a row, or a kernel's first axis) has a scale of its own, so that its largest weight
    is 127; biases and the like are float16.
    """
    small = halved({name: t for name, t in weights.items() if t.dim() < 2})
    for name, weight in weights.items():
        if weight.dim() >= 2:
            rows = weight.float().flatten(1)
            scale = (rows.abs().amax(1) / 127).clamp(min=1e-12)
            small[name] = (rows / scale[:, None]).round().to(torch.int8).view_as(weight)
            small[name + SCALE] = scale
    return small


def from_eight_bits(small: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Undo `in_eight_bits`, but for what was rounded away; other tensors stay as they are.

    Raises:
        BrokenCheckpoint: a scale doesn't fit its weights.
    """
    weights = {name: t for name, t in small.items() if not name.endswith(SCALE)}
    for name, scale in small.items():
        if name.endswith(SCALE):
            rows = weights.get(name.removesuffix(SCALE), torch.empty(0, 0))
            if rows.dim() < 2 or scale.shape != rows.shape[:1]:
                raise BrokenCheckpoint(f"{name} has no weights that it fits")
            weights[name.removesuffix(SCALE)] = rows * scale.view(-1, *[1] * (rows.dim() - 1))
    return weights


def _like(parameter: Tensor, stored: Tensor) -> Tensor:
    """A stored tensor on the parameter's device and in its memory layout."""
    if stored.shape != parameter.shape:
        return stored.to(parameter.device, copy=True)  # Adam's step counter
    return torch.empty_like(parameter).copy_(stored)
