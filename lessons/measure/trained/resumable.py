"""A training on one thread that can be left at any step, and goes on to the same result."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import torch

from lessons.training.loop import TrainingState, train
from lessons.training.recipe import RunRecipe
from models import checkpoints

SAVE_EVERY: Final = 50
"""Steps between two checkpoints."""

_CPU: Final = torch.device("cpu")


class Resumable:
    """A training, the loss of every step so far, and the processor seconds of all of them.

    Everything random follows from the seed and the number of the step, so a training that was cut
    off and goes on has the losses and weights that it would have had anyway, to the last bit.

    Attributes:
        state: the training in memory.
        losses: of each step's batch, oldest first.
        seconds: what the steps took of a processor, without measurements in between.
    """

    def __init__(
        self, recipe: RunRecipe[Any], settings: Mapping[str, object], path: Path | None = None
    ) -> None:
        """Begin, or go on where a checkpoint was left.

        Args:
            recipe: what is trained.
            settings: what is not the recipe's default, by name.
            path: where checkpoints are kept; None keeps none.

        Raises:
            ValueError: a setting is unknown or out of its range.
            BrokenCheckpoint: the checkpoint is damaged or another network's.
        """
        chosen = recipe.settings.model_validate(dict(settings))
        self.state = TrainingState.begin(recipe, chosen, _CPU)
        self.losses: list[float] = []
        self.seconds = 0.0
        self._path = path
        if path is not None and path.is_file():
            self._restore(path)

    @property
    def images(self) -> int:
        """Images seen so far."""
        return int(self.state.settings.images_after(self.state.step))

    def advance(self, images: int) -> None:
        """Train until so many images were seen, or to the end; no step is taken beyond."""
        steps, started = train(self.state), time.process_time()
        while self.images < min(images, self.state.settings.total_images):
            self.losses.append(float(next(steps).loss))
            if self.state.step % SAVE_EVERY == 0:
                self.seconds, started = self._until_now(started), time.process_time()
                self._save()
        self.seconds = self._until_now(started)
        self._save()

    def _until_now(self, started: float) -> float:
        return self.seconds + time.process_time() - started

    def _save(self) -> None:
        if self._path is not None:
            losses = torch.tensor(self.losses, dtype=torch.float64)
            notes = {"step": str(self.state.step), "seconds": repr(self.seconds)}
            tensors = {**self.state.tensors(), "losses": losses}
            checkpoints.save_tensors(self._path, tensors, notes)

    def _restore(self, path: Path) -> None:
        tensors, notes = checkpoints.load_tensors(path)
        self.losses = tensors.pop("losses").tolist()
        self.seconds = float(notes["seconds"])
        self.state.restore(tensors, int(notes["step"]))
