"""The lessons' modules as text: what each defines, and what it takes from elsewhere.

Nothing is imported or run here; only files of the project's own lessons are read.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pages._service.docstrings import Docstring, split_docstring
from pages._service.export.names import Reference, references

ROOT: Final = Path(__file__).resolve().parents[3]
ENDING: Final = "pages._service.export.ending"
"""What goes along with every exported result: how it is run, kept and compared."""

KEPT: Final = ("lessons.training.runs", "lessons.training.networks")
"""Lessons that stay imports, as models do: they find and load networks, and teach nothing."""


@dataclass(frozen=True)
class Imported:
    """A name that comes from elsewhere.

    Attributes:
        module: where it comes from.
        name: what it is there; "" for the module itself.
        bound: what it is called here.
    """

    module: str
    name: str
    bound: str


@dataclass(frozen=True)
class Definition:
    """A function, class or constant at the top level of a module.

    Attributes:
        module: where it stands, e.g. "lessons.diffusion.guidance".
        names: what it defines, one name but for `a, b = …`.
        node: its syntax.
        first: its first line, that of the comment above it; the first of a file is 1.
        last: its last line.
        doc: its docstring.
        uses: the module's names that it uses.
    """

    module: str
    names: tuple[str, ...]
    node: ast.stmt
    first: int
    last: int
    doc: Docstring
    uses: tuple[Reference, ...]


@dataclass(frozen=True)
class Module:
    """One file.

    Attributes:
        name: e.g. "lessons.diffusion.guidance".
        doc: its docstring.
        lines: its text.
        definitions: by name.
        imported: by the name they have here.
    """

    name: str
    doc: str
    lines: tuple[str, ...]
    definitions: Mapping[str, Definition]
    imported: Mapping[str, Imported]

    @property
    def title(self) -> str:
        """What the module is about, in one line."""
        return self.doc.splitlines()[0].rstrip(".") if self.doc else self.name

    @property
    def path(self) -> str:
        """Its file in the project."""
        return f"{self.name.replace('.', '/')}.py"


def is_ours(name: str) -> bool:
    """Whether a module's code is to be written out: a lesson that is not among KEPT."""
    kept = any(name == one or name.startswith(f"{one}.") for one in KEPT)
    return name == ENDING or (name.startswith("lessons.") and not kept and _path(name).is_file())


def module(name: str) -> Module:
    """Read a module; unchanged files are read once.

    Raises:
        ValueError: it is none of the lessons.
    """
    if not is_ours(name):
        raise ValueError(f"{name} is no lesson")
    return _read(name, _path(name).stat().st_mtime_ns)


def _path(name: str) -> Path:
    parts = name.split(".")
    if not all(part.isidentifier() for part in parts):
        return ROOT / "no such file"
    return ROOT.joinpath(*parts).with_suffix(".py")


@functools.lru_cache(maxsize=128)
def _read(name: str, changed: int) -> Module:  # noqa: ARG001 - a changed file is another entry
    text = _path(name).read_text("utf-8")
    tree = ast.parse(text)
    lines = tuple(text.splitlines())
    definitions = tuple(_definitions(name, tree, lines))
    return Module(
        name=name,
        doc=ast.get_docstring(tree) or "",
        lines=lines,
        definitions={one: found for found in definitions for one in found.names},
        imported={one.bound: one for one in imports(tree.body)},
    )


def _definitions(name: str, tree: ast.Module, lines: tuple[str, ...]) -> Iterator[Definition]:
    for place, node in enumerate(tree.body):
        names = tuple(_defined(node))
        if not names:
            continue
        after = tree.body[place + 1] if place + 1 < len(tree.body) else None
        is_said = isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
        last = (after if after and is_said else node).end_lineno or node.lineno
        said = ""
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            said = ast.get_docstring(node) or ""
        yield Definition(
            name, names, node, _first(node, lines), last, split_docstring(said), references(node)
        )


def _defined(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        yield node.target.id
    elif isinstance(node, ast.Assign):
        targets = (part for target in node.targets for part in ast.walk(target))
        yield from (part.id for part in targets if isinstance(part, ast.Name))


def _first(node: ast.stmt, lines: tuple[str, ...]) -> int:
    decorators = getattr(node, "decorator_list", [])
    first: int = min([node.lineno, *(one.lineno for one in decorators)])
    while first > 1 and lines[first - 2].startswith("#"):
        first -= 1
    return first


def imports(body: Sequence[ast.AST]) -> Iterator[Imported]:
    """What import statements bring, those of `if TYPE_CHECKING:` too."""
    for node in body:
        if isinstance(node, ast.Import):
            for one in node.names:
                yield Imported(one.name, "", one.asname or one.name.split(".")[0])
        elif isinstance(node, ast.ImportFrom) and node.module != "__future__":
            for one in node.names:
                yield Imported(node.module or "", one.name, one.asname or one.name)
        elif isinstance(node, ast.If):  # `if TYPE_CHECKING:`
            yield from imports(node.body)
