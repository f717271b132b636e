"""What the Demo presets end with, as `python -m benchmarks.demos --write` measured it."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:  # torch is slow to import
    from lessons.training.recipe import Settings

FILE: Final = Path(__file__).with_suffix(".json")


@dataclass(frozen=True)
class DemoEnding:
    """What a classifier with the class "no digit" reads in the samples of a finished Demo.

    Attributes:
        settings: the fingerprint of the settings that were measured, see `kind`.
        images: seen in training.
        digits: the share of the samples that it reads as a digit.
        asked: the share that it reads as the digit asked for; None without classes.
        real: the share of test digits that it reads right.
    """

    settings: str
    images: int
    digits: float
    asked: float | None
    real: float

    @property
    def share(self) -> float:
        """What counts: as asked for where something was."""
        return self.digits if self.asked is None else self.asked


def ending(recipe: str, settings: Settings) -> DemoEnding | None:
    """What was measured of a recipe's Demo; None where these settings are others."""
    found = _measured().get(recipe)
    return found if found and found.settings == kind(settings) else None


def kind(settings: Settings) -> str:
    """The settings in ten digits, whatever their seed and arithmetic."""
    usual = type(settings).model_fields
    changes = {name: usual[name].default for name in ("seed", "precision")}
    return settings.model_copy(update=changes).fingerprint()


def words(found: DemoEnding) -> str:
    """What to expect, in one sentence."""
    what = "as digits" if found.asked is None else "as the digit asked for"
    return (
        f"At its end a classifier that may also answer “no digit” read {found.share:.0%} of its "
        f"samples {what}; of real test digits it reads {found.real:.1%} right."
    )


@functools.cache
def _measured() -> dict[str, DemoEnding]:
    return {name: DemoEnding(**one) for name, one in json.loads(FILE.read_text()).items()}
