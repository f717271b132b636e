"""The field's words: none of the app's first, private vocabulary is left in names or in prose."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[1]
FOLDERS: Final = ("lessons", "pages", "models", "benchmarks")

IN_NAMES: Final = (
    "walk", "walks", "film", "films", "filmed", "original", "originals", "drown", "drowning",
    "knob", "knobs", "judge", "judged", "judges", "peek", "peeks", "exam", "told", "making",
    "outline", "edition", "guess", "guesses", "heard", "aloud", "detour",
)  # fmt: skip
"""Parts of names, in small letters: `walk_of` and `SamplingWalk` hold the first."""

WHOLE_NAMES: Final = ("from_noise", "taken_apart", "put_together", "whole_run", "signal_left")

IN_PROSE: Final = (
    "walk", "walks", "film", "films", "drown", "drowned", "drowning", "knob", "knobs", "judge",
    "judged", "judges", "peek", "peeks", "exam", "guess at the end", "first sight", "insistent",
)  # fmt: skip

EXCEPTIONS: Final = {
    "pred_original_sample": "diffusers' name",
    "guess_type": "mimetypes' name",
    "original_image": "the course's name, in its functions",
    "outline": "Pillow's and CSS's word for a line around something",
    "walk": "ast.walk and os.walk",
    "judge": "the recipe's name in the folders of runs that are kept",
}


def names(path: Path) -> Iterator[tuple[int, str]]:
    """Every name of a file, with its line; those of modules that are not ours are left out."""
    for token in tokenize.generate_tokens(io.StringIO(path.read_text("utf-8")).readline):
        if token.type == tokenize.NAME:
            yield token.start[0], token.string


def parts(name: str) -> set[str]:
    """The words that a name is made of."""
    split = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name)
    return {part.lower() for part in split.split("_") if part}


def prose(path: Path) -> Iterator[tuple[int, str]]:
    """Docstrings, comments and strings of several words in Python; all of a Markdown file."""
    text = path.read_text("utf-8")
    if path.suffix == ".md":
        lines = enumerate(text.splitlines(), 1)
        yield from ((line, said) for line, said in lines if not said.startswith("python -m "))
        return
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        said = token.type == tokenize.COMMENT
        said |= token.type == tokenize.STRING and " " in token.string.strip("\"'")
        if said:
            yield token.start[0], re.sub(r"`[^`]*`|\{[^{}]*\}|[\w.-]*/[\w./-]*", "", token.string)


FILES: Final = sorted(path for name in FOLDERS for path in (ROOT / name).rglob("*.py"))
TEXTS: Final = [
    *FILES,
    ROOT / "README.md",
    *sorted((ROOT / "pages" / "_teaching").glob("*.md")),
    *sorted((ROOT / "lessons").rglob("*.md")),
]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_names_are_those_of_the_field(path: Path) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {name}"
        for line, name in names(path)
        if name not in EXCEPTIONS
        if name in WHOLE_NAMES or parts(name) & set(IN_NAMES)
    ]
    assert found == []


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_prose_is_that_of_the_field(path: Path) -> None:
    private = re.compile(rf"\b(?:{'|'.join(IN_PROSE)})\b", re.IGNORECASE)
    found = [
        f"{path.relative_to(ROOT)}:{line}: {text.strip()[:100]}"
        for line, text in prose(path)
        if private.search(text)
    ]
    assert found == []


def test_the_exceptions_are_used_as_they_are_excused() -> None:
    used = {name for path in FILES for _, name in names(path)}
    assert {"guess_type", "outline", "walk"} <= used
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr == "walk":
                assert isinstance(node.value, ast.Name), path
                assert node.value.id in ("ast", "os"), f"{path}:{node.lineno}"
