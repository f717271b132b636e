"""Results that were calculated ahead: what every lesson shows at first sight.

They are made by the lessons themselves, with `python -m pages._stored`, and found again by what
they depend on: the function, its knobs, and the network's weights. Move a knob, and it is
calculated.
"""

from __future__ import annotations

import functools
import hashlib
import inspect
import json
import logging
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from lessons import text_to_image
from pages._content import plain
from pages._stored import packing

log = logging.getLogger(__name__)

FOLDER: Final = Path(__file__).parent / "results"

NOT_THERE: Final = object()
"""What `find` returns where nothing was stored; a stored result may be None."""


def find(function: Callable[..., object], knobs: Mapping[str, object]) -> object:
    """Return the stored result of `function(**knobs)`, shared by all, or NOT_THERE."""
    name = key(function, knobs)
    path = FOLDER / f"{name}.zip"
    if not name or not path.exists():
        return NOT_THERE
    try:
        return _load(path)
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        log.warning("%s can't be read, so it is calculated: %s", path.name, error)
        return NOT_THERE


def keep(function: Callable[..., object], knobs: Mapping[str, object], result: object) -> Path:
    """Store a result.

    Returns:
        Its file.

    Raises:
        TypeError: the result holds something that can't be stored.
        ValueError: a result of this kind is not stored.
    """
    name = key(function, knobs)
    if not name:
        raise ValueError(f"{function.__qualname__} takes no time, so it is not stored")
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{name}.zip"
    about = {
        "function": f"{function.__module__}.{function.__qualname__}",
        "knobs": repr(dict(knobs)),
        "model": _weights(knobs),
    }
    path.write_bytes(packing.pack(result, about))
    return path


def key(function: Callable[..., object], knobs: Mapping[str, object]) -> str:
    """Name a result by all that it depends on except the code; "" for what is not stored.

    Stored are the walks of a network, which take seconds. Whether the code has changed since is for
    the tests to say, which calculate some of the results anew.
    """
    if not inspect.isgeneratorfunction(function):
        return ""
    try:
        weights, settings = _weights(knobs), plain(dict(knobs), "the knobs")
    except (ValueError, TypeError):
        return ""
    if not weights:
        return ""
    parts = [function.__module__, function.__qualname__, weights, settings]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:20]


def _weights(knobs: Mapping[str, object]) -> str:
    """Which weights a result is made with; "" where its knobs name none."""
    if model := knobs.get("model"):
        return text_to_image.edition(str(model))
    return str(knobs.get("edition", ""))


@functools.lru_cache(maxsize=32)
def _load(path: Path) -> object:
    return packing.unpack(path.read_bytes())
