"""A run as a page sees it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from lessons.own_data.names import MNIST
from lessons.training.runs import files, notes

if TYPE_CHECKING:  # torch is slow to import, and a worker that waits in line does without
    from lessons.images.captioned import CaptionedImage
    from lessons.training.recipe import Settings

ENDED: Final = ("finished", "stopped")
_IN_LABEL: Final = {"sigma": "σ = {:g}", "sample_steps": "{} steps", "gamma": "γ = {:g}"}
"""What a label says of the settings that only some recipes have."""


@dataclass(frozen=True)
class Epoch:
    """What was measured after one epoch (0: before training)."""

    epoch: int
    step: int
    images: int
    numbers: dict[str, float]


@dataclass(frozen=True)
class EarlyPreview:
    """Pictures that a run made in passing.

    Attributes:
        step: after which step.
        images: images seen until then.
        row: the images.
    """

    step: int
    images: int
    row: tuple[CaptionedImage, ...]


@dataclass(frozen=True)
class RunView:
    """A run as it stands.

    Attributes:
        id: its name, unique on this machine.
        recipe: which lesson trains it.
        settings: what it is; None if damaged.
        state: queued, running, paused, stopped, finished, failed, interrupted or damaged.
        reason: one sentence where something went wrong, else "".
        step: optimiser steps done.
        seconds: time spent in steps.
        device: the hardware's name.
        place: place in the line of waiting runs, 1 = next; 0 if not waiting.
        behind: the runs that train or come before it, while it waits.
        shipped: whether it came with the project.
        created: when it was set up, None if that is not known.
        threads: how many of them calculate, None if that is not known.
        fork: where it branched off another run, None if it began from scratch.
        curve: loss by step.
        epochs: what was measured after each epoch.
        probes: what it measured of itself now and then; none in a run of an earlier version.
    """

    id: str
    recipe: str
    settings: Settings | None
    state: notes.State
    reason: str = ""
    step: int = 0
    seconds: float = 0.0
    device: str = ""
    place: int = 0
    behind: tuple[str, ...] = ()
    shipped: bool = False
    created: datetime | None = None
    threads: int | None = None
    fork: notes.Fork | None = None
    curve: files.LossCurve = field(default_factory=files.LossCurve)
    epochs: tuple[Epoch, ...] = ()
    probes: tuple[dict[str, Any], ...] = ()

    @property
    def label(self) -> str:
        """The run's true settings in one line."""
        if self.settings is None:
            return self.id
        own, s = self.settings.model_dump(), self.settings
        parts = [f"D = {s.num_hiddens}", f"{s.epochs} × {s.images_per_epoch:,} images"]
        parts += [f"batch {s.batch_size}", f"rate {s.learning_rate:g}"]
        parts += [f"EMA {s.ema:g}"] if s.ema else []
        parts += [words.format(own[name]) for name, words in _IN_LABEL.items() if name in own]
        parts += [f"data {own['data']}"] if own.get("data", MNIST) != MNIST else []
        parts += [s.precision, f"seed {s.seed}"]
        if self.fork:
            parts.append(f"fork of {self.fork.run_id[-4:]} after epoch {self.fork.epoch}")
        return " · ".join(parts)

    @property
    def images_before(self) -> int:
        """Images that the weights it began with had seen; 0 from scratch."""
        return self.fork.images if self.fork else 0

    @property
    def images_per_second(self) -> float:
        """The rate over the last 50 steps, or the mean of a run that is over; 0 at first."""
        recent = 0 if self.state in ENDED else -50
        images, seconds = self.curve.images[recent:], self.curve.seconds[recent:]
        if len(images) < 2 or seconds[-1] <= seconds[0]:
            return 0.0
        return (images[-1] - images[0]) / (seconds[-1] - seconds[0])

    @property
    def seconds_left(self) -> float | None:
        """Time to the last step at the present speed; None while that is unknown."""
        if self.settings is None or not self.images_per_second:
            return None
        left = self.settings.total_images - self.settings.images_after(self.step)
        return left / self.images_per_second
