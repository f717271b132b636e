"""Reading a student's file and running of it what defines functions, and nothing that computes.

A notebook of this assignment downloads a model, plots and trains as it runs. So only imports,
definitions and plain assignments are run; a call of the student's own functions is left out.
"""

from __future__ import annotations
import __future__

import ast
import builtins
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, Final
from unittest.mock import MagicMock

from lessons.check.read import statements

_STAND_INS: Final = ("diffusers", "transformers", "huggingface_hub", "accelerate", "mediapy")
"""They only load models and show pictures, and take seconds to import."""

_BUILTINS: Final = frozenset(
    [
        "abs",
        "bool",
        "dict",
        "enumerate",
        "float",
        "frozenset",
        "int",
        "len",
        "list",
        "max",
        "min",
        "pow",
        "range",
        "reversed",
        "round",
        "set",
        "slice",
        "sorted",
        "str",
        "sum",
        "tuple",
        "zip",
        "isinstance",
        "getattr",
        "hasattr",
    ]
)
_MODULES: Final = ("torch", "numpy", "math", "functools", "itertools", "collections", "typing")
_COMPUTING: Final = frozenset(("load", "save", "hub", "from_pretrained", "compile", "datasets"))
_GIVEN: Final = ("stage_1", "stage1", "stage_2", "stage2", "prompt_embeds_dict", "alphas_cumprod")


@dataclass
class Loaded:
    """What a file defines.

    Attributes:
        names: all of its global names.
        versions: every function and class that it made under a name, the last one last.
        notes: sentences on what was not as it should be.
        left_out: names that a line left out would have made, and where it stands.
    """

    names: dict[str, Any] = field(default_factory=dict)
    versions: defaultdict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))
    notes: list[str] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)


def load(path: Path, given: dict[str, Any]) -> Loaded:
    """Run what defines functions.

    Args:
        path: the student's file.
        given: names that are there before the first line.

    Raises:
        Unreadable: see `read.statements`.
    """
    every = statements(path)
    module = ModuleType("solution")
    sys.modules["solution"] = module  # data classes look up the module that they stand in
    loaded = Loaded(names=module.__dict__)
    loaded.names.update(given)
    _stand_in()
    for where, one in every:
        _take(one, where, loaded)
    return loaded


def _take(one: ast.stmt, where: str, loaded: Loaded) -> None:
    makes = list(_made_by(one))
    given: dict[str, Any] = {name: loaded.names[name] for name in _GIVEN if name in loaded.names}
    if makes and set(makes) <= set(given):
        return
    place = f"{where}, line {one.lineno}"
    if not _plain(one, loaded.names):
        loaded.left_out.update(dict.fromkeys(makes, place))
        return
    # Types are not looked at, so that a name that is only a type may be missing.
    code = compile(
        ast.Module([one], []), f"<{where}>", "exec", __future__.annotations.compiler_flag
    )
    try:
        _run(code, loaded)
    except BaseException as error:
        loaded.left_out.update(dict.fromkeys(makes, place))
        if not isinstance(error, NameError | AttributeError) or _defines(one):
            loaded.notes.append(f"{place} failed: {sentence(error)}")
        return
    finally:
        loaded.names.update(given)
    for name in makes:
        if callable(loaded.names.get(name)):
            loaded.versions[name].append(loaded.names[name])


def _run(code: CodeType, loaded: Loaded) -> None:
    """Run one statement; a module that isn't installed is replaced by one that does nothing."""
    for _ in range(10):
        try:
            exec(code, loaded.names)  # the student's own code, on the student's own machine
        except ModuleNotFoundError as error:
            if error.name is None or error.name in sys.modules:
                raise
            _put(error.name, MagicMock(name=error.name))
            if "." not in error.name:
                loaded.notes.append(f"The module {error.name} is not installed, and is left out.")
        else:
            return


def _stand_in() -> None:
    for name in _STAND_INS:
        _put(name, MagicMock(name=name))
    bar = ModuleType("tqdm")
    bar.__dict__.update(tqdm=_Bar, trange=lambda *a, **_: _Bar(range(*a)), __path__=[])
    for name in ("tqdm", "tqdm.auto", "tqdm.notebook", "tqdm.std"):
        _put(name, bar)
    bar.__dict__.update(auto=bar, notebook=bar, std=bar)


