"""Puts a running training on disk, so that a page can watch it and a kill costs little."""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from PIL import Image
from torch import nn

from lessons.images.captioned import CaptionedImage
from lessons.own_data.names import MNIST
from lessons.training.health.probe import RunProbe, due
from lessons.training.loop import Step, TrainingState
from lessons.training.recipe import data_of
from lessons.training.runs import files, notes
from lessons.training.runs.recipes import read_settings, recipe
from models import checkpoints
from models.atomic import write_atomically
from models.devices import device_name

CHECKPOINT_SECONDS: Final = 10.0
EARLY_PREVIEW_SECONDS: Final = 3.0
EARLY_PREVIEW_SHARE: Final = 0.05
"""Early previews come every few seconds at first, later after so much more training than before."""

FLUSH_SECONDS: Final = 0.25
UNTRAINED_SECONDS: Final = 1.0
"""Training goes first: its curve has begun before the images from before it are made."""


class NotFinite(Exception):
    """The loss is no longer a number; the message says since when and what to try."""


class Recorder:
    """Writes one run's metrics, images and checkpoints.

    Metrics go out four times a second, so that reading a loss does not make a GPU wait at every
    step. Before a checkpoint they are always looked at: a broken network is never saved.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.seconds = 0.0
        self.training: TrainingState | None = None
        self._pending: list[tuple[Step, float]] = []
        self._flushed = self._saved = time.monotonic()
        self._next_early_preview = 0.0
        self._probe: RunProbe | None = None
        self._untrained: nn.Module | None = None

    @contextmanager
    def opened(self) -> Iterator[TrainingState]:
        """Set up the training where its checkpoint left it, or at step 0.

        Raises:
            BrokenCheckpoint: the checkpoint can't be read.
            DamagedRun: another file can't be read.
            OSError: the disk refused.
        """
        name, settings = read_settings(self.folder)
        self._clear_litter()
        self.training = training = TrainingState.begin(recipe(name), settings)
        checkpoint, fork = (self.folder / f"{name}.safetensors" for name in ("checkpoint", "fork"))
        if checkpoint.exists():
            self._restore(checkpoint)
        elif fork.exists():
            training.adopt(checkpoints.load_tensors(fork)[0])
        files.forget_after(self.folder / "metrics.jsonl", training.step)
        files.forget_after(self.folder / "epochs.jsonl", training.step)
        files.forget_probes_after(self.folder, training.step)
        files.forget_early_previews_after(self.folder, training.step)
        if not training.step and not files.read_lines(self.folder / "epochs.jsonl"):
            self._untrained = copy.deepcopy(training.shown)
        if data_of(training.settings) == MNIST:  # what is usual is known of MNIST alone
            self._probe = RunProbe(training)
        self._next_early_preview = self.seconds + EARLY_PREVIEW_SECONDS
        self._flushed = self._saved = time.monotonic()  # what it took to load is no training
        yield training

    def note(self, step: Step, seconds: float) -> None:
        """Take in one step, which took `seconds`.

        Raises:
            NotFinite: a loss since the last flush, or a weight, is no number.
            OSError: the disk refused.
        """
        self.seconds += seconds
        self._pending.append((step, self.seconds))
        if step.step == 1:  # who pressed Start waits for it
            self._flush()
        if self._probe and due(self._training().settings, step.step):
            files.append_lines(self.folder / "probes.jsonl", [self._probe.read(step.step)])
        now = time.monotonic()
        if self.seconds > UNTRAINED_SECONDS:
            self._show_untrained()
        if step.ends_epoch:
            self._flush()
            self._refuse_broken()
            self._show_untrained()
            self._show_epoch(round(step.epoch), self._training().shown)
        if step.ends_epoch or now - self._saved > CHECKPOINT_SECONDS:
            self._save()
        elif now - self._flushed > FLUSH_SECONDS:
            self._flush()
            self.say("running")
            if self.seconds > self._next_early_preview:
                self._early_preview()

    def pause(self) -> None:
        """Save everything and say so."""
        self._save()
        self.say("paused")

    def finish(self, state: notes.State) -> None:
        """Save everything, the bare weights too, and say how it ended; look a last time."""
        self._save()
        self._early_preview()
        network = self._training().shown
        checkpoints.save_tensors(self.folder / "weights.safetensors", network.state_dict(), {})
        self.say(state)

    def say(self, state: notes.State, reason: str = "") -> None:
        """Tell the pages where the run stands."""
        training = self.training
        status = notes.Status(
            state=state,
            step=training.step if training else 0,
            seconds=self.seconds,
            reason=reason,
            device=device_name(training.device) if training else "",
        )
        try:
            status.write(self.folder)
        except OSError:
            if state != "failed":
                raise
            status.overwrite(self.folder)  # a full disk still lets a file keep its place

    def _training(self) -> TrainingState:
        if self.training is None:
            raise RuntimeError("the run is not open")
        return self.training

    def _clear_litter(self) -> None:
        """Remove what a kill in the middle of a write left behind."""
        for pattern in (".*.safetensors.*.part", "samples/.*.part", "weights/.*.part"):
            for part in self.folder.glob(pattern):
                part.unlink(missing_ok=True)

    def _restore(self, checkpoint: Path) -> None:
        tensors, notes = checkpoints.load_tensors(checkpoint)
        try:
            step, self.seconds = int(notes["step"]), float(notes["seconds"])
        except (KeyError, ValueError) as error:
            reason = f"{checkpoint.name} does not say at which step it was made: {error}"
            raise checkpoints.BrokenCheckpoint(reason) from error
        self._training().restore(tensors, step)

    def _refuse_broken(self) -> None:
        """A step can break weights although its own loss, reckoned before it, was a number."""
        training = self._training()
        networks = (training.network, training.shown)
        tensors = (t for network in networks for t in network.state_dict().values())
        if not all(bool(t.isfinite().all()) for t in tensors):
            raise NotFinite(
                f"The weights stopped being numbers at step {training.step}. "
                "Try a smaller learning rate."
            )

    def _flush(self) -> None:
        steps, self._pending = self._pending, []
        self._flushed = time.monotonic()
        if not steps:
            return
        losses = torch.stack([step.loss for step, _ in steps]).tolist()
        bad = next((i for i, loss in enumerate(losses) if not np.isfinite(loss)), len(steps))
        lines = [
            {
                "step": step.step,
                "images": step.images,
                "loss": float(f"{loss:.6g}"),
                "seconds": round(seconds, 3),
            }
            for (step, seconds), loss in zip(steps[:bad], losses, strict=False)
        ]
        files.append_lines(self.folder / "metrics.jsonl", lines)
        if bad < len(steps):
            raise NotFinite(
                f"The loss stopped being a number at step {steps[bad][0].step}. "
                "Try a smaller learning rate."
            )

    def _save(self) -> None:
        """Keep what is needed to go on; who goes on from there has no untrained network."""
        self._show_untrained()
        self._flush()
        self._refuse_broken()
        training = self._training()
        notes = {"step": str(training.step), "seconds": repr(self.seconds)}
        checkpoints.save_tensors(self.folder / "checkpoint.safetensors", training.tensors(), notes)
        self._saved = time.monotonic()
        self.say("running")

    def _early_preview(self) -> None:
        """Draw a few images in passing; however slow that is here, training gets most time."""
        start = time.monotonic()
        training = self._training()
        if row := training.early_preview():
            save_rows(files.early_preview_path(self.folder, training.step), (row,))
        took = time.monotonic() - start
        self._next_early_preview = self.seconds + max(
            EARLY_PREVIEW_SECONDS, EARLY_PREVIEW_SHARE * self.seconds, 10 * took
        )

    def _show_untrained(self) -> None:
        """Show what the network does before training, if that was not shown yet."""
        network, self._untrained = self._untrained, None
        if network is not None:
            self._flush()
            self._show_epoch(0, network)

    def _show_epoch(self, epoch: int, network: nn.Module) -> None:
        training = self._training()
        if not training.recipe.shows(epoch, training.settings):
            return
        shown, step = training.preview(network), training.step if epoch else 0
        save_rows(self.folder / "samples" / f"epoch-{epoch:03d}.png", shown.rows)
        entry: dict[str, Any] = {
            "epoch": epoch,
            "step": step,
            "images": training.settings.images_after(step),
            **{name: float(f"{value:.6g}") for name, value in shown.numbers.items()},
        }
        if epoch:
            weights = checkpoints.halved(training.shown.state_dict())
            path = self.folder / "weights" / f"epoch-{epoch:03d}.safetensors"
            path.parent.mkdir(exist_ok=True)
            checkpoints.save_tensors(path, weights, {})
        files.append_lines(self.folder / "epochs.jsonl", [entry])


def save_rows(path: Path, rows: tuple[tuple[CaptionedImage, ...], ...]) -> None:
    """Keep rows of images of one size as one PNG.

    Raises:
        OSError: the disk refused; what was there before is whole.
    """
    pixels = np.concatenate([np.concatenate([p.pixels for p in row], axis=1) for row in rows])
    path.parent.mkdir(exist_ok=True)
    write_atomically(path, lambda part: Image.fromarray(pixels).save(part, "PNG"))


def load_rows(path: Path, size: int = 28) -> tuple[tuple[CaptionedImage, ...], ...]:
    """The rows that `save_rows` kept.

    Raises:
        DamagedRun: the file is missing or no such PNG.
    """
    try:
        with Image.open(path, formats=("PNG",)) as image:
            pixels = np.asarray(image.convert("L"))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise files.DamagedRun(f"{path.name} can't be read: {error}") from error
    height, width = pixels.shape
    if height % size or width % size:
        raise files.DamagedRun(f"{path.name} is {width}×{height}, no multiple of {size}")
    return tuple(
        tuple(CaptionedImage(pixels[y : y + size, x : x + size]) for x in range(0, width, size))
        for y in range(0, height, size)
    )
