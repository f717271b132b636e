"""Networks that finished training, loaded once and shared by all readers."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path

from torch import Tensor, nn

from lessons.training.recipe import Settings
from lessons.training.runs import files
from lessons.training.runs.recipes import read_settings, recipe
from models import checkpoints
from models.atomic import stamp


def load_network(run_id: str) -> nn.Module:
    """The network of a finished run, in eval mode on the CPU. Shared: never change it.

    Raises:
        ValueError: no such run, not finished, or its files are damaged; the message says which.
    """
    which = weights_hash(run_id)
    if not which:
        raise ValueError(f"The run {run_id} has no finished weights (yet).")
    try:
        return _load(run_id, which)
    except (files.DamagedRun, checkpoints.BrokenCheckpoint) as error:
        raise ValueError(f"The run {run_id} is damaged: {error}") from error


def weights_hash(run_id: str) -> str:
    """Twelve hexadecimal digits that change with a run's weights; "" if there are none.

    Results are remembered by what they depend on: a run that was deleted and trained again has its
    old name and other weights.
    """
    path = files.folder_of(run_id) / "weights.safetensors"
    try:
        return _digest(path, stamp(path))
    except OSError:
        return ""


def settings_of(run_id: str) -> Settings:
    """The settings of a run; raises as `kind_of`."""
    return kind_of(run_id)[1]


def kind_of(run_id: str) -> tuple[str, Settings]:
    """Which recipe a run trains, and its settings.

    Raises:
        ValueError: no such run, or its settings are damaged.
    """
    try:
        return read_settings(files.folder_of(run_id))
    except files.DamagedRun as error:
        raise ValueError(f"The run {run_id} is damaged: {error}") from error


@functools.lru_cache(maxsize=256)
def _digest(path: Path, written: object) -> str:  # noqa: ARG001 - new weights, new entry
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


@functools.lru_cache(maxsize=6)
def _load(run_id: str, which: str) -> nn.Module:  # noqa: ARG001 - new weights, new entry
    folder = files.folder_of(run_id)
    name, settings = read_settings(folder)
    network = recipe(name).build(settings)
    weights, _ = checkpoints.load_tensors(folder / "weights.safetensors")
    checkpoints.load_weights(network, _full_precision(weights))
    return network.eval().requires_grad_(False)


def _full_precision(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Shipped weights are float16; calculations are float32."""
    return {name: t.float() if t.is_floating_point() else t for name, t in weights.items()}
