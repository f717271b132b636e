"""What can be set for a run, in plain data that a page can turn into controls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

import psutil

from lessons.runs.recipes import recipe

if TYPE_CHECKING:
    from lessons.training import Settings


@dataclass(frozen=True)
class Knob:
    """One setting.

    Attributes:
        name: its field.
        title: what a page calls it.
        low: the smallest allowed value, None for a choice.
        high: the largest allowed value, None for a choice.
        step: the distance between neighbouring values of a whole number, None otherwise.
        choices: the allowed words of a choice, else ().
    """

    name: str
    title: str
    low: float | None
    high: float | None
    step: int | None
    choices: tuple[str, ...]


def knobs(name: str) -> tuple[Knob, ...]:
    """The settings of a recipe, in their order.

    Raises:
        ValueError: there is no such recipe.
    """
    fields = recipe(name).settings.model_fields.items()
    return tuple(_knob(key, field) for key, field in fields)


def presets(name: str) -> dict[str, dict[str, Any]]:
    """Ready-made settings by name.

    Raises:
        ValueError: there is no such recipe.
    """
    return {title: settings.model_dump() for title, settings in recipe(name).presets.items()}


def memory_needed(settings: Settings) -> int:
    """Bytes that a training process takes at its peak, to about a quarter.

    What every layer computed is kept for the way back, so memory grows with width times batch:
    measured on a CPU in float32 (`benchmarks/training_memory.py`), 105 kB for each unit of it,
    on top of what libraries and data take. bfloat16 needs less.
    """
    return 750_000_000 + 105_000 * settings.num_hiddens * settings.batch_size


def check_memory(settings: Settings) -> None:
    """Refuse what can't fit.

    Raises:
        ValueError: the run needs more memory than the machine has; says what would fit.
    """
    need, have = memory_needed(settings), psutil.virtual_memory().total
    if need > 0.9 * have:
        raise ValueError(
            f"Width {settings.num_hiddens} with batches of {settings.batch_size} needs about "
            f"{need / 1e9:.0f} GB of memory; this machine has {have / 1e9:.0f} GB. "
            "Choose a smaller width or batch."
        )


def _knob(name: str, field: Any) -> Knob:
    limits = {
        key: getattr(rule, key)
        for rule in field.metadata
        for key in ("ge", "le", "multiple_of")
        if hasattr(rule, key)
    }
    choices = () if limits else tuple(str(word) for word in get_args(field.annotation))
    whole = field.annotation is int
    return Knob(
        name=name,
        title=field.title or name,
        low=limits.get("ge"),
        high=limits.get("le"),
        step=limits.get("multiple_of", 1) if whole else None,
        choices=choices,
    )