def _put(name: str, module: Any) -> None:
    """Have a module imported under a name; libraries look at its specification."""
    module.__spec__ = ModuleSpec(name, None)
    sys.modules[name] = module


class _Bar:
    """tqdm, without a bar."""

    def __init__(self, iterable: Sequence[Any] = (), *_: Any, **__: Any) -> None:
        self.iterable = iterable

    def __iter__(self) -> Iterator[Any]:
        return iter(self.iterable)

    def __len__(self) -> int:
        return len(self.iterable)

    def __enter__(self) -> _Bar:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def __getattr__(self, _name: str) -> Any:
        return lambda *_a, **_k: None


def _defines(one: ast.stmt) -> bool:
    kinds = (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
    return isinstance(one, kinds)


def _made_by(one: ast.stmt) -> Iterator[str]:
    if isinstance(one, ast.FunctionDef | ast.ClassDef):
        yield one.name
    elif isinstance(one, ast.Import | ast.ImportFrom):
        yield from ((alias.asname or alias.name).partition(".")[0] for alias in one.names)
    elif isinstance(one, ast.Assign | ast.AnnAssign):
        for node in ast.walk(one):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.id
    elif isinstance(one, ast.If | ast.Try):
        for inner in one.body:
            yield from _made_by(inner)


def _plain(one: ast.stmt, names: dict[str, Any]) -> bool:
    """Whether a statement only defines; see the module's docstring."""
    if _defines(one) or isinstance(one, ast.Pass):
        return True
    if isinstance(one, ast.Assign | ast.AnnAssign):
        return one.value is not None and _cheap(one.value, names)
    if isinstance(one, ast.If):
        inner = [*one.body, *one.orelse]
        return _cheap(one.test, names) and all(_plain(each, names) for each in inner)
    if isinstance(one, ast.Try):
        handled = [each for handler in one.handlers for each in handler.body]
        inner = [*one.body, *handled, *one.orelse, *one.finalbody]
        return all(_plain(each, names) for each in inner)
    return False


def _cheap(value: ast.expr, names: dict[str, Any]) -> bool:
    """Whether an expression calls nothing but Python's own and the mathematics of libraries."""
    if isinstance(value, ast.Lambda):
        return True
    if isinstance(value, ast.Call) and not _harmless(value.func, names):
        return False
    inner = (node for node in ast.iter_child_nodes(value) if isinstance(node, ast.expr))
    clauses = (node for node in ast.iter_child_nodes(value) if isinstance(node, ast.comprehension))
    keywords = (node.value for node in getattr(value, "keywords", []))
    return all(
        _cheap(node, names) for node in (*inner, *(clause.iter for clause in clauses), *keywords)
    )


def _harmless(called: ast.expr, names: dict[str, Any]) -> bool:
    while isinstance(called, ast.Attribute | ast.Subscript | ast.Call):
        if isinstance(called, ast.Attribute) and called.attr in _COMPUTING:
            return False
        called = called.func if isinstance(called, ast.Call) else called.value
    if not isinstance(called, ast.Name):
        return True  # a method of something written down
    value = names.get(called.id, getattr(builtins, called.id, None))
    if isinstance(value, ModuleType):
        return value.__name__.partition(".")[0] in _MODULES
    if called.id in _BUILTINS or not callable(value):
        return True
    home = str(getattr(value, "__module__", "") or "torch").partition(".")[0]
    # Tables of a schedule are cheap, and students keep them in a global name.
    return home in _MODULES or (home == "solution" and "schedule" in called.id)


def sentence(error: BaseException) -> str:
    """An exception as one sentence, without line breaks and not too long."""
    if isinstance(error, SystemExit):
        return "it ends the program by sys.exit."
    if isinstance(error, NotImplementedError):
        return "it is not written yet."
    if isinstance(error, MemoryError) or "alloc" in str(error).lower():
        return "it asks for more memory than the check allows."
    said = " ".join(str(error).split())[:300]
    return f"{type(error).__name__}: {said.rstrip('.')}." if said else f"{type(error).__name__}."
