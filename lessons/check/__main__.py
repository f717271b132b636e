"""`python -m lessons.check my_solution.py [--only A1.4] [--report result.html]`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from lessons.check import report, stubs
from lessons.check.process import check


def main(words: list[str] | None = None) -> int:
    """Check a file, or write the stubs; 0 if what was found is right."""
    asked = _parser().parse_args(words)
    if asked.stubs is not None:
        return _write_stubs(Path(asked.stubs))
    if asked.file is None:
        _parser().print_usage(sys.stderr)
        print("Name a file to check, or write stubs with --stubs.", file=sys.stderr)
        return 2
    try:
        found = check(Path(asked.file), asked.only, asked.seconds, _say)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    _say("")
    print(report.text(found))
    if asked.report:
        Path(asked.report).write_text(report.html(found), "utf-8")
        print(f"With pictures: {asked.report}")
    return 0 if found.passed else 1


def _say(name: str) -> None:
    """What is being checked, on a line that the next one takes; only where somebody looks on."""
    if sys.stderr.isatty():
        words = f"Checking {name} …" if name else ""
        print(f"\r{words:<60}", end="\r", file=sys.stderr, flush=True)


def _write_stubs(folder: Path) -> int:
    try:
        written = stubs.write(folder)
    except FileExistsError as error:
        print(f"{error.filename} is there already, and is left as it is.", file=sys.stderr)
        return 1
    print("Written: " + ", ".join(str(path) for path in written))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m lessons.check",
        description="Check a solution of the assignment: each function of the course by itself, "
        "and for what is wrong the known mistake that it looks like. The file runs on this "
        "machine, in a process of its own.",
        epilog="Exit status: 0, if what was found is right; 1, if something is wrong, or is "
        "missing in the section asked for; 2, if the command makes no sense.",
    )
    parser.add_argument("file", nargs="?", help="the solution: a .py file or a notebook (.ipynb)")
    parser.add_argument("--only", default="", help="a section, e.g. A1.4 or B, or one name")
    parser.add_argument("--report", metavar="HTML", help="write the report with pictures here")
    parser.add_argument(
        "--seconds", type=float, default=20.0, help="time limit of each function (20)"
    )
    parser.add_argument(
        "--stubs",
        nargs="?",
        const=".",
        metavar="FOLDER",
        help="write a notebook and a .py file to fill in, and check nothing",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
