"""Many modules in one file: a function, and everything of the lessons that it is built of.

Names are followed through the syntax of the modules, never through their text, and each definition
keeps its words and its comments. Only `alias.name` becomes `name`; where two lessons use one name
for two things, the second gets its module's name in front.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pages._service.export.modules import Definition, Imported, Module, is_ours, module
from pages._service.export.names import Reference

_BUILTINS: Final = frozenset(dir(builtins))
_RESERVED: Final = ("PARAMETERS", "result")
"""Names that the end of every file uses."""

Place = tuple[str, str]
"""A definition: its module, and its name there."""

Target = Place | Imported
"""What a name means: something that is written out, or something that stays an import."""


@dataclass(frozen=True)
class Piece:
    """One definition in its new place.

    Attributes:
        definition: what it was.
        source: its text with the new names.
    """

    definition: Definition
    source: str


@dataclass(frozen=True)
class Flat:
    """The whole.

    Attributes:
        imports: what stays an import, each with the name that it has here.
        sections: modules, each after those that it needs, and what was taken of each, in its order.
        names: what the definitions are called here.
    """

    imports: Mapping[Imported, str]
    sections: tuple[tuple[Module, tuple[Piece, ...]], ...]
    names: Mapping[Place, str]


def flatten(roots: Sequence[Place]) -> Flat:
    """Write out what these definitions are built of.

    Args:
        roots: the definitions that are wanted, themselves included.

    Raises:
        ValueError: one is no definition of a lesson, or uses a module in a way that can't be
            written in one file.
    """
    needed = _needed(roots)
    order = _module_order(roots)
    by_place = sorted(needed, key=lambda place: (order.index(place[0]), _line(place)))
    names = _names(roots, by_place)
    sections = []
    for name in order:
        own = {id(d): d for m, n in by_place if m == name for d in [definition((m, n))]}
        sections.append((module(name), tuple(_piece(one, names) for one in own.values())))
    imports = {target: new for target, new in names.items() if isinstance(target, Imported)}
    places = {target: new for target, new in names.items() if isinstance(target, tuple)}
    return Flat(imports, tuple(sections), places)


def definition(place: Place) -> Definition:
    """Look up a definition.

    Raises:
        ValueError: there is none.
    """
    found = module(place[0]).definitions.get(place[1])
    if found is None:
        raise ValueError(f"{place[0]} defines no {place[1]}")
    return found


def target_of(home: Module, use: Reference) -> Target | None:
    """Say what a name means in a module; None for a builtin.

    Raises:
        ValueError: it is a lesson as a whole, of which only parts can be written out.
    """
    name = use.node.id
    if name in home.definitions:
        return home.name, name
    found = home.imported.get(name)
    if found is None:
        return None
    inner = f"{found.module}.{found.name}".rstrip(".")
    if is_ours(inner):
        if use.dotted is None:
            raise ValueError(f"{home.name} uses {inner} as a whole")
        return _within(inner, use.dotted.attr)
    return _within(found.module, found.name) if is_ours(found.module) else found


def uses(place: Place) -> Iterator[tuple[Reference, Target]]:
    """What a definition uses, one by one, in the order of its text."""
    home = module(place[0])
    for use in definition(place).uses:
        target = target_of(home, use)
        if target is not None:
            yield use, target


def _within(name: str, wanted: str) -> Target:
    """What `wanted` means in a module: its own, or what it has from elsewhere itself."""
    home = module(name)
    found = home.imported.get(wanted)
    if wanted in home.definitions or found is None:
        definition((name, wanted))
        return name, wanted
    return _within(found.module, found.name) if is_ours(found.module) else found


def _needed(roots: Sequence[Place]) -> set[Place]:
    needed, waiting = set[Place](), list(roots)
    while waiting:
        place = waiting.pop()
        if place not in needed:
            needed.add(place)
            waiting += [target for _, target in uses(place) if isinstance(target, tuple)]
    return needed


def _module_order(roots: Sequence[Place]) -> list[str]:
    """Modules, each after those that its needed definitions use. Imports have no circles."""
    order: list[str] = []
    below: dict[str, dict[str, None]] = {}
    for place in sorted(_needed(roots)):
        others = below.setdefault(place[0], {})
        others.update(dict.fromkeys(t[0] for _, t in uses(place) if isinstance(t, tuple)))

    def visit(name: str, above: tuple[str, ...] = ()) -> None:
        if name not in order and name not in above:
            for other in below[name]:
                visit(other, (*above, name))
            order.append(name)

    for root in roots:
        visit(root[0])
    return order


def _line(place: Place) -> int:
    return definition(place).first


def _names(roots: Sequence[Place], places: Sequence[Place]) -> dict[Target, str]:
    """Give each thing a name of its own: the one it has, unless that means something else."""
    shadows: dict[Target, set[str]] = {}
    for place in places:
        for use, target in uses(place):
            shadows.setdefault(target, set()).update(use.local)
    names: dict[Target, str] = {}
    taken = set(_RESERVED)
    imports = sorted(
        (target for target in shadows if isinstance(target, Imported)),
        key=lambda one: (one.module, one.name, one.bound),
    )
    every: list[Target] = [*roots, *imports, *places]
    for target in every:
        if target in names:
            continue
        for name in _candidates(target):
            free = name not in taken and name not in shadows.get(target, ())
            if free and (name not in _BUILTINS or isinstance(target, Imported)):
                names[target] = name
                taken.add(name)
                break
    return names


def _candidates(target: Target) -> Iterator[str]:
    where, name = (
        (target.module, target.bound) if isinstance(target, Imported) else (target[0], target[1])
    )
    yield name
    name = f"{where.rpartition('.')[2]}_{name.lstrip('_')}"
    while True:
        yield name
        name += "_"


def _piece(one: Definition, names: Mapping[Target, str]) -> Piece:
    """Cut a definition out of its file, with every name replaced where it stands."""
    home = module(one.module)
    changes: list[tuple[int, int, int, str]] = []
    for use in one.uses:
        target = target_of(home, use)
        if target is None:
            continue
        node = use.dotted if use.dotted and _is_module(home, use) else use.node
        changes.append((*_span(node), names[target]))
    if isinstance(one.node, ast.FunctionDef | ast.ClassDef):
        word = "class " if isinstance(one.node, ast.ClassDef) else "def "
        start = one.node.col_offset + len(word)
        old, new = one.node.name, names[one.module, one.node.name]
        changes.append((one.node.lineno, start, start + len(old.encode()), new))
    lines = [line.encode() for line in home.lines]
    for number, start, end, new in sorted(changes, reverse=True):
        line = lines[number - 1]
        lines[number - 1] = line[:start] + new.encode() + line[end:]
    return Piece(one, b"\n".join(lines[one.first - 1 : one.last]).decode())


def _is_module(home: Module, use: Reference) -> bool:
    found = home.imported.get(use.node.id)
    return found is not None and is_ours(f"{found.module}.{found.name}".rstrip("."))


def _span(node: ast.expr) -> tuple[int, int, int]:
    """Line, and first and last byte in it.

    Raises:
        ValueError: it goes over more than one line.
    """
    if node.end_lineno != node.lineno or node.end_col_offset is None:
        raise ValueError(f"line {node.lineno}: a name over several lines")
    return node.lineno, node.col_offset, node.end_col_offset
