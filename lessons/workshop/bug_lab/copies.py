"""The project's own code with some of its lines changed, made aside and never put in its place.

A mistake is made in the source of a real module. The changed source becomes a module of its own,
and so does every module that uses it; Python's table of modules, and with it every lesson, knows
nothing of them.
"""

from __future__ import annotations

import ast
import builtins
import functools
import importlib
import importlib.util
import inspect
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.abc import InspectLoader
from types import ModuleType
from typing import Any, Final

_OURS: Final = ("lessons", "models")


@dataclass(frozen=True)
class Patch:
    """One text in place of another.

    Attributes:
        module: where, e.g. "lessons.diffusion.guidance".
        right: the text that stands there, exactly once.
        wrong: what is written instead.
    """

    module: str
    right: str
    wrong: str


class _Text(InspectLoader):
    """Runs the source of a module of ours as Python runs a module's file."""

    def __init__(self, source: str) -> None:
        self._source = source

    def get_source(self, fullname: str) -> str:  # noqa: ARG002 (the loader's own signature)
        return self._source


class Copies:
    """Modules of the project, by name, as they are with some patches.

    Without a patch these are the real modules. With patches, whatever holds a changed line or uses
    a module that does is a copy, made when it is asked for; everything else is the real module.
    """

    def __init__(self, patches: Iterable[Patch] = ()) -> None:
        """Take the patches; nothing is run yet."""
        self._patches = tuple(patches)
        self._changed = {patch.module for patch in self._patches}
        self._made: dict[str, ModuleType] = {}

    def __getitem__(self, name: str) -> Any:
        """The module of this name; its contents are whatever the source says.

        Raises:
            ValueError: a text to be replaced is not there exactly once.
        """
        if not any(used in self._changed for used in _uses(name)):
            return importlib.import_module(name)
        if name not in self._made:
            self._made[name] = self._copy(name)
        return self._made[name]

    def _copy(self, name: str) -> ModuleType:
        real = importlib.import_module(name)
        source = patched(name, self._patches)
        # It keeps the name, which data classes look up, but never enters sys.modules.
        copy = ModuleType(name, real.__doc__)
        copy.__file__, copy.__package__ = real.__file__, real.__package__
        copy.__dict__["__builtins__"] = {**vars(builtins), "__import__": self._import}
        self._made[name] = copy
        _Text(source).exec_module(copy)
        return copy

    def _import(
        self,
        name: str,
        globals: dict[str, Any] | None = None,
        locals: dict[str, Any] | None = None,
        fromlist: tuple[str, ...] = (),
        level: int = 0,
    ) -> ModuleType:
        """What `import` does inside a copy: copies come before real modules."""
        real = builtins.__import__(name, globals, locals, fromlist, level)
        if name.partition(".")[0] not in _OURS or not fromlist:
            return real
        found = self[name]
        inner = {part: f"{name}.{part}" for part in fromlist if _is_module(f"{name}.{part}")}
        if not inner:
            return found  # type: ignore[no-any-return]
        both = ModuleType(name)
        both.__dict__.update(vars(found))
        both.__dict__.update({part: self[whole] for part, whole in inner.items()})
        return both


def patched(name: str, patches: Iterable[Patch]) -> str:
    """The source of a module with its patches made.

    Raises:
        ValueError: a text to be replaced is not there exactly once.
    """
    source = inspect.getsource(importlib.import_module(name))
    for patch in patches:
        if patch.module != name:
            continue
        if source.count(patch.right) != 1:
            raise ValueError(f"{name} does not hold exactly once: {patch.right}")
        source = source.replace(patch.right, patch.wrong)
    return source


@functools.cache
def _uses(name: str) -> frozenset[str]:
    """A module and everything of the project that it imports, and what those import."""
    seen: set[str] = set()
    open_names = [name]
    while open_names:
        one = open_names.pop()
        if one not in seen:
            seen.add(one)
            open_names += _imports(one)
    return frozenset(seen)


@functools.cache
def _imports(name: str) -> tuple[str, ...]:
    tree = ast.parse(inspect.getsource(importlib.import_module(name)))
    found = (one for node in ast.walk(tree) for one in _named(node))
    return tuple(sorted({one for one in found if one.partition(".")[0] in _OURS}))


def _named(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        yield node.module
        inner = (f"{node.module}.{alias.name}" for alias in node.names)
        if node.module.partition(".")[0] in _OURS:
            yield from filter(_is_module, inner)


@functools.cache
def _is_module(name: str) -> bool:
    if name.partition(".")[0] not in _OURS:
        return False
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:  # what stands before the last dot is no package
        return False
