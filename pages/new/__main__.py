"""Write the files of a new lesson: `python -m pages.new my_idea "A1.12 · My idea"`.

They work as they stand: a page with one equation, its code, a control, a question, a teaching note
and a test. No existing file changes; the list of pages, the syllabus, the report and the tests find
them by themselves.
"""

from __future__ import annotations

import argparse
import keyword
import re
import sys
from pathlib import Path
from typing import Final

from pages._ui.session import lessons

ROOT: Final = Path(__file__).resolve().parents[2]
TEMPLATE: Final = Path(__file__).with_name("template")
PLACES: Final = {
    "page.txt": "pages/{slug}.py",
    "lesson.txt": "lessons/beyond/{slug}.py",
    "questions.txt": "pages/_teaching/{slug}.py",
    "note.txt": "pages/_teaching/{slug}.md",
    "test.txt": "tests/test_{slug}.py",
}
"""What is written where; all five have the lesson's name."""


def main() -> int:
    """Write the files, and say which; 1 if nothing was written."""
    parser = argparse.ArgumentParser(
        prog="python -m pages.new",
        description="Write the files of a new lesson, ready to be opened.",
    )
    parser.add_argument("slug", help="name of its files, e.g. my_idea")
    parser.add_argument("title", help='number and name, e.g. "A1.12 · My idea"')
    given = parser.parse_args()
    try:
        written = write(given.slug, given.title)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    print("\n".join(str(path.relative_to(ROOT)) for path in written))
    print(f"\nOpen it: streamlit run streamlit_app.py, then /{given.slug} in the browser.")
    print("What must hold before it lands: python check.py")
    return 0


def write(slug: str, title: str, root: Path = ROOT) -> list[Path]:
    """Write the five files.

    Args:
        slug: name of the files: small letters, digits and _, beginning with a letter.
        title: part, number and name.
        root: the project.

    Returns:
        The files.

    Raises:
        ValueError: the name or the title is none, or is taken; nothing was written.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*", slug) or keyword.iskeyword(slug):
        raise ValueError(f"“{slug}” can't name files: small letters, digits and _, e.g. my_idea.")
    lesson = lessons.parse(title, f"{slug}.py")
    if lesson.part not in ("A", "B"):
        raise ValueError(f"“{title}” has no number: write it as A1.12 · My idea.")
    same = (lesson.part, lesson.number)
    others = lessons.discover(root / "pages")
    if taken := next((one for one in others if (one.part, one.number) == same), None):
        raise ValueError(f"{lesson.part}{lesson.number} is taken by pages/{taken.file}.")
    paths = {name: root / place.format(slug=slug) for name, place in PLACES.items()}
    if there := next((path for path in paths.values() if path.exists()), None):
        raise ValueError(f"{there.relative_to(root)} is there already.")
    words = {
        "SLUG": slug,
        "TITLE": f"{lesson.part}{lesson.number} · {lesson.name}",
        "KEY": f"{lesson.part}{lesson.number}".lower().replace(".", ""),
    }
    for name, path in paths.items():
        text = (TEMPLATE / name).read_text("utf-8")
        for word, value in words.items():
            text = text.replace(f"@{word}@", value)
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
    return list(paths.values())


if __name__ == "__main__":
    sys.exit(main())
