"""Precomputed results: what every lesson shows when it is opened.

They are made by the lessons themselves, with `python -m pages._service.stored`, and found again by
what they depend on: the function, its parameters, and the network's weights. Move a control, and
it is calculated.
"""

from __future__ import annotations

import functools
import hashlib
import importlib
import inspect
import json
import logging
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from lessons import model_choice
from pages._service.content import newest_change, plain
from pages._service.stored import dependencies, packing

log = logging.getLogger(__name__)

FOLDER: Final = Path(__file__).parent / "results"

NOT_THERE: Final = object()
"""What `find` returns where nothing was stored; a stored result may be None."""


def find(function: Callable[..., object], parameters: Mapping[str, object]) -> object:
    """Return the stored result of `function(**knobs)`, shared by all, or NOT_THERE.

    What other code calculated than that of today is not there either.
    """
    name = key(function, parameters)
    path = FOLDER / f"{name}.zip"
    if not name or not path.exists():
        return NOT_THERE
    try:
        about, result = _load(path, path.stat().st_mtime_ns)
    except (OSError, ValueError, KeyError, TypeError, ImportError, zipfile.BadZipFile) as error:
        log.warning("%s can't be read, so it is calculated: %s", path.name, error)
        return NOT_THERE
    return result if _is_of_today(function, name, about) else NOT_THERE


def _is_of_today(function: Callable[..., object], name: str, about: Mapping[str, str]) -> bool:
    change = newest_change()
    known = _compared.get(name)
    if known is None or known[0] != change:
        # Files are compared first, which takes no time; only what changed is looked at closely.
        known = (
            change,
            (_files_are_equal(about) or about.get("code") == dependencies.code_digest(function)),
        )
        _compared[name] = known
    return known[1]


_compared: dict[str, tuple[int, bool]] = {}
"""By the result's name: when the newest file changed, and whether the result is of that code."""


def _files_are_equal(about: Mapping[str, str]) -> bool:
    files = json.loads(about.get("files", "{}"))
    return bool(files) and all(dependencies.file_digest(path) == was for path, was in files.items())


def is_of_a_function_of_today(path: Path) -> bool:
    """Whether the function that made a stored result is still there."""
    module, _, name = packing.about(path.read_bytes())["function"].rpartition(".")
    try:
        return hasattr(importlib.import_module(module), name)
    except ImportError:
        return False


def keep(function: Callable[..., object], parameters: Mapping[str, object], result: object) -> Path:
    """Store a result.

    Returns:
        Its file.

    Raises:
        TypeError: the result holds something that can't be stored.
        ValueError: a result of this kind is not stored.
    """
    name = key(function, parameters)
    if not name:
        raise ValueError(f"{function.__qualname__} takes no time, so it is not stored")
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{name}.zip"
    about = {
        "function": f"{function.__module__}.{function.__qualname__}",
        "knobs": repr(dict(parameters)),
        "model": _weights(parameters),
        "code": dependencies.code_digest(function),
        "files": json.dumps(dependencies.files(function)),
    }
    path.write_bytes(packing.pack(result, about))
    return path


def key(function: Callable[..., object], parameters: Mapping[str, object]) -> str:
    """Name a result by all that it depends on except the code; "" for what is not stored.

    Stored is what a network samples, which takes seconds.
    """
    if not inspect.isgeneratorfunction(function):
        return ""
    try:
        weights, settings = _weights(parameters), plain(dict(parameters), "the parameters")
    except (ValueError, TypeError):
        return ""
    if not weights:
        return ""
    parts = [function.__module__, function.__qualname__, weights, settings]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:20]


def _weights(parameters: Mapping[str, object]) -> str:
    """Which weights a result is made with; "" where its parameters name none."""
    if model := parameters.get("model"):
        return model_choice.weights_hash(str(model))
    return str(parameters.get("weights_hash", ""))


@functools.lru_cache(maxsize=256)
def _load(path: Path, _changed: int) -> tuple[Mapping[str, str], object]:
    content = path.read_bytes()
    return packing.about(content), packing.unpack(content)
