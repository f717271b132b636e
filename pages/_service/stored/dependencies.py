"""The code that a result depends on, followed from definition to definition.

A result that was calculated by other code than that which is shown beside it would be a lie: change
one line of `guided`, and what is stored must no longer be found. Comments, docstrings and the rest
of a file may change freely.
"""

from __future__ import annotations

import ast
import functools
import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from pages._service.export.flatten import Place, definition, target_of
from pages._service.export.modules import ROOT, Definition, Imported, imports, module


def files(function: Callable[..., object]) -> dict[str, str]:
    """Every file that the result may depend on, by its path in the project: sha256 of its bytes."""
    paths = sorted({path for path, _ in _parts(function.__module__, function.__qualname__)})
    return {path: file_digest(path) for path in paths}


def file_digest(path: str) -> str:
    """Sixteen hexadecimal digits of a file of the project; "" if it is gone."""
    try:
        return _file_digest(path, (ROOT / path).stat().st_mtime_ns)
    except OSError:
        return ""


@functools.lru_cache(maxsize=512)
def _file_digest(path: str, _changed: int) -> str:
    # Line ends are the checkout's, not the project's.
    content = (ROOT / path).read_bytes().replace(b"\r\n", b"\n")
    return hashlib.sha256(content).hexdigest()[:16]


def code_digest(function: Callable[..., object]) -> str:
    """Twenty hexadecimal digits of the code alone that the result depends on.

    What is written as text is compared, not as syntax trees, which differ among Python versions.
    """
    digest = hashlib.sha256()
    for path, text in sorted(_parts(function.__module__, function.__qualname__)):
        digest.update(f"{path}\n{text}\n".encode())
    return digest.hexdigest()[:20]


def _parts(home: str, name: str) -> set[tuple[str, str]]:
    """All definitions behind one, and all modules that are used as a whole: (path, text)."""
    done, waiting = set[Place](), [(home, name)]
    whole = dict[str, str]()
    while waiting:
        place = waiting.pop()
        if place in done:
            continue
        done.add(place)
        for target in _targets(place):
            if isinstance(target, Imported):
                _follow(target.module, whole)
                _follow(f"{target.module}.{target.name}", whole)
            else:
                waiting.append(target)
    own = {(module(where).path, _bare(definition((where, one)))) for where, one in done}
    return own | set(whole.items())


def _targets(place: Place) -> Iterator[Place | Imported]:
    home = module(place[0])
    for use in definition(place).uses:
        try:
            target = target_of(home, use)
        except ValueError:  # a lesson as a whole: all that it defines
            found = home.imported[use.node.id]
            other = f"{found.module}.{found.name}".rstrip(".")
            yield from ((other, one) for one in module(other).definitions)
            continue
        if target is not None:
            yield target


_OURS: Final = ("models", "lessons")
_RUNS: Final = ["lessons", "training", "runs"]
"""They find weights and change none; which weights there are stands in a result's name."""


def _follow(name: str, whole: dict[str, str]) -> None:
    """Add a module that is not taken apart (what has weights, and what finds runs), and its own."""
    path = _file(name)
    if path is None or str(path.relative_to(ROOT)) in whole:
        return
    tree = ast.parse(path.read_text("utf-8"))
    whole[path.relative_to(ROOT).as_posix()] = _text(path)
    for one in imports(list(ast.walk(tree))):
        _follow(one.module, whole)
        _follow(f"{one.module}.{one.name}", whole)


def _file(name: str) -> Path | None:
    parts = name.rstrip(".").split(".")
    if parts[0] not in _OURS or not all(part.isidentifier() for part in parts):
        return None
    if parts[:3] == _RUNS:
        return None
    path = ROOT.joinpath(*parts)
    return next((p for p in (path.with_suffix(".py"), path / "__init__.py") if p.is_file()), None)


def _text(path: Path) -> str:
    lines = path.read_text("utf-8").splitlines()
    return _without_words(lines, ast.parse("\n".join(lines)), 0)


def _bare(one: Definition) -> str:
    first = min([one.node.lineno, *(d.lineno for d in getattr(one.node, "decorator_list", ()))])
    lines = list(module(one.module).lines[first - 1 : one.node.end_lineno])
    return _without_words(lines, one.node, first - 1)


def _without_words(lines: list[str], tree: ast.AST, first: int) -> str:
    """The code without docstrings, comments on lines of their own and empty lines."""
    words = set[int]()
    for node in ast.walk(tree):
        body = getattr(node, "body", ())
        for statement in body if isinstance(body, list) else ():
            if (
                isinstance(statement, ast.Expr)
                and isinstance(statement.value, ast.Constant)
                and isinstance(statement.value.value, str)
            ):
                words |= set(range(statement.lineno, (statement.end_lineno or 0) + 1))
    kept = (line.rstrip() for number, line in enumerate(lines, first + 1) if number not in words)
    return "\n".join(line for line in kept if line and not line.lstrip().startswith("#"))
