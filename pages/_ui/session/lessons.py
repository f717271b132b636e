"""Which lessons there are: one page file is one lesson, its docstring names it."""

from __future__ import annotations

import ast
import functools
import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parents[2]
HOME: Final = "home.py"
PARTS: Final = {
    "A": "Part A · Sampling loops on a pretrained model",
    "B": "Part B · Diffusion from scratch on MNIST",
    "": "Workshop · Around the lessons",
}
"""The groups of pages; a page without a number is in the last one."""

_TITLE: Final = re.compile(r"(?P<part>[A-Z])(?P<number>\d+(?:\.\d+)*)\s*·\s*(?P<name>.+)")


@dataclass(frozen=True)
class Lesson:
    """One page of the app.

    Attributes:
        file: name of the page's file, e.g. "unet.py".
        part: "A", "B", or "" for a page of the workshop, which has no number.
        number: "1.2.3", or "".
        name: the title without its number.
        summary: one or two sentences on what the page shows, or "".
        for_teachers: whether only the holder of the teacher's key finds it in the list of pages;
            such a page holds `FOR_TEACHERS = True`, and asks for the key itself.
    """

    file: str
    part: str
    number: str
    name: str
    summary: str
    for_teachers: bool = False

    @property
    def title(self) -> str:
        """Number and name, as the list of pages shows them."""
        return f"{self.number} {self.name}".strip()

    @property
    def first_sentence(self) -> str:
        """The summary where there is little room."""
        return re.split(r"(?<=[.!?])\s", self.summary, maxsplit=1)[0]

    @property
    def order(self) -> tuple[int, str, tuple[int, ...], str]:
        """Sort key: by part, then 1.7.2 before 1.10; the workshop comes last, by name."""
        numbers = tuple(int(n) for n in self.number.split(".") if n)
        return int(not self.part), self.part, numbers, "" if self.part else self.name


def parse(doc: str, file: str = "", *, for_teachers: bool = False) -> Lesson:
    """Read a page's docstring: `B1.2 · Train a denoiser`, then one sentence on the page.

    Raises:
        ValueError: the docstring is empty.
    """
    if not doc.strip():
        raise ValueError(f"pages/{file} has no docstring, so it has no title")
    first, _, rest = doc.strip().partition("\n")
    summary = " ".join(rest.strip().split("\n\n")[0].split())
    if found := _TITLE.fullmatch(first.strip()):
        return Lesson(file, found["part"], found["number"], found["name"], summary, for_teachers)
    return Lesson(file, "", "", first.strip(), summary, for_teachers)


def discover(folder: Path = FOLDER) -> list[Lesson]:
    """List all pages but home: the lessons in their order, then the workshop.

    Args:
        folder: where the pages lie. Files whose name starts with `_` are machinery.
    """
    files = sorted(f for f in folder.glob("*.py") if f.name[0] != "_" and f.name != HOME)
    return sorted((_read(file, file.stat().st_mtime_ns) for file in files), key=lambda x: x.order)


def titles(folder: Path = FOLDER) -> dict[str, str]:
    """What every page but home is called, by its name in the address."""
    return {lesson.file.removesuffix(".py"): lesson.title for lesson in discover(folder)}


def title_of(page: str) -> str:
    """What a page is called, by its name in the address; "Home" where there is none."""
    return titles().get(page, "Home")


def after(file: str, lessons: list[Lesson]) -> Lesson | None:
    """Return the lesson that follows a page, if the page is a lesson and not the last."""
    numbered = [lesson for lesson in lessons if lesson.part]
    files = [lesson.file for lesson in numbered]
    if file not in files[:-1]:
        return None
    return numbered[files.index(file) + 1]


def before(file: str, lessons: list[Lesson]) -> Lesson | None:
    """Return the lesson that leads to a page, if the page is a lesson and not the first."""
    return next((one for one, next_ in pairwise(lessons) if next_.file == file), None)


@functools.lru_cache(maxsize=256)
def _read(file: Path, _changed: int) -> Lesson:
    # Parsed, not imported: a page draws when it is imported. Parsed again only after an edit.
    tree = ast.parse(file.read_text("utf-8"))
    set_here = [ast.unparse(node) for node in tree.body if isinstance(node, ast.Assign)]
    marked = "FOR_TEACHERS = True" in set_here
    return parse(ast.get_docstring(tree) or "", file.name, for_teachers=marked)
