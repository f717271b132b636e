"""Which kinds of training runs there are."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from lessons.training import Recipe

# Names, not imports: a run's folder names its recipe, and no folder may name any other module.
_LESSONS: Final = {
    "denoiser": ("lessons.train_denoiser", "RECIPE"),
    "pure-noise": ("lessons.pure_noise", "RECIPE"),
    "ddpm": ("lessons.train_ddpm", "RECIPE"),
    "class-ddpm": ("lessons.train_class_ddpm", "RECIPE"),
    "flow": ("lessons.flow_matching", "TIME_RECIPE"),
    "class-flow": ("lessons.flow_matching", "CLASS_RECIPE"),
    "judge": ("lessons.train_judge", "RECIPE"),
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


def recipe(name: str) -> Recipe[Any]:
    """The recipe of that name.

    Raises:
        ValueError: there is none.
    """
    module, attribute = place_of(name)
    found: Recipe[Any] = getattr(importlib.import_module(module), attribute)
    return found
