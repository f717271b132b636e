"""Which kinds of training runs there are."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from lessons.training import Recipe

# Names, not imports: a run's folder names its recipe, and no folder may name any other module.
_LESSONS: Final = {
    "denoiser": "lessons.train_denoiser",
    "pure-noise": "lessons.pure_noise",
}

NAMES: Final = tuple(_LESSONS)


def recipe(name: str) -> Recipe[Any]:
    """The recipe of that name.

    Raises:
        ValueError: there is none.
    """
    if name not in _LESSONS:
        raise ValueError(f"no lesson trains {name!r}; there are {', '.join(NAMES)}")
    found: Recipe[Any] = importlib.import_module(_LESSONS[name]).RECIPE
    return found
