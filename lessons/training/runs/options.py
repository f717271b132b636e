"""What can be set for a run, in plain data that a page can turn into controls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

import psutil
from pydantic import TypeAdapter, ValidationError

from lessons.own_data.names import MNIST
from lessons.training.runs.recipes import recipe

if TYPE_CHECKING:
    from lessons.training.recipe import Settings


@dataclass(frozen=True)
class Option:
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


def parameters(name: str) -> tuple[Option, ...]:
    """The settings of a recipe, in their order.

    Raises:
        ValueError: there is no such recipe.
    """
    fields = recipe(name).settings.model_fields.items()
    return tuple(_parameter(key, field) for key, field in fields)


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


def check_data(name: str, settings: Settings) -> None:
    """Refuse data that is not here, or lacks the labels that the recipe needs.

    Raises:
        ValueError: it is so; one sentence for the reader.
    """
    data = str(getattr(settings, "data", MNIST))
    if data != MNIST:
        from lessons.own_data import sets  # most runs are of MNIST

        sets.check_labels(data, needed=name.startswith("class-"))


def nearest_settings(name: str, wanted: Mapping[str, object]) -> tuple[Settings, tuple[str, ...]]:
    """Turn wishes into allowed settings, and say what had to change.

    Args:
        name: the recipe.
        wanted: values by field name, from anywhere; missing ones take their defaults.

    Returns:
        Valid settings, and one sentence for every value that was replaced by the nearest allowed.

    Raises:
        ValueError: there is no such recipe.
    """
    model = recipe(name).settings
    values = dict(wanted)
    for _ in range(3 * len(model.model_fields) + len(values)):
        try:
            return model.model_validate(values), _changes(model, wanted, values)
        except ValidationError as error:
            _mend(model, values, error.errors()[0])
    raise ValueError("these settings can't be understood")


def _mend(model: type[Settings], values: dict[str, object], problem: Mapping[str, Any]) -> None:
    """Bring one refused value nearer to what is allowed."""
    name, limits = str(problem["loc"][0]), problem.get("ctx", {})
    refused = values.pop(name)
    if problem["type"] == "greater_than_equal":
        values[name] = limits["ge"]
    elif problem["type"] == "less_than_equal":
        values[name] = limits["le"]
    elif problem["type"] == "multiple_of":
        step = limits["multiple_of"]
        values[name] = (TypeAdapter(int).validate_python(refused) + step // 2) // step * step
    elif name in model.model_fields:
        values[name] = model.model_fields[name].default


def _changes(
    model: type[Settings], wanted: Mapping[str, object], values: Mapping[str, object]
) -> tuple[str, ...]:
    """One sentence for every wish that was not granted as it was."""
    sentences = []
    for name, wish in wanted.items():
        field = model.model_fields.get(name)
        if field is None:
            sentences.append(f"There is no setting “{_shown(name)}”; it was left out.")
        elif values[name] is not wish:
            sentences.append(
                f"{field.title} can't be {_shown(wish)}; {values[name]} is used instead."
            )
    return tuple(sentences)


def _shown(wish: object) -> str:
    """A wish in one short line, whatever it is."""
    return " ".join(str(wish).split())[:40] or "empty"


def _parameter(name: str, field: Any) -> Option:
    limits = {
        key: getattr(rule, key)
        for rule in field.metadata
        for key in ("ge", "le", "multiple_of")
        if hasattr(rule, key)
    }
    choices = () if limits else tuple(str(word) for word in get_args(field.annotation))
    whole = field.annotation is int
    return Option(
        name=name,
        title=field.title or name,
        low=limits.get("ge"),
        high=limits.get("le"),
        step=limits.get("multiple_of", 1) if whole else None,
        choices=choices,
    )
