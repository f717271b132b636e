"""What a run's record says of its health: how its loss stands, and what is likely wrong, if it is.

Everything here is a pure function of plain numbers, without torch: a page may ask once a second.
`usual.json` holds how healthy runs did (`python -m lessons.measure.training_usual`), by the number
of optimiser steps: there runs of other widths and batch sizes are closest to each other. The
causes are sought in `health.symptoms`.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from lessons.own_data.names import MNIST
from lessons.training.health.finding import Evidence, Finding
from lessons.training.health.noise_levels import OFF, NoiseLevels, beside, between, times
from lessons.training.health.symptoms import symptoms

USUAL: Final = Path(__file__).with_name("health") / "usual.json"

RECENT: Final = 20
"""Steps over which a loss is averaged before it is compared."""

FIRST_WORD: Final = 40
"""Steps before which nothing is said: a curve is still too young."""

_SIGMAS: Final = (0.4, 0.6)
"""Noise of a denoiser that the reference runs, trained with 0.5, can be compared with."""


@dataclass(frozen=True)
class TrainingRecord:
    """What a run has written down so far.

    Attributes:
        recipe: the kind of run.
        settings: by name.
        images: images seen after each step.
        losses: of each step's batch.
        probes: lines of `probes.jsonl`; none in a run of an earlier version.
    """

    recipe: str
    settings: Mapping[str, Any]
    images: Sequence[int]
    losses: Sequence[float]
    probes: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Standing:
    """A run's loss beside that of healthy runs after as many steps.

    Attributes:
        step: after which it was compared.
        images: seen until then.
        loss: mean of the last `RECENT` steps.
        usual: the geometric mean of the healthy runs' losses.
        most: the highest of them.
    """

    step: int
    images: int
    loss: float
    usual: float
    most: float

    @property
    def is_off(self) -> bool:
        """Whether the loss is well above that of every healthy run."""
        return self.loss > OFF * self.most

    @property
    def is_low(self) -> bool:
        """Whether it is as far below the usual loss as one that is off is above."""
        return self.loss * OFF * self.most < self.usual**2


@dataclass(frozen=True)
class Diagnosis:
    """What can be said of a run now.

    Attributes:
        standing: its loss beside the usual one; None where there is nothing to compare with.
        finding: the likely cause of what is off; None in a healthy run.
        levels: its loss by noise level beside the usual one; None where nothing can be compared.
    """

    standing: Standing | None
    finding: Finding | None
    levels: NoiseLevels | None = None

    @property
    def words(self) -> str:
        """One line for the page; "" while there is nothing to say."""
        parts = [self._loss(), self._levels(), self._cause()]
        return " ".join(part for part in parts if part)

    def _loss(self) -> str:
        s = self.standing
        if s is None:
            return ""
        after = f"after {s.step:,} steps ({s.images:,} images)"
        if s.is_off:
            return f"Loss {s.loss:.3g}: {times(s.loss / s.usual)} what is usual {after}."
        if self.finding:
            return f"Loss {s.loss:.3g} {after}, and something stands out."
        kept = "lower than usual" if s.is_low else "as usual"
        return f"Loss {s.loss:.3g}: {kept} {after}."

    def _cause(self) -> str:
        if self.finding:
            return f"Likely: {self.finding.cause}. How to tell: {self.finding.tell}."
        if self.standing and self.standing.is_off:
            return "Nothing else that is measured here stands out."
        return ""

    def _levels(self) -> str:
        return f"On test digits: {self.levels.words}." if self.levels else ""


def examine(record: TrainingRecord) -> Diagnosis:
    """Compare a run with healthy ones, and look for what is wrong.

    Between two probes nothing changes, so that the words on a page stand still. A cause is named
    if two probes in a row say so.
    """
    probes = [p for p in record.probes if p.get("step", 0) <= len(record.losses)]
    if not record.losses or (record.probes and not probes):
        return Diagnosis(None, None)
    step = int(probes[-1]["step"]) if probes else len(record.losses)
    standing = stand(record, step)
    finding = None
    if len(probes) > 2 and step >= FIRST_WORD:
        before = {one.key for one in _stands_out(record, probes[:-1])}
        now = _stands_out(record, probes)
        finding = next((one for one in now if one.key in before), None)
    return Diagnosis(standing, finding, levels(record, probes[-1]) if probes else None)


def stand(record: TrainingRecord, step: int) -> Standing | None:
    """The loss after so many steps beside the usual one; None where nothing can be compared."""
    curves = _comparable(record, step)
    if not curves:
        return None
    loss = sum(record.losses[step - RECENT : step]) / RECENT
    at = [between(curves["steps"], curves[name], step) for name in ("usual", "most")]
    return Standing(step, record.images[step - 1], loss, *at)


def levels(record: TrainingRecord, probe: Mapping[str, Any]) -> NoiseLevels | None:
    """What a probe measured by noise level beside the usual; None where nothing can be compared."""
    return beside(probe, _comparable(record, int(probe["step"])).get("levels", {}))


@functools.cache
def usual() -> dict[str, dict[str, Any]]:
    """By recipe: steps, the usual and the highest loss of healthy runs after them, and "levels".

    "levels" holds the same three of the losses by noise level, where a kind of run has several.
    """
    found: dict[str, dict[str, Any]] = json.loads(USUAL.read_text("utf-8"))
    return found


def _comparable(record: TrainingRecord, step: int) -> Mapping[str, Any]:
    """What is usual for runs like this one; {} where nothing can be compared."""
    sigma = record.settings.get("sigma", 0.5)
    alike = record.settings.get("data", MNIST) == MNIST and _SIGMAS[0] <= sigma <= _SIGMAS[1]
    return usual().get(record.recipe, {}) if alike and step >= FIRST_WORD else {}


def _stands_out(record: TrainingRecord, probes: Sequence[Mapping[str, Any]]) -> list[Finding]:
    standing = stand(record, int(probes[-1]["step"]))
    ratio = standing.loss / standing.usual if standing else None
    off = standing is not None and standing.is_off
    by_level = levels(record, probes[-1])
    off_at = by_level.off if by_level else ()
    return symptoms(Evidence(record.settings, probes, record.losses, ratio, off, off_at))
