"""What a result depends on, and how large it is."""

from __future__ import annotations

import dataclasses
import enum
import hashlib
import inspect
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np


def content_key(function: Callable[..., object], parameters: Mapping[str, object]) -> str:
    """Name a result by everything that it depends on.

    Args:
        function: a function with a name of its own, at the top level of its module.
        parameters: its keyword arguments: numbers, strings, bytes, arrays, enum members, data
            classes, and tuples, lists and string-keyed dicts of those. Arrays count with all their
            bytes.

    Returns:
        64 hexadecimal digits: sha256 over the function's name, the parameters, and the time of the
        newest change to the lessons' and models' code.

    Raises:
        TypeError: the function has no name of its own, or a parameter is of another kind.
    """
    name = getattr(function, "__qualname__", "<none>")
    if not inspect.isfunction(function) or "<" in name:
        raise TypeError(f"a demo must be a function at the top level of a module, not {function!r}")
    source = function.__code__.co_filename  # every page's module is called __main__
    parts = [
        function.__module__,
        name,
        source,
        newest_change(),
        plain(dict(parameters), "the parameters"),
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def plain(value: object, where: str) -> object:
    """Turn a value into JSON that differs whenever the value does; kinds are tagged.

    Args:
        value: what `content_key` takes as a parameter.
        where: what it is, for the error.

    Raises:
        TypeError: it is of another kind.
    """
    kind = type(value).__qualname__
    if isinstance(value, enum.Enum):
        return [kind, value.name]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.bool_ | np.number):
        return [kind, value.item()]
    if isinstance(value, bytes | bytearray):
        return [kind, hashlib.sha256(value).hexdigest()]
    if isinstance(value, np.ndarray) and not value.dtype.hasobject:
        digest = hashlib.sha256(value.tobytes()).hexdigest()
        return [kind, value.dtype.str, list(value.shape), digest]
    if isinstance(value, tuple | list):
        return [kind, [plain(part, f"{where}[{n}]") for n, part in enumerate(value)]]
    if isinstance(value, dict) and all(isinstance(name, str) for name in value):
        return [kind, [[name, plain(value[name], f"{where}.{name}")] for name in sorted(value)]]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
        return ["dataclass", type(value).__module__, kind, plain(fields, where)]
    raise TypeError(f"{where}: a {kind} can't be part of a cache key")


_ROOT = Path(__file__).resolve().parents[2]
_change = (float("-inf"), 0)  # (when it was looked up, newest modification time in ns)


def newest_change() -> int:
    """Return the newest modification time of the mathematics, looked up at most once a second."""
    global _change
    looked_up, newest = _change
    if time.monotonic() - looked_up >= 1.0:
        files = [path for layer in ("lessons", "models") for path in (_ROOT / layer).rglob("*.py")]
        newest = max((_modified(path) for path in files), default=0)
        _change = time.monotonic(), newest
    return newest


def _modified(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:  # an editor replaces a file by deleting it first
        return 0


def size_of(result: object) -> int:
    """Return the bytes that a result holds, arrays with the whole buffer that they keep alive."""
    return sum(_sizes(result, set()))


def _sizes(value: object, counted: set[int]) -> Iterator[int]:
    while isinstance(value, np.ndarray) and isinstance(value.base, np.ndarray):
        value = value.base
    if id(value) in counted:
        return
    counted.add(id(value))
    yield sys.getsizeof(value)
    if isinstance(value, np.ndarray):
        yield 0 if value.base is None else value.nbytes  # getsizeof counts an owned buffer only
        return
    parts: list[object] = []
    if isinstance(value, dict):
        parts = [*value.keys(), *value.values()]
    elif isinstance(value, tuple | list | set | frozenset):
        parts = list(value)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        parts = [getattr(value, field.name) for field in dataclasses.fields(value)]
    for part in parts:
        yield from _sizes(part, counted)
