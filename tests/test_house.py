"""The house: short files and drawers, one name for one thing, no long way through imports."""

from __future__ import annotations

import ast
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LONGEST_CHAIN = 6
MOST_FILES = 15
MOST_LINES = 300
OURS = ("pages", "lessons", "models")


def sources(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in sources("lessons")}


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def imported(nodes: Iterator[ast.AST]) -> Iterator[str]:
    """Modules of the lessons that statements import."""
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            known = inner & MODULES.keys()
            yield from known
            if known != inner and node.module in MODULES:
                yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)


def at_the_top(module: str) -> set[str]:
    return set(imported(iter(tree_of(MODULES[module]).body))) - {module}


def ever(module: str) -> set[str]:
    """All that a module may import, inside of functions and by a name in a string too."""
    tree = tree_of(MODULES[module])
    only_types = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    nodes = [node for node in ast.walk(tree) if id(node) not in only_types]
    named = {node.value for node in nodes if isinstance(node, ast.Constant)} & MODULES.keys()
    named -= set(programs(tree))
    return (set(imported(iter(nodes))) | named) - {module}


def programs(tree: ast.Module) -> Iterator[object]:
    """What is run as a process of its own: `python -m name`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.List):
            said = [part.value if isinstance(part, ast.Constant) else None for part in node.elts]
            yield from (after for before, after in pairwise(said) if before == "-m")


@cache
def chain_from(module: str) -> tuple[str, ...]:
    chains = (chain_from(other) for other in sorted(at_the_top(module)))
    return (module, *max(chains, key=len, default=()))


def test_no_chain_of_imports_through_the_lessons_is_long() -> None:
    longest = max(map(chain_from, MODULES), key=len)
    assert len(longest) <= LONGEST_CHAIN, " > ".join(longest)


def test_no_lesson_leads_back_to_itself_by_whatever_kind_of_import() -> None:
    try:
        TopologicalSorter({module: ever(module) for module in MODULES}).prepare()
    except CycleError as error:
        pytest.fail(" > ".join(error.args[1]))


def test_the_lessons_use_no_relative_import_which_would_be_seen_by_no_count() -> None:
    for path in MODULES.values():
        relative = [n for n in ast.walk(tree_of(path)) if isinstance(n, ast.ImportFrom) and n.level]
        assert not relative, path


def test_no_folder_holds_more_than_can_be_seen_at_once() -> None:
    for top in ("lessons", "pages/_ui"):
        folders = [ROOT / top, *(path for path in (ROOT / top).rglob("*") if path.is_dir())]
        for folder in folders:
            files = [path for path in folder.iterdir() if path.is_file()]
            assert len(files) <= MOST_FILES, f"{folder.relative_to(ROOT)} holds {len(files)} files"


def test_every_file_is_short() -> None:
    files = [ROOT / "streamlit_app.py", *sources(*OURS)]
    lengths = {str(p.relative_to(ROOT)): p.read_text("utf-8").count("\n") for p in files}
    assert {name: n for name, n in lengths.items() if n > MOST_LINES} == {}


def test_no_two_public_classes_have_one_name() -> None:
    homes = defaultdict(list)
    for path in sources(*OURS):
        for node in tree_of(path).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes[node.name].append(name_of(path))
    assert {name: found for name, found in homes.items() if len(found) > 1} == {}


def test_no_two_test_files_have_one_name() -> None:
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    assert sorted(set(names)) == sorted(names), "pytest takes them for one: give one another name"


def test_a_lesson_has_one_name_on_its_page_in_its_file_and_in_its_test() -> None:
    slugs = {path.stem for path in (ROOT / "pages").glob("*.py")}
    parts = [*(ROOT / "lessons").glob("part_*"), ROOT / "lessons" / "beyond"]
    every = [path for part in parts for path in part.glob("*.py")]
    files = Counter(path.stem for path in every)
    shown = slugs & {path.stem for path in (ROOT / "pages/_teaching").glob("*.md")}
    for slug in sorted(shown):
        assert files[slug] == 1, f"pages/{slug}.py shows no lesson of its name"
        assert (ROOT / f"tests/test_{slug}.py").is_file(), f"no tests/test_{slug}.py"
