"""Which kinds of training runs there are, and which of them a folder holds."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from lessons.training.runs import files

if TYPE_CHECKING:
    from lessons.training.recipe import RunRecipe, Settings

# Names, not imports: a run's folder names its recipe, and no folder may name any other module.
_LESSONS: Final = {
    "denoiser": ("lessons.part_b.train_denoiser", "RECIPE"),
    "pure-noise": ("lessons.part_b.pure_noise", "RECIPE"),
    "ddpm": ("lessons.part_b.train_ddpm", "RECIPE"),
    "class-ddpm": ("lessons.part_b.train_class_ddpm", "RECIPE"),
    "flow": ("lessons.part_b.flow_matching", "TIME_RECIPE"),
    "class-flow": ("lessons.part_b.flow_matching", "CLASS_RECIPE"),
    "judge": ("lessons.measure.train_classifier", "RECIPE"),
}

NAMES: Final = tuple(_LESSONS)


def place_of(name: str) -> tuple[str, str]:
    """The module that defines a recipe, and what it is called there.

    Raises:
        ValueError: there is none.
    """
    if name not in _LESSONS:
        raise ValueError(f"no lesson trains {name!r}; there are {', '.join(NAMES)}")
    return _LESSONS[name]


def recipe(name: str) -> RunRecipe[Any]:
    """The recipe of that name.

    Raises:
        ValueError: there is none.
    """
    module, attribute = place_of(name)
    found: RunRecipe[Any] = getattr(importlib.import_module(module), attribute)
    return found


def read_settings(folder: Path) -> tuple[str, Settings]:
    """The run's recipe and settings.

    Raises:
        DamagedRun: they are missing or not allowed.
    """
    content = files.read_json(folder / "settings.json")
    try:
        name = str(content["recipe"])
        settings: Settings = recipe(name).settings.model_validate(content["settings"])
    except KeyError as error:
        raise files.DamagedRun(f"settings.json lacks {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        reason = ": ".join((*map(str, first["loc"]), first["msg"]))
        raise files.DamagedRun(f"settings.json is not valid: {reason}") from error
    except ValueError as error:
        raise files.DamagedRun(f"settings.json is not valid: {error}") from error
    return name, settings
