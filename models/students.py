"""Students of the flow matching network, which sample in one step: weights that ship."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path
from typing import Final

from torch import nn

from models import checkpoints
from models.atomic import stamp
from models.unet import ClassConditionalUNet

FOLDER: Final = Path(__file__).parent / "one_step"
NAMES: Final = ("rectified", "distilled")


def load(name: str) -> ClassConditionalUNet:
    """A student in eval mode on the CPU, in full precision. Shared: never change it.

    Args:
        name: one of NAMES.

    Raises:
        ValueError: there is no such student, or its weights are missing or damaged.
    """
    if name not in NAMES:
        raise ValueError(f"there is no student {name!r}, only {' and '.join(NAMES)}")
    try:
        return _load(name)
    except checkpoints.BrokenCheckpoint as error:
        raise ValueError(f"the {name} student is damaged: {error}") from error


def keep(name: str, network: nn.Module) -> None:
    """Ship a student: its weights in float16.

    Raises:
        OSError: the disk refused.
    """
    FOLDER.mkdir(exist_ok=True)
    checkpoints.save_tensors(_file(name), checkpoints.halved(network.state_dict()), {})


def weights_hash() -> str:
    """Twelve hexadecimal digits that change with the weights of any student; "" without them."""
    try:
        return _digest(tuple(stamp(_file(name)) for name in NAMES))
    except OSError:
        return ""


def _file(name: str) -> Path:
    return FOLDER / f"{name}.safetensors"


@functools.lru_cache(maxsize=4)
def _digest(written: object) -> str:  # noqa: ARG001 - new weights, new entry
    content = b"".join(_file(name).read_bytes() for name in NAMES)
    return hashlib.sha256(content).hexdigest()[:12]


@functools.cache
def _load(name: str) -> ClassConditionalUNet:
    weights, _ = checkpoints.load_tensors(_file(name))
    full = {key: w.float() if w.is_floating_point() else w for key, w in weights.items()}
    if "out.weight" not in full:
        raise checkpoints.BrokenCheckpoint(f"{name} has no last layer")
    network = ClassConditionalUNet(1, 10, full["out.weight"].shape[1])
    checkpoints.load_weights(network, full)
    return network.eval().requires_grad_(False)
