"""Short trainings in this process, kept as what the training doctor reads of a run."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from lessons.training.doctor import TrainingRecord
from lessons.training.health.probe import RunProbe, due
from lessons.training.loop import TrainingState, train
from lessons.training.runs.recipes import read_settings, recipe
from lessons.training.runs.threads import fixed_threads
from models import checkpoints

Change = Callable[[TrainingState], None]
"""Changes a training before its first step."""


def record(
    name: str, settings: Mapping[str, Any], inside: Change | None = None, data: Change | None = None
) -> TrainingRecord:
    """Train on the CPU to the end and keep the loss of every step and all probes.

    Args:
        name: the recipe.
        settings: what is not the recipe's default.
        inside: plants a fault into network, loss or optimiser.
        data: plants a fault into the batches, as the probe too gets them.
    """
    found = recipe(name)
    images, losses, probes = [], [], []
    with fixed_threads(1):
        chosen = found.settings.model_validate(dict(settings))
        training = TrainingState.begin(found, chosen, torch.device("cpu"))
        if inside:
            inside(training)
        probe = RunProbe(training)
        if data:
            data(training)
        for step in train(training):
            images.append(step.images)
            losses.append(float(f"{float(step.loss):.4g}"))
            if due(chosen, step.step):
                probes.append(probe.read(step.step))
    return TrainingRecord(name, chosen.model_dump(), images, losses, probes)


def shipped_levels(folder: Path) -> list[tuple[int, list[float]]]:
    """The losses by noise level of a run that ships, after the epochs whose weights ship too."""
    name, settings = read_settings(folder)
    last = folder / "weights.safetensors"
    kept = {settings.epochs: last, 5: folder / "weights" / "epoch-005.safetensors"}
    levels = []
    for epoch, path in sorted(kept.items()):
        with fixed_threads(1):
            training = TrainingState.begin(recipe(name), settings, torch.device("cpu"))
            training.adopt(checkpoints.load_tensors(path)[0])
            step = epoch * settings.steps_per_epoch
            levels.append((step, RunProbe(training).read(step)["levels"]))
    return levels


def save(records: Mapping[str, TrainingRecord], path: Path) -> None:
    """Keep records by name, one a line."""
    lines = [f"{json.dumps(name)}: {json.dumps(asdict(one))}" for name, one in records.items()]
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n")


def load(path: Path) -> dict[str, TrainingRecord]:
    """The records that `save` kept."""
    return {name: TrainingRecord(**one) for name, one in json.loads(path.read_text()).items()}
