"""Weights in half precision, in several files that are small enough to be carried about."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import torch
from torch import Tensor

from models.checkpoints import BrokenCheckpoint, load_tensors, save_tensors
from models.miniature.unet import PromptUNet

LARGEST: Final = 14_000_000
"""Bytes of a file."""

WHOLE: Final = ("linear.", "residual", "text_mean", "text_whitening")
"""What was measured keeps its precision."""


def write(state: Path, folder: Path) -> None:
    """Write the averaged weights of a training.

    Args:
        state: the training's folder.
        folder: gets pictures-0.safetensors and so on.

    Raises:
        BrokenCheckpoint: nothing was trained there.
    """
    tensors, notes = load_tensors(state / "averaged.safetensors")
    folder.mkdir(parents=True, exist_ok=True)
    shards: list[dict[str, Tensor]] = [{}]
    size = 0
    for name, tensor in tensors.items():
        small = tensor if name.startswith(WHOLE) else tensor.half()
        size += small.numel() * small.element_size()
        if size > LARGEST:
            shards.append({})
            size = small.numel() * small.element_size()
        shards[-1][name] = small
    for number, shard in enumerate(shards):
        save_tensors(folder / f"pictures-{number}.safetensors", shard, notes)


def read(folder: Path) -> PromptUNet:
    """The network whose weights `write` put into a folder.

    Raises:
        BrokenCheckpoint: a file is missing or damaged.
    """
    tensors: dict[str, Tensor] = {}
    notes: dict[str, str] = {}
    for path in sorted(folder.glob("pictures-*.safetensors")):
        part, notes = load_tensors(path)
        tensors |= part
    if not tensors:
        raise BrokenCheckpoint(f"no weights in {folder}")
    network = PromptUNet(**json.loads(notes["network"]))
    network.load_state_dict({name: t.to(torch.float32) for name, t in tensors.items()})
    return network
